#include <algorithm>
#include <string_view>
#include <vector>

#include "schemas/lists_generated.h"
#include "server/encode.h"
#include "server/encode_parts.h"
#include "server/encode_state.h"

namespace kundig::server {
namespace {

using engine::FieldType;
using engine::ListColumn;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::String;

// What one value takes in a chunk: a number with its mark of absence; an offset to a text with its
// mark; and beside its bytes a text's length, end and padding.
constexpr size_t kNumberBytes = 8 + 1;
constexpr size_t kTextOffsetBytes = 4 + 1;
constexpr size_t kTextOverheadBytes = 4 + 1 + 3;

wire::FieldType WireType(FieldType type) {
  switch (type) {
    case FieldType::kInteger:
    case FieldType::kHundredths:
      return wire::FieldType::integer;
    case FieldType::kMoney:
      return wire::FieldType::money;
    case FieldType::kMillionths:
      return wire::FieldType::millionths;
    case FieldType::kThousandths:
      return wire::FieldType::thousandths;
    case FieldType::kDay:
      return wire::FieldType::day;
    case FieldType::kBoolean:
      return wire::FieldType::boolean;
    case FieldType::kEnumeration:
    case FieldType::kSet:
    case FieldType::kText:
      return wire::FieldType::text;
  }
  return wire::FieldType::integer;
}

bool IsAbsent(const ListColumn& column, size_t row) {
  return !column.absent.empty() && column.absent[row] != 0;
}

// The texts of a column's rows. Absent rows share one empty text, rows of one code share its name.
std::vector<Offset<String>> AddTexts(const ListColumn& column, size_t begin, size_t end,
                                     FlatBufferBuilder* builder) {
  const Offset<String> empty = builder->CreateString("");
  std::vector<Offset<String>> names;
  for (const std::string& name : column.names) names.push_back(builder->CreateString(name));
  std::vector<Offset<String>> texts;
  texts.reserve(end - begin);
  for (size_t row = begin; row < end; ++row) {
    if (IsAbsent(column, row)) {
      texts.push_back(empty);
    } else if (column.type == FieldType::kEnumeration) {
      texts.push_back(names[static_cast<size_t>(column.numbers[row])]);
    } else {
      const std::string_view text = column.texts[row];
      texts.push_back(builder->CreateString(text.data(), text.size()));
    }
  }
  return texts;
}

}  // namespace

Offset<wire::Column> AddColumn(const ListColumn& column, size_t begin, size_t end,
                               FlatBufferBuilder* builder) {
  const wire::FieldType type = WireType(column.type);
  const size_t rows = end - begin;
  Offset<flatbuffers::Vector<int64_t>> numbers = 0;
  Offset<flatbuffers::Vector<Offset<String>>> texts = 0;
  if (type == wire::FieldType::text) {
    texts = builder->CreateVector(AddTexts(column, begin, end, builder));
  } else {
    numbers = builder->CreateVector(column.numbers.data() + begin, rows);
  }
  Offset<flatbuffers::Vector<uint8_t>> absent = 0;
  for (size_t row = begin; row < end; ++row) {
    if (!IsAbsent(column, row)) continue;
    absent = builder->CreateVector(column.absent.data() + begin, rows);
    break;
  }
  const auto name = builder->CreateString(column.name);
  return wire::CreateColumn(*builder, name, type, numbers, texts, absent);
}

size_t ChunkEnd(const engine::ListAnswer& answer, size_t begin, size_t max_bytes) {
  size_t row_bytes = 0;
  std::vector<const ListColumn*> open_texts;
  for (const ListColumn& column : answer.columns) {
    row_bytes += WireType(column.type) == wire::FieldType::text ? kTextOffsetBytes : kNumberBytes;
    if (column.type == FieldType::kText) open_texts.push_back(&column);
  }
  size_t bytes = 0;
  for (size_t row = begin; row < answer.rows; ++row) {
    bytes += row_bytes;
    for (const ListColumn* column : open_texts) {
      if (!IsAbsent(*column, row)) bytes += column->texts[row].size() + kTextOverheadBytes;
    }
    if (bytes > max_bytes) return std::max(row, begin + 1);
  }
  return answer.rows;
}

void EncodeChunk(const engine::ListAnswer& answer, const ListChunk& chunk,
                 FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::Column>> columns;
  columns.reserve(answer.columns.size());
  for (const ListColumn& column : answer.columns) {
    columns.push_back(AddColumn(column, chunk.begin, chunk.end, builder));
  }
  const auto column_list = builder->CreateVector(columns);
  const bool more = chunk.last && !chunk.cancelled && answer.next.has_value();
  const auto next = more ? builder->CreateString(*answer.next) : 0;
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreateListReply(*builder, &state, answer.total_customers,
                                        answer.total_revenue.units, answer.excluded_no_consent,
                                        answer.excluded_contacted,
                                        static_cast<uint32_t>(chunk.end - chunk.begin), column_list,
                                        next, chunk.last, chunk.cancelled));
}

}  // namespace kundig::server
