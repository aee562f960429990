// What the journal does to files and folders beside RocksDB, through the same file system as
// RocksDB, so that a test that drops writes or makes calls fail reaches all of it. Included only by
// the sources of the RocksDB journal: here the library's headers come in.
//
// Thread safety: stateless; the file system is safe for all threads.

#ifndef KUNDIG_ENGINE_JOURNAL_FILES_H_
#define KUNDIG_ENGINE_JOURNAL_FILES_H_

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.h"

namespace kundig::engine {

// What went wrong while `doing` ("writing to /path"), typed by what the caller can do about it.
Error StorageError(const rocksdb::Status& status, const std::string& doing);
Error DamageError(std::string message);

// How a sentence about damage ends: what can be done about it.
inline constexpr std::string_view kRestore = ": restore a backup.";
inline constexpr std::string_view kRestoreOrAccept =
    ": restore a backup, or start once with --lost-tail accept to go on without what is lost.";
// Ends the names of folders that were set aside because of damage.
inline constexpr std::string_view kSetAside = ".damaged";

// CRC32C over the pieces one after the other; by the processor's instructions where it has them.
uint32_t Crc32c(std::initializer_list<std::string_view> pieces);

// Fixed little-endian numbers of stored headers.
inline constexpr size_t kNumberBytes = 8, kChecksumBytes = 4;
void PutFixed(uint64_t number, size_t bytes, std::string* to);
uint64_t GetFixed(std::string_view from, size_t bytes);

class JournalFiles {
 public:
  explicit JournalFiles(rocksdb::Env* env) : files_(env->GetFileSystem().get()) {}

  rocksdb::FileSystem& system() const { return *files_; }

  // An entry that was created, renamed or removed in the folder is then durable.
  std::optional<Error> SyncFolder(const std::string& folder) const;
  // Makes the folder where it is missing. Its entry is durable on return, also where an earlier
  // process made it and was killed before its sync.
  std::optional<Error> CreateFolder(const std::string& folder) const;
  bool Exists(const std::string& path) const;
  Result<std::vector<std::string>> Children(const std::string& folder) const;
  uint64_t FileBytes(const std::string& path) const;  // 0 where there is no such file
  // Files of a folder together; one that vanishes meanwhile counts as nothing.
  uint64_t FolderBytes(const std::string& folder) const;
  Result<uint64_t> FreeBytes(const std::string& folder) const;

  // Removes a folder or file as a whole: it first gets a name that FinishRemovals knows, so that
  // no crash leaves half of it under the old one.
  std::optional<Error> RemoveFolder(const std::string& parent, const std::string& name) const;
  std::optional<Error> FinishRemovals(const std::string& parent) const;
  // Removes the folders and files in `parent` whose names end so.
  std::optional<Error> RemoveEnding(const std::string& parent, std::string_view ending) const;
  // Gives a folder or file a name of its own that ends with kSetAside.
  std::optional<Error> SetAside(const std::string& parent, const std::string& name) const;

  // Writes every file of the folder whose name ends so once more, in place and with its own bytes,
  // and syncs it and the folder. After a sync that failed the kernel may hold pages for clean that
  // no disk has; syncing alone would not write them.
  std::optional<Error> WriteAgain(const std::string& folder, std::string_view ending) const;

 private:
  // A file, or a folder with all that is in it.
  std::optional<Error> RemoveAll(const std::string& path) const;

  rocksdb::FileSystem* files_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_JOURNAL_FILES_H_
