// What the journal's tests share: a folder that goes away, records that say which they are, and
// reading all of them back.
//
// Thread safety: one thread.

#ifndef KUNDIG_TESTS_ENGINE_JOURNAL_FOLDER_H_
#define KUNDIG_TESTS_ENGINE_JOURNAL_FOLDER_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/rocks_journal.h"

namespace kundig::engine {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    // In memory where the system has such a place: thousands of openings sync tens of thousands of
    // times, and what a sync keeps is another test's business (tests/engine/faulty_files.h).
    const std::filesystem::path memory = "/dev/shm";
    const std::filesystem::path parent =
        std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    std::string pattern = parent / "kundig_journal_XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }
  std::string Below(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline bool LongForm() {
  return std::getenv("KUNDIG_LONG_TESTS") != nullptr;
}

// Record `number` is known by its content; sizes differ from one to the next.
inline std::string PayloadOf(uint64_t number, size_t bytes_max = 60) {
  std::string payload = "record " + std::to_string(number) + ":";
  const size_t bytes = static_cast<size_t>(number * 7919) % (bytes_max + 1);
  for (size_t i = 0; i < bytes; ++i) payload.push_back(static_cast<char>(number * 31 + i * 17));
  return payload;
}

// Appends the next `count` records as one group.
inline std::optional<Error> AppendNext(Journal& journal, uint64_t count, size_t bytes_max = 60) {
  std::vector<std::string> payloads;
  for (uint64_t i = 1; i <= count; ++i) {
    payloads.push_back(PayloadOf(journal.last() + i, bytes_max));
  }
  const std::vector<std::string_view> views(payloads.begin(), payloads.end());
  return journal.Append(views);
}

struct ReadBack {
  std::optional<Error> error;
  uint64_t first = 0, count = 0;
  bool right = true;  // dense, and each the record it should be
};

inline ReadBack ReadAll(Journal& journal, size_t bytes_max = 60) {
  ReadBack read;
  read.first = journal.first();
  read.error = journal.Read(read.first,
                            [&](uint64_t number, std::string_view payload) -> std::optional<Error> {
                              read.right = read.right && number == read.first + read.count &&
                                           payload == PayloadOf(number, bytes_max);
                              ++read.count;
                              return std::nullopt;
                            });
  return read;
}

inline Result<std::unique_ptr<Journal>> OpenAt(const RocksJournalOptions& options) {
  JournalRecovery recovery;
  return OpenRocksJournal(options, &recovery);
}

// The whole journal as it must be: records first to last, each right.
inline void ExpectRecords(Journal& journal, uint64_t first, uint64_t last, size_t bytes_max = 60) {
  EXPECT_EQ(journal.first(), first);
  EXPECT_EQ(journal.last(), last);
  const ReadBack read = ReadAll(journal, bytes_max);
  EXPECT_FALSE(read.error) << read.error->message;
  EXPECT_TRUE(read.right);
  EXPECT_EQ(read.first + read.count, last + 1);
}

inline std::string Content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void Overwrite(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

inline std::vector<std::filesystem::path> FilesBelow(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline void CopyFolder(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_JOURNAL_FOLDER_H_
