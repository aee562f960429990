// Small files for the tests of imports, in a folder that goes away with the test, and the times
// that are in them.

#ifndef KUNDIG_TESTS_TOOLS_IMPORT_TEST_FILES_H_
#define KUNDIG_TESTS_TOOLS_IMPORT_TEST_FILES_H_

#include <stdlib.h>
#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace kundig::tools {

inline constexpr int64_t kDayMs = 86400 * 1000;
// The day from which most of them count: 2010-01-01.
inline constexpr int32_t kFirstDay = 14610;
inline constexpr int64_t kFirstMs = kFirstDay * kDayMs;

class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "kundig-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string path() const { return path_.string(); }

  std::string Write(const std::string& name, std::string_view content) const {
    const std::string path = (path_ / name).string();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::string WriteGz(const std::string& name, std::string_view content) const {
    const std::string path = (path_ / name).string();
    gzFile file = gzopen(path.c_str(), "wb");
    if (gzwrite(file, content.data(), static_cast<unsigned>(content.size())) !=
        static_cast<int>(content.size())) {
      std::abort();
    }
    gzclose(file);
    return path;
  }

 private:
  std::filesystem::path path_;
};

inline std::string ReadWhole(const std::string& path) {
  std::stringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

}  // namespace kundig::tools

#endif  // KUNDIG_TESTS_TOOLS_IMPORT_TEST_FILES_H_
