// Looking for bytes in what a program has stored: how a test knows that something is gone.
//
// Thread safety: pure functions of the folder; what is written or removed meanwhile may be missed.

#ifndef KUNDIG_TESTS_ENGINE_STORED_BYTES_H_
#define KUNDIG_TESTS_ENGINE_STORED_BYTES_H_

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace kundig {

// Every file below the folder, one behind the other.
inline std::string StoredBytes(const std::filesystem::path& folder) {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    all += '\0';
  }
  return all;
}

inline bool HasBytes(const std::filesystem::path& folder, std::string_view bytes) {
  return StoredBytes(folder).find(bytes) != std::string::npos;
}

}  // namespace kundig

#endif  // KUNDIG_TESTS_ENGINE_STORED_BYTES_H_
