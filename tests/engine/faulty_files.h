// A file system for RocksDB that can fail, and that can lose what was not synced, as a loss of
// power does. Beneath it lies the real one.
//
// What is lost: bytes behind what was synced of a file, in whole or in part, with a zeroed sector
// among those that stay; what was written over a synced place and not synced; and files whose
// folder was not synced. Renames are taken for durable at once.
//
// Thread safety: all threads.

#ifndef KUNDIG_TESTS_ENGINE_FAULTY_FILES_H_
#define KUNDIG_TESTS_ENGINE_FAULTY_FILES_H_

#include <rocksdb/file_system.h>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "tests/engine/random_history_random.h"

namespace kundig::engine {

class FaultyFiles : public rocksdb::FileSystemWrapper {
 public:
  FaultyFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  const char* Name() const override { return "FaultyFiles"; }

  // The calls that change something are counted; those from the number `first` on and `count` of
  // them fail so. Half of a failing write's bytes reach the file.
  void FailCalls(uint64_t first, uint64_t count, rocksdb::IOStatus status);
  uint64_t calls() const;
  void SetFreeBytes(uint64_t bytes);

  // After everything that used the files has gone. The dice decide how much of the unsynced stays.
  void LosePower(Random* random);

  // For the files beneath this system.
  rocksdb::IOStatus Count();
  void Written(const std::string& path, uint64_t end);
  void Overwrites(const std::string& path);
  void Synced(const std::string& path);
  void FolderSynced(const std::string& folder);

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& folder, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& folder, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options,
                                 uint64_t* bytes, rocksdb::IODebugContext* debug) override;

 private:
  struct State {
    uint64_t end = 0, synced = 0;  // of a file that is only appended to
    bool entry_synced = false;
    bool overwritten = false;    // written in place since it was synced
    std::string synced_content;  // of a file that is written in place
  };

  mutable std::mutex mutex_;
  uint64_t calls_ = 0;
  uint64_t fail_from_ = std::numeric_limits<uint64_t>::max(), fail_count_ = 0;
  rocksdb::IOStatus failure_;
  uint64_t free_bytes_ = std::numeric_limits<uint64_t>::max();
  std::map<std::string, State> states_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_FAULTY_FILES_H_
