// Opening a journal's folder: which segments there are, whether they are whole, and where the
// journal goes on. Nothing is removed or written before everything was found sound, so a journal
// that is refused lies there as it was.
//
// Thread safety: one thread.

#ifndef KUNDIG_ENGINE_JOURNAL_OPENING_H_
#define KUNDIG_ENGINE_JOURNAL_OPENING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "engine/journal_files.h"
#include "engine/journal_mark.h"
#include "engine/rocks_journal.h"
#include "engine/rocks_segment.h"

namespace kundig::engine {

// A segment that is only read. Its folder's name is the smallest number that it may hold.
struct SealedSegment {
  std::string name;
  RocksSegment::Range range;
};

struct OpenedFolder {
  JournalMark mark;
  std::vector<SealedSegment> segments;  // by number; each begins where the one before ends
  uint64_t first = 0, last = 0;         // last is first - 1 where there is no record
  JournalRecovery recovery;
};

std::string SegmentName(uint64_t number);

// Opens a sealed segment; where damage in its log keeps it from opening whole, with what lies
// before the damage and *prefix set.
Result<std::unique_ptr<RocksSegment>> OpenSealedSegment(const std::string& path,
                                                        const RocksSegment::Settings& settings,
                                                        bool* prefix);

Result<OpenedFolder> OpenJournalFolder(const RocksJournalOptions& options,
                                       const JournalFiles& files,
                                       const RocksSegment::Settings& settings);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_JOURNAL_OPENING_H_
