#include "engine/cursor.h"

#include <boost/algorithm/hex.hpp>
#include <boost/endian/conversion.hpp>

#include <algorithm>
#include <iterator>

#include "engine/hash.h"

namespace kundig::engine {
namespace {

constexpr uint8_t kCursorFormat = 1;
// Far above any cursor that EncodeCursor makes.
constexpr size_t kMaxCursorBytes = 1024;

// Numbers of variable length (LEB128; signed ones zigzag), so that cursors stay short enough to be
// pasted.
class CursorWriter {
 public:
  void Number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
    bytes_.push_back(static_cast<char>(value));
  }
  void Signed(int64_t value) {
    Number((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  void Text(std::string_view text) {
    Number(text.size());
    bytes_.append(text);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Reads past the end give zeros and turn ok() false.
class CursorReader {
 public:
  explicit CursorReader(std::string_view bytes) : left_(bytes) {}
  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) break;
      const auto byte = static_cast<uint8_t>(left_.front());
      left_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  int64_t Signed() {
    const uint64_t value = Number();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  std::string Text() {
    const uint64_t size = Number();
    if (size > left_.size()) {
      ok_ = false;
      return {};
    }
    std::string text(left_.substr(0, size));
    left_.remove_prefix(size);
    return text;
  }
  bool ok() const { return ok_; }
  bool AtEnd() const { return left_.empty(); }

 private:
  std::string_view left_;
  bool ok_ = true;
};

// Eight bytes that tell a damaged cursor from a whole one.
std::string SealOf(std::string_view body) {
  const uint64_t seal = boost::endian::native_to_little(HashBytes(body));
  return {reinterpret_cast<const char*>(&seal), sizeof(seal)};
}

Error BadCursor() {
  return Error{
      ErrorCode::kBadCursor,
      "the cursor is damaged; take `next` of the page before as it is, or begin without a cursor",
      "cursor", std::nullopt};
}

}  // namespace

std::string EncodeCursor(const Cursor& cursor) {
  CursorWriter out;
  out.Number(kCursorFormat);
  out.Number(cursor.question);
  out.Number(cursor.rules_version);
  out.Number(cursor.sequence);
  out.Signed(cursor.as_of.since_epoch);
  out.Number(cursor.place.absent ? 1 : 0);
  out.Signed(cursor.place.number);
  out.Text(cursor.place.text);
  out.Text(cursor.customer);
  out.Number(cursor.ranking ? 1 : 0);
  if (cursor.ranking) {
    out.Number(cursor.ranking->version);
    out.Number(cursor.ranking->scored ? 1 : 0);
    for (const auto* cuts : {&cursor.ranking->recency_cuts, &cursor.ranking->frequency_cuts,
                             &cursor.ranking->monetary_cuts}) {
      for (const int64_t cut : *cuts) out.Signed(cut);
    }
    out.Signed(cursor.ranking->a_from);
    out.Signed(cursor.ranking->b_from);
  }
  std::string text;
  boost::algorithm::hex_lower(out.bytes() + SealOf(out.bytes()), std::back_inserter(text));
  return text;
}

Result<Cursor> DecodeCursor(std::string_view text) {
  if (text.size() > 2 * kMaxCursorBytes || text.size() % 2 != 0) return BadCursor();
  std::string bytes;
  try {
    boost::algorithm::unhex(text.begin(), text.end(), std::back_inserter(bytes));
  } catch (const boost::algorithm::hex_decode_error&) {
    return BadCursor();
  }
  if (bytes.size() < sizeof(uint64_t)) return BadCursor();
  const std::string_view body = std::string_view(bytes).substr(0, bytes.size() - sizeof(uint64_t));
  if (std::string_view(bytes).substr(body.size()) != SealOf(body)) return BadCursor();
  CursorReader in(body);
  Cursor cursor;
  if (in.Number() != kCursorFormat) return BadCursor();
  cursor.question = in.Number();
  cursor.rules_version = in.Number();
  cursor.sequence = in.Number();
  cursor.as_of = Day{static_cast<int32_t>(in.Signed())};
  cursor.place.absent = in.Number() != 0;
  cursor.place.number = in.Signed();
  cursor.place.text = in.Text();
  cursor.customer = in.Text();
  if (in.Number() != 0) {
    Ranking& ranking = cursor.ranking.emplace();
    ranking.version = in.Number();
    ranking.scored = in.Number() != 0;
    for (auto* cuts : {&ranking.recency_cuts, &ranking.frequency_cuts, &ranking.monetary_cuts}) {
      for (int64_t& cut : *cuts) cut = in.Signed();
    }
    ranking.a_from = in.Signed();
    ranking.b_from = in.Signed();
  }
  if (!in.ok() || !in.AtEnd()) return BadCursor();
  return cursor;
}

}  // namespace kundig::engine
