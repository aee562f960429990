// What a snapshot says about itself.
//
// Thread safety: plain values; reading is a pure function of the folder.

#ifndef KUNDIG_ENGINE_SNAPSHOT_MANIFEST_H_
#define KUNDIG_ENGINE_SNAPSHOT_MANIFEST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/adopted_fit.h"
#include "engine/result.h"
#include "engine/snapshot_file.h"
#include "engine/units.h"

namespace kundig::engine {

struct SnapshotInfo {
  // The numbers of the last journal record applied when the first and when the last part was saved.
  // The records behind begin_record are needed to complete the book; those up to it are not.
  uint64_t begin_record = 0, end_record = 0;
  uint64_t begin_sequence = 0, end_sequence = 0;  // journal_sequence after these records
  Day begin_day, end_day;                         // the book's today after these records
  uint32_t shards = 0;
  std::string currency, time_zone;  // of the server that saved it
  std::string rules;           // the text of those in force; empty in files of the first releases
  uint32_t rules_version = 1;  // of StateName
  std::optional<AdoptedFit> fit;  // the last one before the records behind begin_record
  uint32_t fit_version = 0;       // of StateName, with that one
  TimeMs saved_at;
  std::vector<SnapshotFile> files;

  uint64_t bytes() const;  // of all files but the manifest
};

std::string EncodeManifest(const SnapshotInfo& info);
// kDamaged, kNewerFormat, kStorageFailed. Only the manifest is read.
Result<SnapshotInfo> ReadManifest(rocksdb::Env* env, const std::string& folder);

// Reads every byte of a snapshot; the first damage, or nothing.
std::optional<Error> CheckSnapshot(rocksdb::Env* env, const std::string& folder);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SNAPSHOT_MANIFEST_H_
