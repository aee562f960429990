// Saving a book beside the running server, and starting from what was saved.
//
// Thread safety: plain values. Book::SaveSnapshot may run beside everything but another one.

#ifndef KUNDIG_ENGINE_SNAPSHOT_H_
#define KUNDIG_ENGINE_SNAPSHOT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/part_limits.h"
#include "engine/snapshot_manifest.h"
#include "engine/units.h"

namespace rocksdb {
class Env;
}

namespace kundig::engine {

class Book;

struct SnapshotOrder {
  std::string folder;            // to be created; its parent must be there
  std::string time_zone, rules;  // as the manifest is to have them
  TimeMs saved_at;
  // Runs work() while no event, day or rules are put into the book, and returns the number of the
  // last record that was. Called some thousand times, for less than a millisecond each; lookups
  // and scans go on meanwhile.
  std::function<uint64_t(const std::function<void()>& work)> while_still;
  // What the caller wants to have with it, as of the end record; called within while_still.
  std::function<std::string()> attachment = [] { return std::string(); };
  // Called when all is written but not yet published; its error ends the snapshot.
  std::function<std::optional<Error>()> before_publishing = [] { return std::nullopt; };
  // Asked between parts: the snapshot is given up where it says so (kStopping).
  std::function<bool()> stopping = [] { return false; };
  PartLimits limits;
  rocksdb::Env* env = nullptr;  // the system's where null
};

// Called now and then by any thread, one at a time: so many of so many files are loaded.
using LoadProgress = std::function<void(uint64_t done, uint64_t of)>;

struct LoadedSnapshot {
  SnapshotInfo info;
  std::string attachment;
  // Has info.begin_record; complete when the records up to info.end_record are replayed
  // (Book::Replay), and until then nothing may be asked of it.
  std::unique_ptr<Book> book;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SNAPSHOT_H_
