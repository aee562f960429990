// Columns of numbers and of texts as the bytes of a snapshot.
//
// Numbers are kept as their distance from the smallest one, in as few bytes as the largest distance
// needs: none at all where all are the same, which is what most attributes of most customers are.
//
// Thread safety: plain values for one thread at a time.

#ifndef KUNDIG_ENGINE_SNAPSHOT_COLUMNS_H_
#define KUNDIG_ENGINE_SNAPSHOT_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kundig::engine {

// Texts one behind the other.
struct TextColumn {
  std::vector<uint64_t> sizes;
  std::string bytes;

  void Add(std::string_view text) {
    sizes.push_back(text.size());
    bytes += text;
  }
  void Clear() {
    sizes.clear();
    bytes.clear();
  }
};

// Goes through the texts of a column in order.
class TextCursor {
 public:
  explicit TextCursor(const TextColumn& column) : column_(column) {}
  std::string_view Next() {
    const std::string_view text(column_.bytes.data() + at_, column_.sizes[place_]);
    at_ += column_.sizes[place_++];
    return text;
  }

 private:
  const TextColumn& column_;
  size_t place_ = 0, at_ = 0;
};

void PutNumbers(std::span<const uint64_t> numbers, std::string* bytes);
void PutTexts(const TextColumn& texts, std::string* bytes);

// Reads what the Put functions wrote, in the same order, and trusts no size. Once something did not
// fit, ok() is false and what is read is empty.
class ColumnReader {
 public:
  explicit ColumnReader(std::string_view bytes) : bytes_(bytes) {}

  // At most `most` of them.
  void Numbers(size_t most, std::vector<uint64_t>* numbers);
  void Texts(size_t most, TextColumn* texts);
  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }

 private:
  std::string_view Take(uint64_t count);
  uint64_t Number();

  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SNAPSHOT_COLUMNS_H_
