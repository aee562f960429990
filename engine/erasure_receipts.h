// Since when nothing is left of what was erased, for each erasure that a data folder has ever had.
//
// The bytes of an erased customer lie in generations that began before and in the journal, and are
// gone when both have been removed. Which erasures that covers is known before a generation is
// saved; when they are gone, only after the generation has become the oldest one and the journal is
// cut behind it. So each generation has an entry here, without a time until then.
//
// An entry is written behind the deed: a crash in between loses the entry and never makes a receipt
// untrue. The next generation then covers the same erasures, at its own time.
//
// The list is a file among the generations and is kept with a backup. It has the form of a file of
// a snapshot (snapshot_file.h) with one part.
//
// Thread safety: a plain value.

#ifndef KUNDIG_ENGINE_ERASURE_RECEIPTS_H_
#define KUNDIG_ENGINE_ERASURE_RECEIPTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/result.h"
#include "engine/units.h"

namespace kundig::engine {

class ErasureReceipts {
 public:
  // What was erased up to `sequence` (a journal_sequence) is gone, since then.
  struct Receipt {
    uint64_t sequence = 0;
    TimeMs gone_since{};
  };

  // Above it the oldest are forgotten; for what they covered, the oldest one left speaks, which is
  // later, but true.
  static constexpr size_t kMaxEntries = 4096;

  static std::string PathIn(const std::string& snapshots_folder);
  // Empty where there is no such file. Errors: kDamaged, kNewerFormat, kStorageFailed.
  static Result<ErasureReceipts> Read(const std::string& snapshots_folder);
  // In place of what was there, durable on return. Errors: kDiskFull, kStorageFailed.
  std::optional<Error> Write(const std::string& snapshots_folder) const;

  // Neither the generation of this record nor the journal behind it has what was erased up to
  // `sequence`.
  void Cover(uint64_t record, uint64_t sequence);
  // Nothing older is left than the generation of this record.
  void Gone(uint64_t record, TimeMs now);
  // The book has only come to `sequence`: what is said about later ones was about records that were
  // lost, and is unsaid before others take their numbers. Whether anything was.
  bool ForgetAbove(uint64_t sequence);

  // Where something may be left: nothing.
  std::optional<TimeMs> GoneSince(uint64_t sequence) const;
  // The one that covers most; sequence 0 where there is none.
  Receipt latest() const;

 private:
  struct Entry {
    uint64_t record = 0, sequence = 0;
    std::optional<TimeMs> gone_since;
  };

  // Records and sequences ascend. Those without a time come last.
  std::vector<Entry> entries_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_ERASURE_RECEIPTS_H_
