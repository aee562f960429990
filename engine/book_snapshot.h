// How the files of a snapshot are called and what their parts hold: shared by saving and loading.
//
//   leads            parts of lead_part.h
//   customers-NNNN   of each shard, parts of customer_part.h, by rows
//   names            for each dictionary, its names by code; a part's kind is the dictionary
//   attachment       what the caller gave, one part
//
// Thread safety: pure functions.

#ifndef KUNDIG_ENGINE_BOOK_SNAPSHOT_H_
#define KUNDIG_ENGINE_BOOK_SNAPSHOT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kundig::engine {

inline constexpr std::string_view kLeadsFile = "leads";
inline constexpr std::string_view kNamesFile = "names";
inline constexpr std::string_view kAttachmentFile = "attachment";
inline std::string CustomersFile(size_t shard) {
  const std::string number = std::to_string(shard);
  return "customers-" + std::string(4 - number.size(), '0') + number;
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_BOOK_SNAPSHOT_H_
