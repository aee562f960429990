// Snapshots, backups and the reading of both: the half of DurableBook that looks after its folder.

#include <algorithm>
#include <string_view>
#include <utility>

#include "engine/backup_folder.h"
#include "engine/data_folder.h"
#include "engine/durable_book.h"
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
      if (auto damage = producers_.Load(loaded->attachment)) loaded = *damage;
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

Result<LoadedSnapshot> DurableBook::LoadFrom(const std::string& folder,
                                             const std::shared_ptr<const Rules>& rules,
                                             const BookOptions& options) const {
  const Result<SnapshotInfo> info = ReadManifest(nullptr, folder);
  if (!info) return info.error();
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
  order.attachment = [this] { return producers_.Save(); };
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
  Result<BackupFolder> made = BackupFolder::Begin(folder, durability_.folder);
  if (!made) return made.error();
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
  uint64_t records = 0, generations = 0;
  if (auto damage = VerifyLocked(folder, &records, &generations)) return *damage;
  return info;
}

std::optional<Error> DurableBook::Verify(const std::string& folder, uint64_t* records,
                                         uint64_t* generations) {
  if (!IsDataFolder(folder)) {
    return Error{.code = ErrorCode::kInvalidValue,
                 .message = "there is no data folder " + folder,
                 .field = "data",
                 .position = {}};
  }
  Result<FolderLock> lock = FolderLock::Take(folder);
  if (!lock) return lock.error();
  return VerifyLocked(folder, records, generations);
}

std::optional<Error> DurableBook::VerifyLocked(const std::string& folder, uint64_t* records,
                                               uint64_t* generations) {
  *records = *generations = 0;
  const Result<ErasureReceipts> receipts = ErasureReceipts::Read(SnapshotsFolder(folder));
  if (!receipts) return receipts.error();
  Result<std::vector<uint64_t>> found = GenerationsOf(folder);
  if (!found) return found.error();
  uint64_t oldest = 0, complete = 0;
  for (const uint64_t record : *found) {
    const std::string generation = GenerationFolder(folder, record);
    if (auto damage = CheckSnapshot(nullptr, generation)) return damage;
    const Result<SnapshotInfo> info = ReadManifest(nullptr, generation);
    if (!info) return info.error();
    if (*generations == 0) oldest = info->begin_record;
    complete = std::max(complete, info->end_record);
    ++*generations;
  }
  RocksJournalOptions options;
  options.folder = JournalFolder(folder);
  options.first_number = oldest + 1;
  JournalRecovery ignored;
  Result<std::unique_ptr<Journal>> journal = OpenRocksJournal(options, &ignored);
  if (!journal) return journal.error();
  if ((*journal)->first() > oldest + 1 || (*journal)->last() < complete) {
    return Error{.code = ErrorCode::kDamaged,
                 .message = "the journal in " + folder + " lacks records from " +
                            std::to_string(oldest + 1) + " to " + std::to_string(complete),
                 .field = "journal",
                 .position = {}};
  }
  if ((*journal)->last() < (*journal)->first()) return std::nullopt;
  JournalRecord decoded;
  return (*journal)->Read((*journal)->first(),
                          [&](uint64_t, std::string_view record) -> std::optional<Error> {
                            ++*records;
                            return DecodeRecord(record, &decoded);
                          });
}

std::optional<Error> DurableBook::Restore(const std::string& backup, const std::string& folder) {
  uint64_t records = 0, generations = 0;
  if (auto error = Verify(backup, &records, &generations)) return error;
  const std::string unfinished = folder + std::string(kUnfinished);
  if (auto error = CopyDataFolder(backup, unfinished)) return error;
  if (auto error = Verify(unfinished, &records, &generations)) return error;
  return PublishDataFolder(unfinished, folder);
}

}  // namespace kundig::engine
