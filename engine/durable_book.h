// The book together with what keeps it: everything that changes the book is written to the journal,
// made durable, then applied, then answered. So nothing is acknowledged or shown that a crash could
// take back, and the journal alone gives the same book again.
//
// One sync serves a whole group of writes. A batch that its producer has numbered is applied once,
// however often it is sent (producer_table.h).
//
// Without a folder the same book lives in memory only.
//
// Thread safety: Write, AdvanceDay, FitChurn, Sync and Status from any thread; they take turns.
// book() from any thread, for questions: it must be told nothing but through here.

#ifndef KUNDIG_ENGINE_DURABLE_BOOK_H_
#define KUNDIG_ENGINE_DURABLE_BOOK_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/book.h"
#include "engine/erased_sequences.h"
#include "engine/erasure_receipts.h"
#include "engine/event_codec.h"
#include "engine/folder_lock.h"
#include "engine/journal.h"
#include "engine/producer_table.h"
#include "engine/result.h"
#include "engine/snapshot_manifest.h"

namespace kundig::engine {

// How far a start is: files of the snapshot that are loaded, then records of the journal behind it.
struct StartProgress {
  enum class Stage : uint8_t { kSnapshot, kJournal };
  Stage stage = Stage::kSnapshot;
  uint64_t done = 0, of = 0;
};

struct DurabilityOptions {
  std::string folder;            // of the data, made where it is missing
  bool sync_every_write = true;  // else what came before the last Sync is durable
  // Starts although acknowledged records at the end of the journal are gone.
  bool accept_lost_tail = false;
  std::string time_zone;  // of the rules' calendar: a folder belongs to one
  // The rules as a text that read_rules makes them of again. The journal keeps it, so that a start
  // judges old events by the rules under which they were taken. Without a text the folder has to be
  // opened with the same rules each time.
  std::string rules_text;
  std::function<Result<std::shared_ptr<const Rules>>(std::string_view text)> read_rules;
  // What time it is when something erased has gone from the folder; the engine reads no clock.
  std::function<TimeMs()> now = [] { return TimeMs{}; };
  // Told for every file and many a record, by one thread at a time.
  std::function<void(const StartProgress&)> progress = [](const StartProgress&) {};
  // Asked while a snapshot or backup is written and while a start reads, which are given up where
  // it says so (kStopping).
  std::function<bool()> stopping = [] { return false; };
};

// What opening found, for the log.
struct Recovery {
  std::optional<SnapshotInfo> snapshot;        // that was loaded
  std::vector<Error> damaged;                  // generations that were passed over
  uint64_t first_record = 0, last_record = 0;  // that were read from the journal; 0 where none
  uint64_t events = 0;                         // in them
  bool new_book = false;                       // the folder held none
  Day day_before;              // before it was moved forward to the day it was given
  bool rules_changed = false;  // others were put in force than those that were kept
  bool tail_torn = false;      // bytes behind the last record that were never acknowledged
  uint64_t lost_records = 0;   // acknowledged records that are gone, as accept_lost_tail allows
  std::vector<Error> damaged_below;  // damage in records of the journal that were not needed
  // Sentences, each for a warning: what was mended or set aside although the book did not need it,
  // and losses of unknown size that accept_lost_tail allowed.
  std::vector<std::string> notes;
};

// What DurableBook::Verify has read.
struct Verification {
  uint64_t generations = 0;        // of snapshots
  uint64_t records = 0;            // of the journal
  std::vector<std::string> notes;  // sentences about what is not as it was written, but harmless
};

// Other rules, and the text that the journal keeps of them. Their time zone is the folder's.
struct RulesChange {
  std::shared_ptr<const Rules> rules;
  std::string_view text;
};

// Something that the book is told: a batch of events, the next day, other rules, or a fit.
struct WriteRequest {
  BatchName name;                    // of a batch
  Growth growth = Growth::kAllowed;  // of a batch
  std::variant<std::span<const Event>, std::span<const OrderPlaced>, Day, RulesChange,
               const AdoptedFit*>
      what;
};

struct DurabilityStatus {
  bool durable = false;         // whether there is a journal at all
  uint64_t journal_first = 0;   // the oldest record kept
  uint64_t journal_last = 0;    // the newest one
  uint64_t journal_synced = 0;  // the newest one that is surely on the disk
  uint64_t journal_bytes = 0;
  uint64_t saved_sequence = 0;  // journal_sequence of the newest generation, 0 where there is none
  // What was erased up to here has left no byte in the folder, since then; 0: that is not known of
  // anything.
  uint64_t erased_sequence = 0;
  TimeMs erased_at;
  uint64_t unsaved_bytes = 0;  // of records behind the newest generation, as encoded
  uint64_t segment_bytes = 0;  // of records in the newest segment of the journal
};

// Records of a segment of the journal, well within the storage library's write buffer.
inline constexpr uint64_t kSegmentBytes = uint64_t{24} << 20;

// What SaveSnapshot does with what is older.
enum class Generations : uint8_t {
  kKeepTwo,
  kKeepNewest,  // so that nothing erased before is left anywhere in the folder
};

class DurableBook {
 public:
  // What became of a write: the answer of a batch, the state after a day change (in answer.state),
  // or why nothing was applied. kDiskFull: send it again later. kStorageFailed: whether the write
  // is kept is not known; no write will be taken any more and the process has to end.
  // kLimitExceeded for a numbered batch of which the book can no longer tell whether it was taken.
  using Answer = std::function<void(size_t place, const Result<ApplyAnswer>& answer)>;

  // Opens the folder and brings the book to the state of its journal. `today` is the first day of a
  // new book; an older book is moved forward to it, and a newer one stays. Errors: kFolderInUse,
  // kDamaged, kNewerFormat, kStorageFailed, kDiskFull.
  static Result<std::unique_ptr<DurableBook>> Open(std::shared_ptr<const Rules> rules,
                                                   BookOptions options,
                                                   const DurabilityOptions& durability,
                                                   Recovery* recovery);
  // A book without a folder.
  static std::unique_ptr<DurableBook> InMemory(std::shared_ptr<const Rules> rules,
                                               const BookOptions& options);
  DurableBook(const DurableBook&) = delete;
  DurableBook& operator=(const DurableBook&) = delete;

  Book& book() { return *book_; }

  // Takes batches and days in the order given; calls `answer` once for each, in that order.
  void Write(std::span<const WriteRequest> writes, const Answer& answer);
  Result<StateName> AdvanceDay(Day day);
  // Puts other rules in force, as Book::ReplaceRules. Rules and days wait for a snapshot that is
  // being saved, so that all of it is of one set of rules, and no day closes between its parts.
  Result<StateName> ReplaceRules(const RulesChange& change);
  // Fits the models to the book as it is, writes the fit to the journal and puts it in force: the
  // answer of Book::Churn. Takes as long as that; fits take turns, other writes go on meanwhile.
  // Errors: kTooLittleData, and those of a write.
  Result<ChurnAnswer> FitChurn();
  // Makes everything written so far durable; only needed without sync_every_write.
  std::optional<Error> Sync();
  // Cheap, for any thread; journal_bytes is as of the last MeasureJournal.
  DurabilityStatus Status() const;
  // Since when nothing is left in the folder of what was erased at `sequence`, the journal_sequence
  // in the answer of a batch; nothing where something may be, and where WasErasure says no. For any
  // thread, and true after any restart.
  std::optional<TimeMs> GoneSince(uint64_t sequence) const;
  // Whether the batch that was answered with `sequence` erased anything, as far as this book knows:
  // it forgets the oldest, and what was erased before books kept it (erased_sequences.h).
  bool WasErasure(uint64_t sequence) const;
  // Looks through the journal's files: for a thread that may wait.
  void MeasureJournal();

  // Saves the book beside everything else and removes what it makes superfluous. `saved_at` is kept
  // with it. Does only the latter where nothing was written since the newest generation. Errors:
  // kDiskFull, kStorageFailed: the generations that were there stay. kInvalidValue in memory only.
  Result<SnapshotInfo> SaveSnapshot(TimeMs saved_at, Generations keep);
  // Begins a new segment of the journal, beside everything else. To be called before one has
  // kSegmentBytes: a larger one costs nothing but disk, its records are written twice.
  std::optional<Error> RollJournal();
  // Copies the book into a new data folder, beside everything else, and reads the copy back.
  // kInvalidValue where something is there already, or where it would lie in the book's own folder.
  Result<SnapshotInfo> Backup(TimeMs saved_at, const std::string& folder);
  // Reads all that a start could need of a folder that no process serves, every generation and the
  // records to complete it, and changes nothing: the first damage. kInvalidValue where there is no
  // data folder, kFolderInUse.
  static std::optional<Error> Verify(const std::string& folder, Verification* found);
  // Makes a data folder of a backup that was verified first: `folder` must be missing or empty, and
  // apart from the backup. The copy is read back and appears as a whole.
  static std::optional<Error> Restore(const std::string& backup, const std::string& folder);

 private:
  explicit DurableBook(const DurabilityOptions& durability) : durability_(durability) {}

  std::optional<Error> OpenFolder(std::shared_ptr<const Rules> rules, BookOptions options,
                                  Recovery* recovery);
  // None where they are damaged, which keeps nobody from starting.
  std::optional<Error> ReadReceipts(Recovery* recovery);
  // What is kept beside the book in a snapshot: producers_ and erased_. Under applying_.
  std::string SaveAttachment() const;
  std::optional<Error> LoadAttachment(std::string_view bytes);
  // The newest sound generation, if there is one.
  std::optional<Error> LoadGeneration(const std::shared_ptr<const Rules>& rules,
                                      const BookOptions& options, Recovery* recovery);
  // The book of one generation, with the rules that were in force.
  Result<LoadedSnapshot> LoadFrom(const std::string& folder,
                                  const std::shared_ptr<const Rules>& rules,
                                  const BookOptions& options) const;
  // `rules`: of a book of before rules were kept.
  std::optional<Error> ReadJournal(std::shared_ptr<const Rules> rules, BookOptions options,
                                   Recovery* recovery);
  // Rules from a text that was kept, or `rules` where none was; kInvalidValue where the book is of
  // another time zone.
  Result<std::shared_ptr<const Rules>> KeptRules(std::string_view time_zone, std::string_view text,
                                                 std::shared_ptr<const Rules> rules) const;
  std::optional<Error> Replay(uint64_t number, const JournalRecord& record);
  // Under saving_, which lets one at a time begin a segment.
  std::optional<Error> BeginSegment();
  // The generation of this record, if it is there and sound; one that is damaged is set aside.
  // Under saving_.
  Result<std::optional<SnapshotInfo>> SoundGeneration(uint64_t record);
  // Makes the folder of a backup whole; it has a name of its own until then. Under saving_.
  Result<SnapshotInfo> BackupInto(const std::string& folder, TimeMs saved_at);
  // Saves the book into the folder, which must not be there. Under saving_.
  Result<SnapshotInfo> SaveTo(const std::string& folder, TimeMs saved_at);
  // Removes what is not to be kept, and notes what is gone with it. Under saving_.
  std::optional<Error> RemoveGenerations(Generations keep);
  static std::optional<Error> VerifyLocked(const std::string& folder, Verification* found);
  // Writes as many of `writes` as may share one sync; returns how many that were. Under writing_.
  size_t WriteGroup(std::span<const WriteRequest> writes, size_t first, const Answer& answer);
  Result<ApplyAnswer> ApplyOne(const WriteRequest& write);

  const DurabilityOptions durability_;
  std::optional<FolderLock> folder_lock_;
  std::unique_ptr<Book> book_;
  std::unique_ptr<Journal> journal_;

  std::mutex fitting_;  // one fit at a time, so that the last one is of the latest book
  std::mutex writing_;  // guards records_, and the right to append
  std::deque<std::string> records_;  // of the group under way; kept for their memory
  std::mutex applying_;              // held while a record is applied; guards what follows
  ProducerTable producers_;
  uint64_t applied_ = 0;        // the last record in the book
  uint64_t complete_from_ = 0;  // records up to it are being replayed into a loaded book

  // One snapshot, backup or change of rules at a time; guards the folder of generations.
  std::mutex saving_;
  std::string rules_text_;  // of the rules in force; under saving_
  std::atomic<uint64_t> unsaved_bytes_{0}, segment_bytes_{0}, journal_bytes_{0};
  uint64_t newest_generation_ = 0;  // its record; 0 where there is none
  mutable std::mutex saved_;        // guards what follows, for Status
  uint64_t saved_sequence_ = 0;
  ErasureReceipts receipts_;  // changed under saving_, too
  ErasedSequences erased_;    // changed under applying_, too
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_DURABLE_BOOK_H_
