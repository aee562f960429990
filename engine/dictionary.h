// Names as codes: each distinct text gets the next number, once and for all.
//
// Codes start at 1; 0 is "no name", so that a column of codes needs no other mark for absence. A
// text never moves: views of it stay valid while the dictionary lives.
//
// Thread safety: Add needs the write lock of the book; everything else at least the lookup lock,
// but a view once got may be read without any lock.

#ifndef KUNDIG_ENGINE_DICTIONARY_H_
#define KUNDIG_ENGINE_DICTIONARY_H_

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kundig::engine {

using NameCode = uint32_t;
inline constexpr NameCode kNoName = 0;

class Dictionary {
 public:
  // nullopt where kMaxNames is reached.
  std::optional<NameCode> Add(std::string_view text);
  NameCode Find(std::string_view text) const;  // kNoName where it is unknown
  std::string_view Text(NameCode code) const { return texts_[code - 1]; }
  // Codes are 1..size().
  size_t size() const { return texts_.size(); }

  // Place of each code among the texts in byte order; entry 0, of no name, is 0.
  std::vector<uint32_t> Ranks() const;

 private:
  std::deque<std::string> texts_;
  boost::unordered_flat_map<std::string_view, NameCode> codes_;
};

// The names in customers' attributes and histories. One for the whole book, so that shards agree on
// the codes.
struct CustomerNames {
  Dictionary countries, regions, owners, channels, campaigns, termination_reasons;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_DICTIONARY_H_
