// The journal: what the book was told, record after record, in the one order in which it happened.
// The book is a fold over it. A record is bytes to the journal; engine/event_codec.h says what is
// in them.
//
// The interface is small so that a replicated log can take the place of a folder.
//
// Thread safety: one thread appends and syncs at a time. Read, CutThrough, Roll and the numbers may
// be called by other threads meanwhile; Roll and CutThrough by one at a time.
//
// Invariants: numbers are dense, first() to last(), and none is given twice. What Append or Sync
// reported as durable is there after any crash, or opening says that it is not.

#ifndef KUNDIG_ENGINE_JOURNAL_H_
#define KUNDIG_ENGINE_JOURNAL_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "engine/result.h"

namespace kundig::engine {

class Journal {
 public:
  // Called for each record in the order of numbers; an error ends the reading and is its result.
  using Reader = std::function<std::optional<Error>(uint64_t number, std::string_view payload)>;

  Journal() = default;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  virtual ~Journal() = default;

  // Appends the group as the records last() + 1 and following: all of it or nothing. Durable on
  // return, except where the journal was opened to be synced in intervals. Errors:
  //   kDiskFull       nothing was appended; works again when there is room
  //   kStorageFailed  whether the group was kept is not known; every later call fails likewise, and
  //                   the process has to end and start anew to learn it
  virtual std::optional<Error> Append(std::span<const std::string_view> payloads) = 0;

  // Makes everything appended so far durable. Never tried again after it failed: the kernel may
  // have dropped what it could not write, and would report success.
  virtual std::optional<Error> Sync() = 0;

  // Reads the records from number `from` (at least first()) up to last() as of the call. Errors:
  // kDamaged, kNewerFormat, kStorageFailed, and the reader's own.
  virtual std::optional<Error> Read(uint64_t from, const Reader& reader) = 0;

  // Begins a new piece of storage with one of the next records, so that what is older can be cut.
  // Appends go on meanwhile.
  virtual std::optional<Error> Roll() = 0;

  // Removes every piece of storage whose records all have this number or a smaller one; their bytes
  // are gone when it returns.
  virtual std::optional<Error> CutThrough(uint64_t number) = 0;

  // The oldest record kept and the newest appended; last() is first() - 1 where none is kept.
  virtual uint64_t first() const = 0;
  virtual uint64_t last() const = 0;
  // The newest record known to be durable.
  virtual uint64_t durable() const = 0;
  virtual uint64_t bytes_on_disk() const = 0;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_JOURNAL_H_
