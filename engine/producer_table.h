// Which batches the book has taken already, by the names that producers give them, and what was
// answered: so that a batch sent again after a lost answer is answered as before and not applied
// again. The table is a fold over the journal like the rest of the book.
//
// A producer numbers its batches in any order it likes, but never two with one number. Of each
// producer the kKeptBatches highest numbers are kept; a lower number that is not among them can no
// longer be told from one taken before and is refused. Of too many producers the one that has been
// silent for longest is forgotten.
//
// Thread safety: belongs to one thread at a time.

#ifndef KUNDIG_ENGINE_PRODUCER_TABLE_H_
#define KUNDIG_ENGINE_PRODUCER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/book.h"
#include "engine/event_codec.h"
#include "engine/result.h"

namespace kundig::engine {

// A producer must not have more batches than this without an answer.
inline constexpr size_t kKeptBatches = 256;
// Refused events that a kept answer names; the others it counts.
inline constexpr size_t kKeptRefusals = 64;
inline constexpr size_t kMaxProducers = 4096;
// Of the texts of all refusals kept together; beyond it new answers only count theirs.
inline constexpr size_t kMaxKeptRefusalBytes = size_t{16} << 20;

class ProducerTable {
 public:
  ProducerTable() = default;
  ProducerTable(const ProducerTable&) = delete;
  ProducerTable& operator=(const ProducerTable&) = delete;

  enum class Verdict : uint8_t { kNew, kKnown, kTooOld };

  // What is known of a batch; *answer is set where it is kKnown. kNew for a batch without a name.
  Verdict Look(const BatchName& name, ApplyAnswer* answer) const;
  // The batch was applied and answered so. Does nothing for a batch without a name.
  void Remember(const BatchName& name, const ApplyAnswer& answer);

  size_t producers() const { return by_name_.size(); }

  // The whole table as bytes, for a snapshot.
  std::string Save() const;
  // Takes the place of what is there, with what Save wrote at the front of *bytes, which keeps the
  // rest. kDamaged for what Save never wrote.
  std::optional<Error> Load(std::string_view* bytes);

 private:
  struct Producer {
    std::string name;
    std::optional<uint64_t> forgotten;  // the highest number that is kept no longer
    std::map<uint64_t, ApplyAnswer> answers;
  };
  using Producers = std::list<Producer>;  // the one silent for longest first

  // The producer, made where it is new; it has spoken now.
  Producer* Find(std::string_view name);
  // Keeps the answer in the place of one that may be there.
  void Keep(Producer* producer, uint64_t batch, ApplyAnswer answer);
  void Forget(const ApplyAnswer& answer);

  Producers producers_;
  size_t refusal_bytes_ = 0;                                           // of the answers kept
  std::unordered_map<std::string_view, Producers::iterator> by_name_;  // keys point into producers_
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_PRODUCER_TABLE_H_
