// What opening a journal changes, once everything in its folder was judged.

#include <random>

#include "engine/journal_opening.h"

namespace kundig::engine {
namespace {

uint64_t NewIdentity() {
  std::random_device random;
  uint64_t identity = 0;
  while (identity == 0) identity = uint64_t{random()} << 32 | random();
  return identity;
}

}  // namespace

Result<JournalMark> SettleJournalFolder(const std::string& folder, const JournalFiles& files,
                                        const JudgedFolder& judged) {
  JournalMark::Numbers numbers = judged.found;
  if (numbers.identity == 0) numbers.identity = NewIdentity();
  if (auto error = files.CreateFolder(folder)) return *error;
  if (!judged.has_mark) {
    if (auto error = JournalMark::Create(files, folder, numbers)) return *error;
  }
  Result<JournalMark> mark = JournalMark::Open(files, folder);
  if (!mark) return mark;
  if (auto error = files.FinishRemovals(folder)) return *error;
  for (const std::string& name : judged.superfluous) {
    if (auto error = files.RemoveFolder(folder, name)) return *error;
  }
  for (const std::string& name : judged.aside) {
    if (auto error = files.SetAside(folder, name)) return *error;
  }
  if (judged.last > numbers.synced_through && !judged.segments.empty()) {
    // Written but never known to be durable; from now on it is answered from.
    const std::string path = folder + "/" + judged.segments.back().name;
    if (auto error = files.WriteAgain(path, RocksSegment::kLogEnding)) return *error;
  }
  numbers.cut_through = judged.first - 1;
  numbers.synced_through = judged.last;
  // Twice, so that neither slot is left that may have been damaged.
  for (int slot = 0; slot < 2; ++slot) {
    if (auto error = mark->Write(numbers)) return *error;
  }
  if (auto error = mark->Sync()) return *error;
  return mark;
}

}  // namespace kundig::engine
