// Opening a journal's folder: which segments there are, whether they are whole, and where the
// journal goes on. First everything is judged, which changes nothing, so a journal that is refused
// lies there as it was; then the folder is settled.
//
// Thread safety: one thread.

#ifndef KUNDIG_ENGINE_JOURNAL_OPENING_H_
#define KUNDIG_ENGINE_JOURNAL_OPENING_H_

#include <cstdint>
#include <memory>
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

struct JudgedFolder {
  std::vector<SealedSegment> segments;   // by number; each begins where the one before ends
  uint64_t first = 0, last = 0;          // last is first - 1 where there is no record
  std::vector<std::string> superfluous;  // empty, or cut but not removed yet
  std::vector<std::string> aside;        // damaged or behind damage, and not needed
  JournalMark::Numbers found;            // what the mark says
  bool has_mark = false;                 // else it has to be made
  JournalRecovery recovery;
};

std::string SegmentName(uint64_t number);

// Opens a sealed segment; where damage in its log keeps it from opening whole, with what lies
// before the damage and *prefix set. kDamaged: a statement without advice.
Result<std::unique_ptr<RocksSegment>> OpenSealedSegment(const std::string& path,
                                                        const JournalFiles& files,
                                                        const RocksSegment::Settings& settings,
                                                        bool* prefix);
// Reads the records of a range, which must all be there.
std::optional<Error> ReadSealedSegment(const std::string& path, const JournalFiles& files,
                                       const RocksSegment::Settings& settings,
                                       RocksSegment::Range range, const Journal::Reader& reader);

Result<JudgedFolder> JudgeJournalFolder(const RocksJournalOptions& options,
                                        const JournalFiles& files,
                                        const RocksSegment::Settings& settings);
// Removes, sets aside and marks as it was judged; what an interruption leaves is judged alike.
Result<JournalMark> SettleJournalFolder(const std::string& folder, const JournalFiles& files,
                                        const JudgedFolder& judged);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_JOURNAL_OPENING_H_
