// The embedded journal: a folder of segments (engine/rocks_segment.h), each a RocksDB folder, and a
// mark (engine/journal_mark.h). The newest segment is written; Roll begins a new one, and so does
// every opening; CutThrough removes old ones whole. RocksDB never compacts anything here, so the
// bytes of a record lie in its segment and nowhere else, and are gone with it.
//
// Opening refuses a journal from which acknowledged records are missing, wherever they were: at its
// end the mark tells, between segments the numbers do, within one RocksDB's checksums and ours. A
// tail that was never acknowledged may be torn in any way; what lies before it is kept.
//
// Damage in what a newer snapshot covers loses nothing: it is told, and those segments are set
// aside under names that end with .damaged until the journal is next cut.
//
// A failed write or sync is final: all that follows is refused, since what the disk holds is not
// known. A full disk is foreseen from the free space and refuses a group before anything of it is
// written. Where it comes unforeseen the segment is closed and read: if nothing of the group is in
// it, the group was refused and the next one opens a new segment; else the failure is final.
//
// Thread safety: as engine/journal.h says.

#ifndef KUNDIG_ENGINE_ROCKS_JOURNAL_H_
#define KUNDIG_ENGINE_ROCKS_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/journal.h"
#include "engine/result.h"

namespace rocksdb {
class Env;
}

namespace kundig::engine {

// Payloads of one group; RocksDB counts a batch in 32 bits.
inline constexpr uint64_t kMaxJournalGroupBytes = uint64_t{1} << 30;

struct RocksJournalOptions {
  std::string folder;  // created where it is missing; its parent must be there
  // The oldest record that will be asked for: what is older may be damaged or missing. A new
  // journal begins with it.
  uint64_t first_number = 1;
  // There was a journal: a folder in which there is none is not a new one, but lost it.
  bool must_exist = false;
  // Append returns when its group is durable; otherwise only what came before a Sync is.
  bool sync_every_append = true;
  // Opens a journal whose newest acknowledged records are missing or whose mark is damaged, with
  // what is left. The numbers of what is missing are given again.
  bool accept_lost_tail = false;
  uint64_t disk_reserve_bytes = uint64_t{64} << 20;  // appends leave this much of the disk free
  size_t write_buffer_bytes = size_t{64} << 20;      // a segment beyond it is partly written twice
  rocksdb::Env* env = nullptr;                       // the system's where absent; must outlive us
};

// What opening found, for the log.
struct JournalRecovery {
  bool tail_torn = false;     // bytes that were never acknowledged were left out
  uint64_t lost_records = 0;  // acknowledged, missing and accepted as lost
  // Damage in records older than first_number, or in what was accepted as lost; a sentence each.
  std::vector<Error> damaged_below;
  bool mark_torn = false;  // one of the mark's two slots is damaged; the other one serves
  // A sentence where what is lost cannot be counted, as accept_lost_tail allows.
  std::string unknown_loss;
};

// kDamaged says what is missing or damaged and what to do; kNewerFormat; kStorageFailed. A full
// disk does not keep a journal from opening: its records can be read, and appends find out.
Result<std::unique_ptr<Journal>> OpenRocksJournal(const RocksJournalOptions& options,
                                                  JournalRecovery* recovery);

// The records that were read; last is first - 1 where there are none.
struct JournalRange {
  uint64_t first = 0, last = 0;
};
// Judges the journal as OpenRocksJournal does and reads all that would be kept of it, but changes
// no file and needs no right to. Errors as there, and the reader's own.
Result<JournalRange> ReadRocksJournal(const RocksJournalOptions& options,
                                      const Journal::Reader& reader, JournalRecovery* recovery);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_ROCKS_JOURNAL_H_
