#include "engine/durable_book.h"

#include <algorithm>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "engine/calendar.h"
#include "engine/data_folder.h"
#include "engine/rocks_journal.h"

namespace kundig::engine {
namespace {

// Of the records that a start reads, every so many are told.
constexpr uint64_t kToldRecords = 64;

// Bytes of records that share a sync: more would make the first of them wait for nothing.
constexpr size_t kMaxGroupBytes = size_t{8} << 20;

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

void Encode(const WriteRequest& write, std::string_view time_zone, std::string* record) {
  record->clear();
  std::visit(
      Overloaded{[&](std::span<const Event> events) {
                   EncodeEvents(write.name, write.growth, events, record);
                 },
                 [&](std::span<const OrderPlaced> orders) {
                   EncodeOrders(write.name, write.growth, orders, record);
                 },
                 [&](Day day) { EncodeDayChange(day, record); },
                 [&](const RulesChange& change) { EncodeRules(time_zone, change.text, record); },
                 [&](const AdoptedFit* fit) { EncodeChurnFit(*fit, record); }},
      write.what);
}

Error BatchTooOld(const BatchName& name) {
  return Error{.code = ErrorCode::kLimitExceeded,
               .message = "batch " + std::to_string(name.batch) + " of producer '" +
                          std::string(name.producer) + "' is older than the " +
                          std::to_string(kKeptBatches) +
                          " batches that are remembered; give every new batch a higher number",
               .field = "kept_batches",
               .position = {}};
}

Error StartGivenUp() {
  return Error{.code = ErrorCode::kStopping,
               .message = "the server stops; its start was given up",
               .field = {},
               .position = {}};
}

Error Damage(std::string message) {
  return Error{.code = ErrorCode::kDamaged,
               .message = std::move(message),
               .field = "journal",
               .position = {}};
}

}  // namespace

Result<std::unique_ptr<DurableBook>> DurableBook::Open(std::shared_ptr<const Rules> rules,
                                                       BookOptions options,
                                                       const DurabilityOptions& durability,
                                                       Recovery* recovery) {
  *recovery = Recovery();
  std::unique_ptr<DurableBook> opened(new DurableBook(durability));
  if (auto error = opened->OpenFolder(std::move(rules), options, recovery)) return *error;
  return opened;
}

std::unique_ptr<DurableBook> DurableBook::InMemory(std::shared_ptr<const Rules> rules,
                                                   const BookOptions& options) {
  std::unique_ptr<DurableBook> made(new DurableBook(DurabilityOptions()));
  made->book_ = std::make_unique<Book>(std::move(rules), options);
  return made;
}

std::optional<Error> DurableBook::OpenFolder(std::shared_ptr<const Rules> rules,
                                             BookOptions options, Recovery* recovery) {
  if (auto error = MakeDataFolder(durability_.folder)) return error;
  Result<FolderLock> lock = FolderLock::Take(durability_.folder);
  if (!lock) return lock.error();
  folder_lock_.emplace(std::move(*lock));
  if (auto error = PrepareSnapshotsFolder(durability_.folder)) return error;

  if (auto error = ReadReceipts(recovery)) return error;
  if (auto error = LoadGeneration(rules, options, recovery)) return error;
  RocksJournalOptions journal_options;
  journal_options.folder = JournalFolder(durability_.folder);
  journal_options.first_number = applied_ + 1;
  journal_options.must_exist = book_ != nullptr || HoldsBook(durability_.folder);
  journal_options.sync_every_append = durability_.sync_every_write;
  journal_options.accept_lost_tail = durability_.accept_lost_tail;
  JournalRecovery found;
  Result<std::unique_ptr<Journal>> journal = OpenRocksJournal(journal_options, &found);
  if (!journal) return journal.error();
  journal_ = std::move(*journal);
  recovery->tail_torn = found.tail_torn;
  recovery->lost_records = found.lost_records;
  recovery->damaged_below = std::move(found.damaged_below);
  if (!found.unknown_loss.empty()) recovery->notes.push_back(std::move(found.unknown_loss));
  if (found.mark_torn) {
    recovery->notes.push_back("One of the two slots of " + journal_options.folder +
                              "/mark was damaged; the other one served, and it was mended.");
  }

  const Day wanted = options.today;
  if (auto error = ReadJournal(rules, options, recovery)) return error;
  if (book_ == nullptr) {
    // A journal begins with the rules and the day that its book begins with.
    std::string of_rules, of_day;
    EncodeRules(durability_.time_zone, durability_.rules_text, &of_rules);
    EncodeDayChange(wanted, &of_day);
    const std::string_view records[] = {of_rules, of_day};
    if (auto error = journal_->Append(records)) return error;
    book_ = std::make_unique<Book>(rules, options);
    rules_text_ = durability_.rules_text;
    applied_ = journal_->last();
    recovery->new_book = true;
  }
  if (rules_text_ != durability_.rules_text) {
    const bool had_rules = !rules_text_.empty();
    if (auto changed = ReplaceRules({rules, durability_.rules_text}); !changed) {
      Error error = changed.error();
      error.message = "The changed rules cannot be put in force: " + error.message +
                      " The former rules would start.";
      return error;
    }
    recovery->rules_changed = had_rules;
  }
  recovery->day_before = book_->Status().state.as_of;
  if (wanted > book_->Status().state.as_of) {
    // Without room for it the book stays on its day; questions can be answered, and whoever follows
    // the clock tries again.
    const Result<StateName> moved = AdvanceDay(wanted);
    if (!moved && moved.error().code != ErrorCode::kDiskFull) return moved.error();
  }
  // Before others take the numbers: a later start could no longer tell.
  if (receipts_.ForgetAbove(book_->Status().state.journal_sequence)) {
    if (auto error = receipts_.Write(SnapshotsFolder(durability_.folder))) return error;
  }
  // Without room for it the next start tries again.
  if (auto error = NoteBook(durability_.folder); error && error->code != ErrorCode::kDiskFull) {
    return error;
  }
  MeasureJournal();
  return std::nullopt;
}

std::optional<Error> DurableBook::ReadJournal(std::shared_ptr<const Rules> rules,
                                              BookOptions options, Recovery* recovery) {
  const uint64_t from = applied_ + 1;
  if (from < journal_->first()) {
    return Damage("the journal begins with record " + std::to_string(journal_->first()) +
                  ", but the book needs those from " + std::to_string(from) +
                  " on; restore a backup");
  }
  if (book_ != nullptr && journal_->last() < complete_from_) {
    return Damage("the journal ends with record " + std::to_string(journal_->last()) +
                  ", but the snapshot needs those up to " + std::to_string(complete_from_) +
                  "; restore a backup");
  }
  if (journal_->last() < from) return std::nullopt;
  recovery->first_record = from;
  recovery->last_record = journal_->last();
  JournalRecord record;
  return journal_->Read(from, [&](uint64_t number, std::string_view bytes) -> std::optional<Error> {
    if (auto error = DecodeRecord(bytes, &record)) return error;
    if (number % kToldRecords == 0) {
      if (durability_.stopping()) return StartGivenUp();
      durability_.progress(
          {StartProgress::Stage::kJournal, number - from, journal_->last() - from + 1});
    }
    recovery->events += record.events.size() + record.orders.size();
    if (book_ != nullptr) {
      unsaved_bytes_ += bytes.size();
      return Replay(number, record);
    }
    applied_ = number;
    if (record.kind == RecordKind::kRules) {
      Result<std::shared_ptr<const Rules>> kept = KeptRules(record.time_zone, record.rules, rules);
      if (!kept) return kept.error();
      rules = *std::move(kept);
      rules_text_ = record.rules;
      return std::nullopt;
    }
    if (record.kind != RecordKind::kDayChange) {
      return Damage("record " + std::to_string(number) +
                    " should name the first day of the book; restore a backup");
    }
    options.today = record.day;
    book_ = std::make_unique<Book>(rules, options);
    return std::nullopt;
  });
}

Result<std::shared_ptr<const Rules>> DurableBook::KeptRules(
    std::string_view time_zone, std::string_view text, std::shared_ptr<const Rules> rules) const {
  if (time_zone != durability_.time_zone) {
    return Error{.code = ErrorCode::kInvalidValue,
                 .message = "the days of this book are those of the time zone " +
                            std::string(time_zone) + ", not of " + durability_.time_zone +
                            "; start it with the former, or import into a new folder",
                 .field = "book.time_zone",
                 .position = {}};
  }
  if (text.empty()) return rules;
  Result<std::shared_ptr<const Rules>> kept = durability_.read_rules(text);
  if (kept) return kept;
  return Damage("the rules that were kept cannot be read: " + kept.error().message);
}

std::optional<Error> DurableBook::Replay(uint64_t number, const JournalRecord& record) {
  const std::span<const Event> events(record.events);
  const std::span<const OrderPlaced> orders(record.orders);
  WriteRequest write{.name = record.name, .growth = record.growth, .what = record.day};
  switch (record.kind) {
    case RecordKind::kDayChange:
      if (number <= complete_from_) book_->ReplayDay(number, record.day);
      break;
    case RecordKind::kEvents:
      if (number <= complete_from_) book_->Replay(number, events, record.growth);
      write.what = events;
      break;
    case RecordKind::kOrders:
      if (number <= complete_from_) book_->Replay(number, orders, record.growth);
      write.what = orders;
      break;
    case RecordKind::kChurnFit:
      if (number <= complete_from_) book_->ReplayFit(number, record.fit);
      write.what = &record.fit;
      break;
    case RecordKind::kRules: {
      if (number <= complete_from_) return Damage("rules were changed while a snapshot was saved");
      Result<std::shared_ptr<const Rules>> rules =
          KeptRules(record.time_zone, record.rules, book_->rules());
      if (!rules) return rules.error();
      write.what = RulesChange{*std::move(rules), record.rules};
      rules_text_ = record.rules;
      const Result<ApplyAnswer> changed = ApplyOne(write);
      return changed ? std::nullopt : std::optional(changed.error());
    }
  }
  if (number <= complete_from_) {
    applied_ = number;
    return std::nullopt;
  }
  // What was refused is refused again.
  static_cast<void>(ApplyOne(write));
  return std::nullopt;
}

Result<ApplyAnswer> DurableBook::ApplyOne(const WriteRequest& write) {
  const std::lock_guard<std::mutex> lock(applying_);
  ++applied_;
  const auto only_state = [](const Result<StateName>& state) -> Result<ApplyAnswer> {
    if (!state) return state.error();
    ApplyAnswer answer;
    answer.state = *state;
    return answer;
  };
  return std::visit(Overloaded{[&](Day day) { return only_state(book_->AdvanceDay(day)); },
                               [&](const RulesChange& change) {
                                 return only_state(book_->ReplaceRules(change.rules));
                               },
                               [&](const AdoptedFit* fit) -> Result<ApplyAnswer> {
                                 return only_state(book_->AdoptFit(*fit));
                               },
                               [&](const auto& events) -> Result<ApplyAnswer> {
                                 ApplyAnswer answer = book_->Apply(events, write.growth);
                                 producers_.Remember(write.name, answer);
                                 if (answer.erased > 0) {
                                   const std::lock_guard<std::mutex> saved(saved_);
                                   erased_.Add(answer.state.journal_sequence);
                                 }
                                 return answer;
                               }},
                    write.what);
}

void DurableBook::Write(std::span<const WriteRequest> writes, const Answer& answer) {
  // The classes of a day close follow from the whole book at that moment, which no replay over
  // parts of different moments could tell again.
  const bool closes_day = std::any_of(writes.begin(), writes.end(), [](const WriteRequest& write) {
    return std::holds_alternative<Day>(write.what);
  });
  std::unique_lock<std::mutex> saving(saving_, std::defer_lock);
  if (closes_day) saving.lock();
  const std::lock_guard<std::mutex> lock(writing_);
  for (size_t next = 0; next < writes.size();) {
    next += WriteGroup(writes.subspan(next), next, answer);
  }
}

size_t DurableBook::WriteGroup(std::span<const WriteRequest> writes, size_t first,
                               const Answer& answer) {
  // What is to be done for each: apply it, or give the answer that there is already.
  std::vector<std::optional<Result<ApplyAnswer>>> known;
  std::vector<std::string_view> records;
  std::set<std::pair<std::string_view, uint64_t>> names;
  size_t bytes = 0;
  for (const WriteRequest& write : writes) {
    // A batch sent twice at a time: the second is looked up when the first has been answered.
    if (!write.name.producer.empty() &&
        !names.emplace(write.name.producer, write.name.batch).second) {
      break;
    }
    ApplyAnswer before;
    switch (producers_.Look(write.name, &before)) {
      case ProducerTable::Verdict::kKnown:
        known.emplace_back(std::move(before));
        continue;
      case ProducerTable::Verdict::kTooOld:
        known.emplace_back(BatchTooOld(write.name));
        continue;
      case ProducerTable::Verdict::kNew:
        known.emplace_back();
        break;
    }
    if (journal_ == nullptr) continue;
    if (records.size() == records_.size()) records_.emplace_back();
    std::string* record = &records_[records.size()];
    Encode(write, durability_.time_zone, record);
    records.push_back(*record);
    bytes += record->size();
    if (bytes >= kMaxGroupBytes) break;
  }
  std::optional<Error> failed;
  if (!records.empty()) failed = journal_->Append(records);
  if (!failed) {
    unsaved_bytes_ += bytes;
    segment_bytes_ += bytes;
  }
  for (size_t place = 0; place < known.size(); ++place) {
    if (known[place]) {
      answer(first + place, *known[place]);
    } else if (failed) {
      answer(first + place, *failed);
    } else {
      answer(first + place, ApplyOne(writes[place]));
    }
  }
  return known.size();
}

Result<StateName> DurableBook::AdvanceDay(Day day) {
  Result<StateName> state = StateName();
  const WriteRequest write{.name = {}, .what = day};
  Write(std::span(&write, 1), [&](size_t, const Result<ApplyAnswer>& answer) {
    if (answer) {
      state = answer->state;
    } else {
      state = answer.error();
    }
  });
  return state;
}

Result<StateName> DurableBook::ReplaceRules(const RulesChange& change) {
  const std::lock_guard<std::mutex> saving(saving_);
  const std::lock_guard<std::mutex> writing(writing_);
  // Judged before it is written: what the journal has was in force.
  if (auto error = book_->JudgeRules(*change.rules)) return *error;
  Result<StateName> state = StateName();
  const WriteRequest write{.name = {}, .what = change};
  WriteGroup(std::span(&write, 1), 0, [&](size_t, const Result<ApplyAnswer>& answer) {
    if (answer) {
      state = answer->state;
    } else {
      state = answer.error();
    }
  });
  if (state) rules_text_ = change.text;
  return state;
}

std::optional<Error> DurableBook::Sync() {
  const std::lock_guard<std::mutex> lock(writing_);
  if (journal_ == nullptr) return std::nullopt;
  return journal_->Sync();
}

void DurableBook::MeasureJournal() {
  if (journal_ != nullptr) journal_bytes_ = journal_->bytes_on_disk();
}

DurabilityStatus DurableBook::Status() const {
  DurabilityStatus status;
  if (journal_ == nullptr) return status;
  status.durable = true;
  status.journal_first = journal_->first();
  status.journal_last = journal_->last();
  status.journal_synced = journal_->durable();
  status.journal_bytes = journal_bytes_;
  status.unsaved_bytes = unsaved_bytes_;
  status.segment_bytes = segment_bytes_;
  const std::lock_guard<std::mutex> lock(saved_);
  status.saved_sequence = saved_sequence_;
  const ErasureReceipts::Receipt receipt = receipts_.latest();
  status.erased_sequence = receipt.sequence;
  status.erased_at = receipt.gone_since;
  return status;
}

std::optional<TimeMs> DurableBook::GoneSince(uint64_t sequence) const {
  const std::lock_guard<std::mutex> lock(saved_);
  return erased_.Has(sequence) ? receipts_.GoneSince(sequence) : std::nullopt;
}

bool DurableBook::WasErasure(uint64_t sequence) const {
  const std::lock_guard<std::mutex> lock(saved_);
  return erased_.Has(sequence);
}

}  // namespace kundig::engine
