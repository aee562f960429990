#include "engine/journal_opening.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace kundig::engine {
namespace {

constexpr size_t kNameDigits = 20;
constexpr std::string_view kNotNeeded = "; nothing that is needed was in it.";

bool IsSegmentName(const std::string& name) {
  return name.size() == kNameDigits &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string Records(uint64_t first, uint64_t last) {
  if (first == last) return "Record " + std::to_string(first);
  return "Records " + std::to_string(first) + " to " + std::to_string(last);
}

std::string InBrackets(const std::string& why) {
  return why.empty() ? why : " (" + why + ")";
}

class FolderJudgement {
 public:
  FolderJudgement(const RocksJournalOptions& options, const JournalFiles& files,
                  const RocksSegment::Settings& settings)
      : options_(options), files_(files), settings_(settings) {}

  Result<JudgedFolder> Judge();

 private:
  // A segment as it lies there.
  struct Look {
    std::string name;
    bool never_begun = false;
    bool prefix = false;
    std::optional<RocksSegment::Range> range;
    std::optional<uint64_t> identity;
    std::string damage;  // why it cannot be read at all
  };
  // A segment that is of no use, and why.
  struct Useless {
    std::string name, why;
  };

  std::optional<Error> FindSegments();
  Result<Look> LookAt(const std::string& name) const;
  std::optional<Error> ReadMark();
  std::optional<Error> WithoutMark() const;
  std::string Gone() const;  // what is wrong with a journal of which nothing is there
  // Puts a segment where it belongs.
  std::optional<Error> Place(const Look& look);
  std::optional<Error> Join(const std::string& name, const RocksSegment::Range& range);
  std::optional<Error> JudgeEnd();
  // The last record of which anything tells that it was there.
  Result<uint64_t> KnownEnd() const;
  // Nothing of what was found so far is needed: it is told, and nothing is read of it.
  void LeaveBelow(const std::string& what);
  void LeaveUseless();
  // The log of a segment, or the segment where it has none.
  std::string LogOf(const std::string& name) const;
  // Why records behind last_ are missing, as far as that is known.
  std::string Why() const;
  std::string PathOf(const std::string& name) const { return options_.folder + "/" + name; }
  // A folder in which RocksDB had not yet come to a first write when the process or the power went:
  // whatever is missing from it, no record is. Records that are missed are missed by their numbers.
  Result<bool> NeverBegun(const std::string& name) const;

  const RocksJournalOptions& options_;
  const JournalFiles& files_;
  const RocksSegment::Settings settings_;

  std::vector<Look> looks_;
  JudgedFolder judged_;
  uint64_t last_ = 0;
  std::vector<Useless> useless_;  // behind last_
  std::string torn_;     // the segment that was opened as a prefix, if no records follow it
  std::string emptied_;  // a segment without a record, if no records follow it
};

Result<JudgedFolder> FolderJudgement::Judge() {
  if (auto error = FindSegments()) return *error;
  if (auto error = ReadMark()) return *error;
  last_ = judged_.found.cut_through;
  for (const Look& look : looks_) {
    if (auto error = Place(look)) return *error;
  }
  if (auto error = JudgeEnd()) return *error;
  judged_.last = last_;
  judged_.first = judged_.segments.empty() ? last_ + 1 : judged_.segments.front().range.first;
  return std::move(judged_);
}

std::optional<Error> FolderJudgement::FindSegments() {
  if (!files_.Exists(options_.folder)) return std::nullopt;
  const auto children = files_.Children(options_.folder);
  if (!children) return children.error();
  for (const std::string& name : *children) {
    if (!IsSegmentName(name)) continue;
    Result<Look> look = LookAt(name);
    if (!look) return look.error();
    looks_.push_back(*std::move(look));
  }
  return std::nullopt;
}

Result<FolderJudgement::Look> FolderJudgement::LookAt(const std::string& name) const {
  Look look{.name = name, .never_begun = false, .range = {}, .identity = {}, .damage = {}};
  const Result<bool> never_begun = NeverBegun(name);
  if (!never_begun) return never_begun.error();
  look.never_begun = *never_begun;
  if (look.never_begun) return look;
  const auto failed = [&](const Error& error) -> Result<Look> {
    if (error.code != ErrorCode::kDamaged) return error;
    look.damage = error.message;
    // What can be done about it depends on whether it is needed.
    if (look.damage.ends_with(kRestore)) look.damage.resize(look.damage.size() - kRestore.size());
    return look;
  };
  const auto segment = OpenSealedSegment(PathOf(name), files_, settings_, &look.prefix);
  if (!segment) return failed(segment.error());
  const auto range = (*segment)->Numbers();
  if (!range) return failed(range.error());
  const auto identity = (*segment)->Identity();
  if (!identity) return failed(identity.error());
  look.range = *range;
  look.identity = *identity;
  return look;
}

Result<bool> FolderJudgement::NeverBegun(const std::string& name) const {
  const auto children = files_.Children(PathOf(name));
  if (!children) return children.error();
  for (const std::string& file : *children) {
    if (!file.ends_with(RocksSegment::kLogEnding) && !file.ends_with(".sst")) continue;
    if (files_.FileBytes(PathOf(name) + "/" + file) > 0) return false;
  }
  return true;
}

std::optional<Error> FolderJudgement::ReadMark() {
  const uint64_t before = options_.first_number - 1;
  JournalMark::Numbers& found = judged_.found;
  if (JournalMark::Exists(files_, options_.folder)) {
    const Result<JournalMark::Content> content = JournalMark::Read(files_, options_.folder);
    if (content) {
      judged_.has_mark = true;
      judged_.recovery.mark_torn = content->slot_damaged;
      found = content->numbers;
      return std::nullopt;
    }
    if (content.error().code != ErrorCode::kDamaged || !options_.accept_lost_tail) {
      return content.error();
    }
  } else if (looks_.empty() && !options_.must_exist) {
    found = {.cut_through = before, .synced_through = before};
    return std::nullopt;
  } else if (!options_.accept_lost_tail) {
    return WithoutMark();
  }
  judged_.recovery.unknown_loss =
      looks_.empty()
          ? "The journal " + options_.folder + Gone() + ": everything after record " +
                std::to_string(before) + " is lost, and nothing tells how much that was."
          : "The file mark of " + options_.folder +
                " was damaged or missing: nothing tells whether records are missing from the end"
                " of the journal.";
  // What the mark said is gone: the journal begins with the oldest record that is there.
  found = {.cut_through = before, .synced_through = before};
  for (const Look& look : looks_) {
    if (!look.range) continue;
    found = {.cut_through = look.range->first - 1,
             .synced_through = look.range->first - 1,
             .identity = look.identity.value_or(0)};
    break;
  }
  return std::nullopt;
}

std::optional<Error> FolderJudgement::WithoutMark() const {
  if (looks_.empty()) {
    const std::string what = options_.first_number > 1
                                 ? "what came after the snapshots"
                                 : "the book, as there is no snapshot that can be read";
    return DamageError("The journal " + options_.folder + Gone() + ", and with it " + what +
                       std::string(kRestoreOrAccept));
  }
  return DamageError("The file mark is missing from " + options_.folder +
                     ", so nothing tells whether the journal is whole" +
                     std::string(kRestoreOrAccept));
}

std::string FolderJudgement::Gone() const {
  return files_.Exists(options_.folder) ? " is empty" : " is missing";
}

std::optional<Error> FolderJudgement::Place(const Look& look) {
  if (look.never_begun) {
    emptied_ = look.name;
    judged_.superfluous.push_back(look.name);
    return std::nullopt;
  }
  if (!look.damage.empty()) {
    useless_.push_back({look.name, look.damage});
    return std::nullopt;
  }
  const uint64_t identity = judged_.found.identity;
  if (look.identity && identity != 0 && *look.identity != identity) {
    useless_.push_back(
        {look.name, PathOf(look.name) + " was written for another journal than that of " +
                        PathOf("mark") + ", so one of them was copied from elsewhere"});
    return std::nullopt;
  }
  const bool joins = look.range && look.range->last > judged_.found.cut_through;
  if (joins) {
    if (auto error = Join(look.name, *look.range)) return error;
  } else {
    if (!look.range) emptied_ = look.name;
    // Bytes that were to be records are left to be looked at.
    (look.range ? judged_.superfluous : judged_.aside).push_back(look.name);
  }
  if (look.prefix) torn_ = look.name;
  return std::nullopt;
}

std::optional<Error> FolderJudgement::Join(const std::string& name,
                                           const RocksSegment::Range& range) {
  const uint64_t expected = last_ + 1;
  if (range.first < expected) {
    useless_.push_back({name, PathOf(name) + " begins with record " + std::to_string(range.first) +
                                  " where " + std::to_string(expected) + " must follow"});
    return std::nullopt;
  }
  if (range.first > expected) {
    const std::string what = Records(expected, range.first - 1) + " of the journal " +
                             (range.first - 1 == expected ? "is" : "are") +
                             " damaged or missing before " + PathOf(name) + InBrackets(Why());
    if (range.first > options_.first_number) return DamageError(what + std::string(kRestore));
    LeaveBelow(what);
  }
  LeaveUseless();
  torn_.clear();
  emptied_.clear();
  judged_.segments.push_back({.name = name, .range = range});
  last_ = range.last;
  return std::nullopt;
}

std::string FolderJudgement::LogOf(const std::string& name) const {
  std::string log = PathOf(name);
  const auto files = files_.Children(PathOf(name));
  for (const std::string& file : files ? *files : std::vector<std::string>()) {
    const std::string path = PathOf(name) + "/" + file;
    if (file.ends_with(RocksSegment::kLogEnding) && files_.FileBytes(path) > 0) log = path;
  }
  return log;
}

std::string FolderJudgement::Why() const {
  if (!useless_.empty()) return useless_.front().why;
  if (!torn_.empty()) {
    return LogOf(torn_) + " is damaged behind record " + std::to_string(last_);
  }
  if (emptied_ == SegmentName(last_ + 1)) return PathOf(emptied_) + " holds no record any more";
  if (judged_.segments.empty()) return {};
  return PathOf(judged_.segments.back().name) + " ends with record " + std::to_string(last_);
}

void FolderJudgement::LeaveUseless() {
  for (const Useless& useless : useless_) {
    judged_.recovery.damaged_below.push_back(DamageError(useless.why + std::string(kNotNeeded)));
    judged_.aside.push_back(useless.name);
  }
  useless_.clear();
}

void FolderJudgement::LeaveBelow(const std::string& what) {
  judged_.recovery.damaged_below.push_back(DamageError(what + "; no later snapshot needs them."));
  for (const SealedSegment& segment : judged_.segments) judged_.aside.push_back(segment.name);
  for (const Useless& useless : useless_) judged_.aside.push_back(useless.name);
  judged_.segments.clear();
  useless_.clear();
}

Result<uint64_t> FolderJudgement::KnownEnd() const {
  const uint64_t end = std::max(last_, judged_.found.synced_through);
  if (torn_.empty()) return end;
  // Only what was being written when the power went may be torn: whatever can be read behind the
  // damage was written after what is damaged there had been acknowledged.
  std::unique_ptr<RocksSegment> all;
  const std::string path = PathOf(torn_);
  const rocksdb::Status status =
      RocksSegment::OpenSealed(path, settings_, RocksSegment::Tail::kAll, &all);
  if (status.IsCorruption()) {
    if (options_.accept_lost_tail) return end;
    return DamageError(LogOf(torn_) + " is damaged behind record " + std::to_string(last_) +
                       ", and nothing behind the damage can be read" +
                       std::string(kRestoreOrAccept));
  }
  if (!status.ok()) return StorageError(status, "opening " + path);
  const auto range = all->Numbers();
  if (!range) return range.error();
  return range->has_value() ? std::max(end, (**range).last) : end;
}

std::optional<Error> FolderJudgement::JudgeEnd() {
  const uint64_t below = options_.first_number - 1;  // covered by something else, wherever it is
  const uint64_t covered = std::max(last_, below), synced = judged_.found.synced_through;
  const Result<uint64_t> end = KnownEnd();
  if (!end) return end.error();
  if (options_.accept_lost_tail) {
    judged_.recovery.lost_records = *end - std::min(*end, covered);
  } else if (*end > covered) {
    return DamageError(Records(covered + 1, *end) + " of the journal " +
                       (*end == synced
                            ? "were acknowledged and are missing from its end in " + options_.folder
                            : "are damaged, wholly or in part") +
                       InBrackets(Why()) + std::string(kRestoreOrAccept));
  } else if (*end < below) {
    return DamageError("The journal in " + options_.folder + " ends with record " +
                       std::to_string(*end) + ", but the snapshot was saved after record " +
                       std::to_string(below) + ": what came after it may be lost" +
                       InBrackets(Why()) + std::string(kRestoreOrAccept));
  } else {
    for (const Useless& useless : useless_) {
      if (useless.name < SegmentName(options_.first_number)) continue;
      return DamageError(useless.why + std::string(kRestoreOrAccept));
    }
  }
  // Never said of what was acknowledged, or may have been.
  const bool lost = judged_.recovery.lost_records > 0 || !judged_.recovery.unknown_loss.empty();
  judged_.recovery.tail_torn = !torn_.empty() && !lost;
  if (torn_.empty() && !lost && !looks_.empty() && looks_.back().damage.empty() &&
      !looks_.back().never_begun) {
    std::unique_ptr<RocksSegment> exact;
    judged_.recovery.tail_torn = RocksSegment::OpenSealed(PathOf(looks_.back().name), settings_,
                                                          RocksSegment::Tail::kExact, &exact)
                                     .IsCorruption();
  }
  if (last_ < below) {
    if (last_ < *end || !judged_.segments.empty()) {
      LeaveBelow(Records(last_ + 1, below) + " of the journal are damaged or missing from " +
                 options_.folder + InBrackets(Why()));
    }
    last_ = below;
  }
  LeaveUseless();
  return std::nullopt;
}

}  // namespace

std::string SegmentName(uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(kNameDigits - digits.size(), '0') + digits;
}

Result<std::unique_ptr<RocksSegment>> OpenSealedSegment(const std::string& path,
                                                        const JournalFiles& files,
                                                        const RocksSegment::Settings& settings,
                                                        bool* prefix) {
  std::unique_ptr<RocksSegment> segment;
  rocksdb::Status status =
      RocksSegment::OpenSealed(path, settings, RocksSegment::Tail::kWhole, &segment);
  *prefix = false;
  if (status.IsCorruption()) {
    *prefix = RocksSegment::OpenSealed(path, settings, RocksSegment::Tail::kPrefix, &segment).ok();
    if (*prefix) return segment;
  }
  if (status.ok()) return segment;
  // RocksDB calls a missing file an error of the disk.
  if (status.IsIOError() && !status.IsPathNotFound()) {
    return StorageError(status, "opening " + path);
  }
  const std::string current = path + "/CURRENT";
  if (!files.Exists(current)) return DamageError(current + " is missing");
  return DamageError(path + " cannot be opened, its CURRENT, its MANIFEST or a table is damaged: " +
                     status.ToString());
}

std::optional<Error> ReadSealedSegment(const std::string& path, const JournalFiles& files,
                                       const RocksSegment::Settings& settings,
                                       RocksSegment::Range range, const Journal::Reader& reader) {
  bool prefix = false;
  const auto opened = OpenSealedSegment(path, files, settings, &prefix);
  if (opened) return (*opened)->Read(range, reader);
  Error error = opened.error();
  if (error.code == ErrorCode::kDamaged) error.message += kRestore;
  return error;
}

Result<JudgedFolder> JudgeJournalFolder(const RocksJournalOptions& options,
                                        const JournalFiles& files,
                                        const RocksSegment::Settings& settings) {
  return FolderJudgement(options, files, settings).Judge();
}

}  // namespace kundig::engine
