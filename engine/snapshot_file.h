// The files of a snapshot: parts, each with the number of the journal record that it is the state
// after, and checksums so that no byte of any file can change or be missing unnoticed.
//
//   file  magic (8), format version (4), CRC32C of these; then parts
//   part  size of the payload (8), record (8), kind (4), first (4), CRC32C of the payload, CRC32C
//   of
//         this head so far; then the payload
// The manifest is such a file with one part. It names every other file with its size and with one
// checksum over its heads, which hold the checksums of all the rest. Their own they do not lend to
// it: a CRC over something that ends with its CRC is the same whatever it was.
//
// A snapshot is written to <folder>.unfinished: each file is synced, the manifest last, then the
// folder is renamed. So a folder with its own name is whole, or was damaged later.
//
// Files are reached through RocksDB's environment, like the journal's, so that a test that makes
// calls fail or drops writes reaches all that the server keeps.
//
// Thread safety: for one thread at a time; readers of different files are independent.

#ifndef KUNDIG_ENGINE_SNAPSHOT_FILE_H_
#define KUNDIG_ENGINE_SNAPSHOT_FILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/result.h"

namespace rocksdb {
class Env;
}

namespace kundig::engine {

// 2: the manifest holds the rules. 3: the attachment holds the sequences of erasures. 4: histories
// hold terminations, complaints, service requests, late payments and costs; customers their pinned
// and closed value classes and the day of their last change of owner, leads what they were; the
// manifest holds the fit that the book has adopted. All older ones are read.
inline constexpr uint32_t kSnapshotFormat = 4;
inline constexpr std::string_view kSnapshotMagic = "KUNDIGS\n";
inline constexpr std::string_view kUnfinished = ".unfinished";
inline constexpr std::string_view kManifest = "manifest";

struct PartHead {
  uint64_t record = 0;  // the last journal record in the state that the part shows
  uint32_t kind = 0;    // where a file has parts of several kinds
  uint32_t first = 0;   // row or code of its first item
};

// A file as the manifest names it.
struct SnapshotFile {
  std::string name;
  uint64_t bytes = 0;
  uint32_t checksum = 0;  // over the file's head and the heads of its parts
};

Error SnapshotDamage(const std::string& path, uint64_t offset, const std::string& what);

class SnapshotWriter {
 public:
  // `env`: the system's where null. What an earlier try has left is removed.
  SnapshotWriter(rocksdb::Env* env, std::string folder);
  ~SnapshotWriter();
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  // In this order; after an error only Abandon.
  std::optional<Error> Begin();
  std::optional<Error> BeginFile(std::string_view name);
  std::optional<Error> AddPart(const PartHead& head, std::string_view payload);
  std::optional<Error> EndFile();  // synced on return
  std::optional<Error> Publish(std::string_view manifest);
  // Instead of Publish, for a file that is none of a snapshot: the only file written gets the name
  // of the folder, in place of what had that name.
  std::optional<Error> PublishFile();
  // Frees the room of what was not published, as far as that can be done.
  void Abandon();

  const std::vector<SnapshotFile>& files() const { return files_; }

 private:
  class Storage;

  std::unique_ptr<Storage> storage_;
  std::string folder_;
  std::vector<SnapshotFile> files_;
  std::string heads_;  // of the file that is being written, without their own checksums
};

class SnapshotReader {
 public:
  // `expected`: as the manifest says; null for the manifest itself.
  SnapshotReader(rocksdb::Env* env, const std::string& folder, std::string_view name,
                 const SnapshotFile* expected);
  ~SnapshotReader();
  SnapshotReader(const SnapshotReader&) = delete;
  SnapshotReader& operator=(const SnapshotReader&) = delete;

  // kDamaged where the file is missing or not what was written; kNewerFormat.
  std::optional<Error> Open();
  // The next part, checked; *more is false behind the last one, when the file was what the manifest
  // says as a whole.
  std::optional<Error> Next(PartHead* head, std::string* payload, bool* more);

  // Of the file, once it is open.
  uint32_t format() const { return format_; }

  // For errors about what is in the part read last.
  Error Damage(const std::string& what) const { return SnapshotDamage(path_, part_at_, what); }

 private:
  class Storage;

  // Exactly so many bytes.
  std::optional<Error> Read(uint64_t bytes, std::string* to);

  std::unique_ptr<Storage> storage_;
  std::string path_;
  const SnapshotFile* expected_;
  std::string heads_;
  uint64_t size_ = 0, at_ = 0, part_at_ = 0;
  uint32_t format_ = 0;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SNAPSHOT_FILE_H_
