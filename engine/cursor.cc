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

class Writer {
 public:
  void Number(uint64_t value) {
    const uint64_t little = boost::endian::native_to_little(value);
    bytes_.append(reinterpret_cast<const char*>(&little), sizeof(little));
  }
  void Signed(int64_t value) { Number(static_cast<uint64_t>(value)); }
  void Text(std::string_view text) {
    Number(text.size());
    bytes_.append(text);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Reads past the end give zeros and turn ok() false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}
  uint64_t Number() {
    uint64_t little = 0;
    if (left_.size() < sizeof(little)) {
      ok_ = false;
      return 0;
    }
    std::copy_n(left_.data(), sizeof(little), reinterpret_cast<char*>(&little));
    left_.remove_prefix(sizeof(little));
    return boost::endian::little_to_native(little);
  }
  int64_t Signed() { return static_cast<int64_t>(Number()); }
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

Error BadCursor() {
  return Error{
      ErrorCode::kBadCursor,
      "the cursor is damaged; take `next` of the page before as it is, or begin without a cursor",
      "cursor", std::nullopt};
}

}  // namespace

std::string EncodeCursor(const Cursor& cursor) {
  Writer out;
  out.Number(kCursorFormat);
  out.Number(cursor.question);
  out.Number(cursor.rules_version);
  out.Number(cursor.sequence);
  out.Signed(cursor.as_of.since_epoch);
  out.Number(cursor.place.absent ? 1 : 0);
  out.Signed(cursor.place.number);
  out.Text(cursor.place.text);
  out.Text(cursor.customer);
  out.Number(cursor.ranking.version);
  out.Number(cursor.ranking.scored ? 1 : 0);
  for (const auto* cuts : {&cursor.ranking.recency_cuts, &cursor.ranking.frequency_cuts,
                           &cursor.ranking.monetary_cuts}) {
    for (const int64_t cut : *cuts) out.Signed(cut);
  }
  out.Signed(cursor.ranking.a_from);
  out.Signed(cursor.ranking.b_from);
  Writer sealed;
  sealed.Number(HashBytes(out.bytes()));
  const std::string bytes = out.bytes() + sealed.bytes();
  std::string text;
  boost::algorithm::hex_lower(bytes, std::back_inserter(text));
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
  if (Reader(std::string_view(bytes).substr(body.size())).Number() != HashBytes(body)) {
    return BadCursor();
  }
  Reader in(body);
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
  cursor.ranking.version = in.Number();
  cursor.ranking.scored = in.Number() != 0;
  for (auto* cuts : {&cursor.ranking.recency_cuts, &cursor.ranking.frequency_cuts,
                     &cursor.ranking.monetary_cuts}) {
    for (int64_t& cut : *cuts) cut = in.Signed();
  }
  cursor.ranking.a_from = in.Signed();
  cursor.ranking.b_from = in.Signed();
  if (!in.ok() || !in.AtEnd()) return BadCursor();
  return cursor;
}

}  // namespace kundig::engine
