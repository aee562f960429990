// The journal's mark: a small file that says through which record the journal was known to be
// durable, and through which it was cut. A tail that a fault made shorter is a sound journal to
// every checksum; only the mark tells that records are missing. It also has the journal's identity,
// a number that no other journal has, which its segments repeat.
//
// It is written over in place after each sync and not synced itself: the kernel keeps it when the
// process dies, and after a loss of power it is at most behind, which accuses nobody wrongly. Two
// slots take turns, each in a sector of its own with a checksum, so one of them is always whole.
//
// Thread safety: one call at a time, except that Sync may run beside Write.

#ifndef KUNDIG_ENGINE_JOURNAL_MARK_H_
#define KUNDIG_ENGINE_JOURNAL_MARK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/journal_files.h"
#include "engine/result.h"

namespace kundig::engine {

class JournalMark {
 public:
  struct Numbers {
    uint64_t cut_through = 0;     // records up to here were removed on purpose
    uint64_t synced_through = 0;  // records up to here were acknowledged, or may have been
    uint64_t identity = 0;        // 0 in files of the first releases
  };
  // What the file says.
  struct Content {
    Numbers numbers;
    bool slot_damaged = false;  // the other slot is whole, and at most one write older
    uint64_t turn = 0;          // of the newest slot; even turns lie in the first
  };

  // Creates the file aside and renames it: it is never there half made.
  static std::optional<Error> Create(const JournalFiles& files, const std::string& folder,
                                     const Numbers& numbers);
  static bool Exists(const JournalFiles& files, const std::string& folder);
  // kDamaged where neither slot is whole.
  static Result<Content> Read(const JournalFiles& files, const std::string& folder);
  // To be written over; errors as Read.
  static Result<JournalMark> Open(const JournalFiles& files, const std::string& folder);

  const Numbers& numbers() const { return numbers_; }
  std::optional<Error> Write(const Numbers& numbers);
  std::optional<Error> Sync();

 private:
  JournalMark(std::string path, std::unique_ptr<rocksdb::FSRandomRWFile> file,
              const Content& content)
      : path_(std::move(path)),
        file_(std::move(file)),
        numbers_(content.numbers),
        turn_(content.turn) {}

  std::string path_;
  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  Numbers numbers_;
  uint64_t turn_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_JOURNAL_MARK_H_
