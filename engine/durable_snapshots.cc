// Snapshots, backups and the reading of both: the half of DurableBook that looks after its folder.

#include <algorithm>
#include <string_view>
#include <utility>

#include "engine/data_folder.h"
#include "engine/durable_book.h"
#include "engine/new_folder.h"
#include "engine/rocks_journal.h"
#include "engine/snapshot_file.h"

namespace kundig::engine {
namespace {

// Records that are copied into a backup by one append.
constexpr size_t kCopiedBytes = size_t{4} << 20;

Error MemoryOnly() {
  return Error{.code = ErrorCode::kInvalidValue,
               .message = "the book lives in memory only; start the server with --data",
               .field = "data",
               .position = {}};
}

Error NoBook(const std::string& folder, const std::string& why) {
  return Error{.code = ErrorCode::kInvalidValue,
               .message = "there is no data folder " + folder + ": " + why,
               .field = "data",
               .position = {}};
}

// Copies the records first ... last.
std::optional<Error> CopyRecords(Journal* from, uint64_t first, uint64_t last, Journal* to) {
  std::vector<std::string> group;
  size_t bytes = 0;
  const auto append = [&]() -> std::optional<Error> {
    const std::vector<std::string_view> records(group.begin(), group.end());
    if (!records.empty()) {
      if (auto error = to->Append(records)) return error;
    }
    group.clear();
    bytes = 0;
    return std::nullopt;
  };
  const auto take = [&](uint64_t number, std::string_view record) -> std::optional<Error> {
    if (number > last) return std::nullopt;
    group.emplace_back(record);
    bytes += record.size();
    return bytes < kCopiedBytes ? std::nullopt : append();
  };
  if (last < first) return std::nullopt;
  if (auto error = from->Read(first, take)) return error;
  return append();
}

// Whether the records that complete a snapshot are all there.
std::optional<Error> CheckCompletable(const SnapshotInfo& info, const JournalRange& range,
                                      const std::string& folder, const JournalRecovery& recovery) {
  const auto damage = [&](const std::string& message) {
    return Error{
        .code = ErrorCode::kDamaged, .message = message, .field = "journal", .position = {}};
  };
  // Behind a snapshot that nothing was written beside there may be nothing yet.
  const std::string to =
      info.end_record > info.begin_record ? " to " + std::to_string(info.end_record) : " on";
  const std::string need =
      info.files.empty() ? "there is no snapshot to start from"
                         : "the snapshot " + GenerationFolder(folder, info.begin_record) +
                               " needs those from " + std::to_string(info.begin_record + 1) + to;
  if (range.last < info.end_record) {
    return damage("the journal in " + folder + " ends with record " + std::to_string(range.last) +
                  ", but " + need + "; restore a backup");
  }
  if (range.first <= info.begin_record + 1) return std::nullopt;
  // What a start from a newer snapshot passes over is missed by this one.
  const std::string why =
      recovery.damaged_below.empty()
          ? "; restore a backup"
          : "; a start takes a newer one (" + recovery.damaged_below.front().message + ")";
  return damage("the journal in " + folder + " begins with record " + std::to_string(range.first) +
                ", but " + need + why);
}

}  // namespace

std::optional<Error> DurableBook::LoadGeneration(const std::shared_ptr<const Rules>& rules,
                                                 const BookOptions& options, Recovery* recovery) {
  Result<std::vector<uint64_t>> generations = GenerationsOf(durability_.folder);
  if (!generations) return generations.error();
  for (size_t left = generations->size(); left > 0; --left) {
    const std::string folder = GenerationFolder(durability_.folder, (*generations)[left - 1]);
    Result<LoadedSnapshot> loaded = LoadFrom(folder, rules, options);
    if (!loaded && loaded.error().code != ErrorCode::kDamaged) return loaded.error();
    if (loaded) {
      if (auto damage = LoadAttachment(loaded->attachment)) loaded = *damage;
    }
    if (!loaded) {
      recovery->damaged.push_back(loaded.error());
      continue;
    }
    while (generations->size() > left) {
      if (auto error = SetDamagedAside(durability_.folder, generations->back())) return error;
      generations->pop_back();
    }
    book_ = std::move(loaded->book);
    applied_ = loaded->info.begin_record;
    complete_from_ = loaded->info.end_record;
    rules_text_ = loaded->info.rules;
    newest_generation_ = generations->back();
    saved_sequence_ = loaded->info.begin_sequence;
    recovery->snapshot = std::move(loaded->info);
    return std::nullopt;
  }
  // Without a generation the journal must tell everything; it says so itself if it was cut.
  if (recovery->damaged.empty()) return std::nullopt;
  return recovery->damaged.front();
}

std::optional<Error> DurableBook::ReadReceipts(Recovery* recovery) {
  Result<ErasureReceipts> receipts = ErasureReceipts::Read(SnapshotsFolder(durability_.folder));
  if (receipts) {
    receipts_ = *std::move(receipts);
    return std::nullopt;
  }
  if (receipts.error().code != ErrorCode::kDamaged) return receipts.error();
  recovery->notes.push_back(receipts.error().message);
  return SetReceiptsAside(durability_.folder);
}

std::string DurableBook::SaveAttachment() const {
  const std::lock_guard<std::mutex> lock(saved_);
  return producers_.Save() + erased_.Save();
}

std::optional<Error> DurableBook::LoadAttachment(std::string_view bytes) {
  if (auto damage = producers_.Load(&bytes)) return damage;
  return erased_.Load(bytes);
}

Result<LoadedSnapshot> DurableBook::LoadFrom(const std::string& folder,
                                             const std::shared_ptr<const Rules>& rules,
                                             const BookOptions& options) const {
  const Result<SnapshotInfo> info = ReadManifest(nullptr, folder);
  if (!info) return info.error();
  if (auto damage = CheckGenerationName(folder, *info)) return *damage;
  Result<std::shared_ptr<const Rules>> kept = KeptRules(info->time_zone, info->rules, rules);
  if (!kept) return kept.error();
  return Book::LoadSnapshot(folder, *std::move(kept), options, nullptr,
                            [this](uint64_t done, uint64_t of) {
                              durability_.progress({StartProgress::Stage::kSnapshot, done, of});
                            });
}

Result<SnapshotInfo> DurableBook::SaveTo(const std::string& folder, TimeMs saved_at) {
  SnapshotOrder order;
  order.folder = folder;
  order.time_zone = durability_.time_zone;
  order.rules = rules_text_;
  order.saved_at = saved_at;
  order.while_still = [this](const std::function<void()>& work) {
    const std::lock_guard<std::mutex> lock(applying_);
    work();
    return applied_;
  };
  order.attachment = [this] { return SaveAttachment(); };
  // A snapshot must not have what the journal could still lose.
  order.before_publishing = [this] { return durability_.sync_every_write ? std::nullopt : Sync(); };
  order.stopping = durability_.stopping;
  return book_->SaveSnapshot(order);
}

std::optional<Error> DurableBook::RollJournal() {
  if (journal_ == nullptr) return MemoryOnly();
  const std::lock_guard<std::mutex> saving(saving_);
  return BeginSegment();
}

std::optional<Error> DurableBook::BeginSegment() {
  const uint64_t bytes = segment_bytes_;
  if (auto error = journal_->Roll()) return error;
  segment_bytes_ -= bytes;
  return std::nullopt;
}

Result<SnapshotInfo> DurableBook::SaveSnapshot(TimeMs saved_at, Generations keep) {
  if (journal_ == nullptr) return MemoryOnly();
  const std::lock_guard<std::mutex> saving(saving_);
  // What is appended from here on lies behind what can be cut once the snapshot is there; the lock
  // waits until what was appended before is applied. What comes between the new segment and the
  // lock is in both: only what was erased before goes with the cut.
  const uint64_t sequence = book_->Status().state.journal_sequence;
  if (auto error = BeginSegment()) return *error;
  uint64_t record = 0;
  const uint64_t unsaved = unsaved_bytes_;
  {
    const std::lock_guard<std::mutex> writing(writing_);
    const std::lock_guard<std::mutex> applying(applying_);
    record = applied_;
  }
  Result<std::optional<SnapshotInfo>> there = SoundGeneration(record);
  if (!there) return there.error();
  if (!*there) {
    const std::string folder = GenerationFolder(durability_.folder, record);
    const Result<SnapshotInfo> saved = SaveTo(folder, saved_at);
    if (!saved) return saved;
    // Read back before what is older goes: it may be the only copy.
    if (auto damage = CheckSnapshot(nullptr, folder)) return *damage;
    there = *saved;
    newest_generation_ = record;
    unsaved_bytes_ -= unsaved;
  }
  const SnapshotInfo& info = **there;
  {
    const std::lock_guard<std::mutex> lock(saved_);
    saved_sequence_ = info.begin_sequence;
    receipts_.Cover(record, sequence);
  }
  if (auto error = RemoveGenerations(keep)) return *error;
  MeasureJournal();
  return info;
}

Result<std::optional<SnapshotInfo>> DurableBook::SoundGeneration(uint64_t record) {
  if (record != newest_generation_) return std::optional<SnapshotInfo>();
  const std::string folder = GenerationFolder(durability_.folder, record);
  const std::optional<Error> error = CheckSnapshot(nullptr, folder);
  if (!error) {
    Result<SnapshotInfo> info = ReadManifest(nullptr, folder);
    if (!info) return info.error();
    return std::optional(*std::move(info));
  }
  if (error->code != ErrorCode::kDamaged) return *error;
  if (auto failed = SetDamagedAside(durability_.folder, record)) return *failed;
  return std::optional<SnapshotInfo>();
}

std::optional<Error> DurableBook::RemoveGenerations(Generations keep) {
  Result<std::vector<uint64_t>> generations = GenerationsOf(durability_.folder);
  if (!generations) return generations.error();
  const size_t kept = keep == Generations::kKeepTwo ? 2 : 1;
  while (generations->size() > kept) {
    if (auto error = RemoveGeneration(durability_.folder, generations->front())) return error;
    generations->erase(generations->begin());
  }
  if (auto error = RemoveDamaged(durability_.folder)) return error;
  if (auto error = journal_->CutThrough(generations->front())) return error;
  ErasureReceipts receipts = receipts_;
  receipts.Gone(generations->front(), durability_.now());
  if (auto error = receipts.Write(SnapshotsFolder(durability_.folder))) return error;
  const std::lock_guard<std::mutex> lock(saved_);
  receipts_ = std::move(receipts);
  return std::nullopt;
}

Result<SnapshotInfo> DurableBook::Backup(TimeMs saved_at, const std::string& folder) {
  if (journal_ == nullptr) return MemoryOnly();
  const std::lock_guard<std::mutex> saving(saving_);
  Result<NewFolder> made = NewFolder::Begin(folder, durability_.folder);
  if (!made) return made.error();
  if (auto error = made->Make()) return *error;
  Result<SnapshotInfo> info = BackupInto(made->unfinished(), saved_at);
  if (!info) return info;
  if (auto error = made->Publish()) return *error;
  return info;
}

Result<SnapshotInfo> DurableBook::BackupInto(const std::string& folder, TimeMs saved_at) {
  if (auto error = PrepareSnapshotsFolder(folder)) return *error;
  uint64_t record = 0;
  {
    const std::lock_guard<std::mutex> applying(applying_);
    record = applied_;
  }
  Result<SnapshotInfo> info = SaveTo(GenerationFolder(folder, record), saved_at);
  if (!info) return info;
  {
    RocksJournalOptions options;
    options.folder = JournalFolder(folder);
    options.first_number = info->begin_record + 1;
    JournalRecovery found;
    Result<std::unique_ptr<Journal>> journal = OpenRocksJournal(options, &found);
    if (!journal) return journal.error();
    if (auto error =
            CopyRecords(journal_.get(), info->begin_record + 1, info->end_record, journal->get())) {
      return *error;
    }
  }
  // The copy begins with what was left; what was erased before it never had.
  ErasureReceipts receipts = receipts_;
  receipts.Cover(info->begin_record, info->begin_sequence);
  receipts.Gone(info->begin_record, saved_at);
  if (auto error = receipts.Write(SnapshotsFolder(folder))) return *error;
  Verification found;
  if (auto damage = VerifyLocked(folder, &found)) return *damage;
  return info;
}

std::optional<Error> DurableBook::Verify(const std::string& folder, Verification* found) {
  if (auto error = FolderProblem(folder)) return error;
  const std::string path = PlainFolder(folder);
  const Result<FolderLock> lock = FolderLock::TakeToRead(path);
  if (!lock) return lock.error();
  return VerifyLocked(path, found);
}

std::optional<Error> DurableBook::VerifyLocked(const std::string& folder, Verification* found) {
  *found = Verification();
  if (!IsDataFolder(folder)) {
    return NoBook(folder, "neither a journal nor snapshots are in it");
  }
  const Result<std::vector<uint64_t>> generations = GenerationsOf(folder);
  if (!generations) return generations.error();
  std::vector<SnapshotInfo> infos;
  for (const uint64_t record : *generations) {
    const std::string generation = GenerationFolder(folder, record);
    if (auto damage = CheckSnapshot(nullptr, generation)) return damage;
    const Result<SnapshotInfo> info = ReadManifest(nullptr, generation);
    if (!info) return info.error();
    if (auto damage = CheckGenerationName(generation, *info)) return damage;
    infos.push_back(*info);
    ++found->generations;
  }
  if (const auto receipts = ErasureReceipts::Read(SnapshotsFolder(folder)); !receipts) {
    return receipts.error();
  }
  RocksJournalOptions options;
  options.folder = JournalFolder(folder);
  // As a start from the newest one would; what the others need beyond that is looked at below.
  options.first_number = infos.empty() ? 1 : infos.back().begin_record + 1;
  options.must_exist = !infos.empty() || HoldsBook(folder);
  JournalRecovery recovery;
  JournalRecord decoded;
  const auto decode = [&](uint64_t, std::string_view record) -> std::optional<Error> {
    ++found->records;
    return DecodeRecord(record, &decoded);
  };
  const Result<JournalRange> range = ReadRocksJournal(options, decode, &recovery);
  if (!range) return range.error();
  if (infos.empty() && found->records == 0 && recovery.damaged_below.empty()) {
    return NoBook(folder, "it has no snapshot, and its journal has no record");
  }
  if (infos.empty()) infos.emplace_back();  // the book before its first record
  for (size_t left = infos.size(); left > 0; --left) {
    if (auto damage = CheckCompletable(infos[left - 1], *range, folder, recovery)) return damage;
  }
  if (recovery.tail_torn) {
    found->notes.emplace_back(
        "The journal ends in a write that was never acknowledged; a start leaves it out.");
  }
  if (recovery.mark_torn) {
    found->notes.push_back("One of the two slots of " + options.folder +
                           "/mark is damaged; the other one serves, and a start mends it.");
  }
  for (const Error& damage : recovery.damaged_below) found->notes.push_back(damage.message);
  return std::nullopt;
}

std::optional<Error> DurableBook::Restore(const std::string& backup, const std::string& folder) {
  if (auto error = FolderProblem(backup)) return error;
  const std::string source = PlainFolder(backup);
  Result<NewFolder> made = NewFolder::Begin(folder, source);
  if (!made) return made.error();
  const Result<FolderLock> lock = FolderLock::TakeToRead(source);
  if (!lock) return lock.error();
  Verification found;
  if (auto error = VerifyLocked(source, &found)) return error;
  if (auto error = made->Make()) return error;
  if (auto error = CopyDataFolder(source, made->unfinished())) return error;
  if (auto error = VerifyLocked(made->unfinished(), &found)) return error;
  return made->Publish();
}

}  // namespace kundig::engine
