#include "engine/journal_opening.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

namespace kundig::engine {
namespace {

constexpr size_t kNameDigits = 20;

bool IsSegmentName(const std::string& name) {
  return name.size() == kNameDigits &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string Records(uint64_t first, uint64_t last) {
  if (first == last) return "Record " + std::to_string(first);
  return "Records " + std::to_string(first) + " to " + std::to_string(last);
}

class FolderOpening {
 public:
  FolderOpening(const RocksJournalOptions& options, const JournalFiles& files,
                const RocksSegment::Settings& settings)
      : options_(options), files_(files), settings_(settings) {}

  Result<OpenedFolder> Open();

 private:
  std::optional<Error> FindSegments();
  // Looks into a segment and puts it where it belongs.
  std::optional<Error> Place(const std::string& name);
  std::optional<Error> Join(const std::string& name, const RocksSegment::Range& range);
  Result<JournalMark> OpenMark();
  std::optional<Error> JudgeTail();
  std::optional<Error> Settle();
  std::string PathOf(const std::string& name) const { return options_.folder + "/" + name; }
  // A folder in which RocksDB had not yet come to a first write when the process or the power went:
  // whatever is missing from it, no record is. Records that are missed are missed by their numbers.
  Result<bool> NeverBegun(const std::string& name) const;

  const RocksJournalOptions& options_;
  const JournalFiles& files_;
  const RocksSegment::Settings settings_;

  std::vector<std::string> names_;
  std::vector<std::string> superfluous_;  // empty, or cut but not removed yet
  std::optional<JournalMark> mark_;
  std::vector<SealedSegment> segments_;
  uint64_t last_ = 0;
  std::string torn_;  // the segment that was opened as a prefix, if no records follow it
  JournalRecovery recovery_;
};

Result<OpenedFolder> FolderOpening::Open() {
  if (auto error = FindSegments()) return *error;
  if (names_.empty() && !JournalMark::Exists(files_, options_.folder)) {
    const uint64_t before = options_.first_number - 1;
    const JournalMark::Numbers numbers = {.cut_through = before, .synced_through = before};
    if (auto error = JournalMark::Create(files_, options_.folder, numbers)) return *error;
  }
  Result<JournalMark> mark = OpenMark();
  if (!mark) return mark.error();
  mark_ = std::move(*mark);
  last_ = mark_->numbers().cut_through;
  for (const std::string& name : names_) {
    if (auto error = Place(name)) return *error;
  }
  if (auto error = JudgeTail()) return *error;
  if (auto error = Settle()) return *error;
  const uint64_t first = segments_.empty() ? last_ + 1 : segments_.front().range.first;
  return OpenedFolder{.mark = std::move(*mark_),
                      .segments = std::move(segments_),
                      .first = first,
                      .last = last_,
                      .recovery = recovery_};
}

std::optional<Error> FolderOpening::FindSegments() {
  if (auto error = files_.CreateFolder(options_.folder)) return error;
  const auto children = files_.Children(options_.folder);
  if (!children) return children.error();
  for (const std::string& name : *children) {
    if (IsSegmentName(name)) names_.push_back(name);
  }
  return std::nullopt;
}

Result<JournalMark> FolderOpening::OpenMark() {
  const bool exists = JournalMark::Exists(files_, options_.folder);
  if (exists) {
    Result<JournalMark> mark = JournalMark::Open(files_, options_.folder);
    const bool damaged = !mark && mark.error().code == ErrorCode::kDamaged;
    if (!damaged || !options_.accept_lost_tail) return mark;
  } else if (!options_.accept_lost_tail) {
    return DamageError("The file mark is missing from " + options_.folder +
                       ", so nothing tells whether the journal is whole: restore a backup, or "
                       "accept the loss of its tail.");
  }
  // What the mark said is gone: the journal begins with the oldest record that is there.
  JournalMark::Numbers numbers;
  for (const std::string& name : names_) {
    bool prefix = false;
    const auto segment = OpenSealedSegment(PathOf(name), settings_, &prefix);
    if (!segment) return segment.error();
    const auto range = (*segment)->Numbers();
    if (!range) return range.error();
    if (!range->has_value()) continue;
    numbers.cut_through = numbers.synced_through = (**range).first - 1;
    break;
  }
  if (auto error = JournalMark::Create(files_, options_.folder, numbers)) return *error;
  return JournalMark::Open(files_, options_.folder);
}

Result<bool> FolderOpening::NeverBegun(const std::string& name) const {
  const auto children = files_.Children(PathOf(name));
  if (!children) return children.error();
  for (const std::string& file : *children) {
    if (!file.ends_with(RocksSegment::kLogEnding) && !file.ends_with(".sst")) continue;
    if (files_.FileBytes(PathOf(name) + "/" + file) > 0) return false;
  }
  return true;
}

std::optional<Error> FolderOpening::Place(const std::string& name) {
  const Result<bool> never_begun = NeverBegun(name);
  if (!never_begun) return never_begun.error();
  if (*never_begun) {
    superfluous_.push_back(name);
    return std::nullopt;
  }
  bool prefix = false;
  const auto segment = OpenSealedSegment(PathOf(name), settings_, &prefix);
  if (!segment) return segment.error();
  const auto range = (*segment)->Numbers();
  if (!range) return range.error();
  if (prefix) recovery_.tail_torn = true;
  const bool joins = range->has_value() && (**range).last > mark_->numbers().cut_through;
  if (prefix || joins) torn_ = prefix ? name : "";
  if (joins) return Join(name, **range);
  superfluous_.push_back(name);
  return std::nullopt;
}

std::optional<Error> FolderOpening::Join(const std::string& name,
                                         const RocksSegment::Range& range) {
  const uint64_t expected = last_ + 1;
  if (range.first != expected) {
    if (range.first > expected) {
      return DamageError(Records(expected, range.first - 1) + " of the journal " +
                         (range.first - 1 == expected ? "is" : "are") + " missing before " +
                         PathOf(name) + ": restore a backup.");
    }
    return DamageError(PathOf(name) + " begins with record " + std::to_string(range.first) +
                       " where " + std::to_string(expected) + " must follow: restore a backup.");
  }
  segments_.push_back({.name = name, .range = range});
  last_ = range.last;
  return std::nullopt;
}

std::optional<Error> FolderOpening::JudgeTail() {
  const uint64_t synced = mark_->numbers().synced_through;
  if (last_ < synced) {
    if (!options_.accept_lost_tail) {
      return DamageError(Records(last_ + 1, synced) +
                         " of the journal were acknowledged and are missing from its end in " +
                         options_.folder +
                         ": restore a backup, or accept the loss of the journal's tail.");
    }
    recovery_.lost_records = synced - last_;
    return std::nullopt;
  }
  if (torn_.empty() || options_.accept_lost_tail) return std::nullopt;
  // Only what was being written when the power went may be torn: whatever can be read behind the
  // damage was written after what is damaged there had been acknowledged.
  std::unique_ptr<RocksSegment> all;
  const std::string path = PathOf(torn_);
  const rocksdb::Status status =
      RocksSegment::OpenSealed(path, settings_, RocksSegment::Tail::kAll, &all);
  if (!status.ok()) return StorageError(status, "opening " + path);
  const auto range = all->Numbers();
  if (!range) return range.error();
  if (range->has_value() && (**range).last > last_) {
    return DamageError(Records(last_ + 1, (**range).last) + " of the journal in " + path +
                       " are damaged, wholly or in part: restore a backup, or accept the loss of "
                       "the journal's tail.");
  }
  return std::nullopt;
}

std::optional<Error> FolderOpening::Settle() {
  if (auto error = files_.FinishRemovals(options_.folder)) return error;
  for (const std::string& name : superfluous_) {
    if (auto error = files_.RemoveFolder(options_.folder, name)) return error;
  }
  JournalMark::Numbers numbers = mark_->numbers();
  if (last_ > numbers.synced_through) {
    // Written but never known to be durable; from now on it is answered from.
    const std::string path = PathOf(segments_.back().name);
    if (auto error = files_.WriteAgain(path, RocksSegment::kLogEnding)) return error;
  }
  numbers.synced_through = last_;
  // Twice, so that neither slot is left that may have been damaged.
  for (int slot = 0; slot < 2; ++slot) {
    if (auto error = mark_->Write(numbers)) return error;
  }
  return mark_->Sync();
}

}  // namespace

std::string SegmentName(uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(kNameDigits - digits.size(), '0') + digits;
}

Result<std::unique_ptr<RocksSegment>> OpenSealedSegment(const std::string& path,
                                                        const RocksSegment::Settings& settings,
                                                        bool* prefix) {
  std::unique_ptr<RocksSegment> segment;
  rocksdb::Status status =
      RocksSegment::OpenSealed(path, settings, RocksSegment::Tail::kWhole, &segment);
  *prefix = false;
  if (status.IsCorruption()) {
    const rocksdb::Status why = status;
    status = RocksSegment::OpenSealed(path, settings, RocksSegment::Tail::kPrefix, &segment);
    if (!status.ok()) return StorageError(why, "opening " + path);
    *prefix = true;
  }
  if (!status.ok()) return StorageError(status, "opening " + path);
  return segment;
}

Result<OpenedFolder> OpenJournalFolder(const RocksJournalOptions& options,
                                       const JournalFiles& files,
                                       const RocksSegment::Settings& settings) {
  return FolderOpening(options, files, settings).Open();
}

}  // namespace kundig::engine
