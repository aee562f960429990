// The ledger of a server that is killed again and again: which batches were sent, what became of
// each, and what the book must hold then. It is the slow, simple side of the comparison: it knows
// batches and sums, and nothing of journals.
//
// What is in a batch follows from its number, so that a million events need no memory. Each batch
// has orders of customers that all batches share, and a customer of its own, its witness, with its
// first and its last event: the witness says whether a batch of which no answer came was applied,
// and the shared customers' sums that it was applied as a whole and once. Some events repeat or
// correct earlier ones of the batch, cancel or return them, and some are refused.
//
// Thread safety: Ledger's methods from any thread, but Check while nothing is being sent.

#ifndef KUNDIG_TESTS_END_TO_END_LEDGER_H_
#define KUNDIG_TESTS_END_TO_END_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/event_batch.h"
#include "client/order_batch.h"

namespace kundig::end_to_end {

// The book's pinned day, 2020-01-01.
inline constexpr int32_t kLedgerToday = 18262;

struct LedgerEvent {
  enum class Kind : uint8_t { kOrder, kCancelled, kReturn };
  // Stands for the batch's witness among the numbers of shared customers.
  static constexpr size_t kWitness = ~size_t{0};

  Kind kind = Kind::kOrder;
  size_t customer = kWitness;
  size_t id = 0;  // of the order or return, within the batch
  int32_t day = 0;
  int64_t amount_minor = 0;
  bool refused = false;
};

class LedgerBatch {
 public:
  // `events` is at least 2.
  LedgerBatch(uint64_t number, size_t events);

  uint64_t number() const { return number_; }
  const std::vector<LedgerEvent>& events() const { return events_; }
  // How many events the book refuses, and how many take a place in its sequence.
  size_t refused() const { return refused_; }
  size_t places() const { return events_.size() - refused_; }
  // Orders alone, which go the way of columns.
  bool only_orders() const { return number_ % 4 != 0; }
  client::OrderBatch Orders() const;
  client::EventBatch Events() const;

  static std::string Witness(uint64_t number) { return "w" + std::to_string(number); }
  static std::string Shared(size_t customer) { return "c" + std::to_string(customer); }

 private:
  std::string CustomerOf(const LedgerEvent& event) const;
  std::string IdOf(const LedgerEvent& event) const;

  uint64_t number_;
  std::vector<LedgerEvent> events_;
  size_t refused_ = 0;
};

class Ledger {
 public:
  static constexpr size_t kSharedCustomers = 256;

  enum class State : uint8_t {
    kSent,          // no answer yet
    kAcknowledged,  // answered: must be there
    kRefused,       // answered so, or never sent: must not be there
    kLost,          // nobody knows; the book says it when it is looked at next
    kKept,          // was looked at: stays there for ever
    kAbsent,        // was looked at, or was refused: must never come
  };

  explicit Ledger(size_t batch_events) : batch_events_(batch_events) {}

  LedgerBatch Begin();
  void Settle(const LedgerBatch& batch, State state);
  // Compares the book with the ledger, and settles what was lost; false where the server cannot be
  // asked. Nothing may be on its way.
  bool Check(client::Client* client);

  size_t batch_events() const { return batch_events_; }
  uint64_t acknowledged_events() const;
  uint64_t lost_batches() const;  // ever, whatever came of them
  uint64_t kept_of_lost() const { return kept_of_lost_; }

 private:
  // What a customer must have.
  struct Figures {
    bool found = false;
    uint32_t orders = 0;
    int64_t revenue = 0;
    uint64_t days = 0;  // bit k: an order k days before today
  };
  static bool Equal(const wire::ProfileRecord& record, const Figures& expected);
  // Adds what the batch does to the shared customers; returns the figures of its witness.
  static Figures Fold(const LedgerBatch& batch, std::vector<Figures>* shared);
  // Decides by its witness what is not known of a batch yet, and compares what is.
  void Judge(uint64_t number, const wire::ProfileRecord& witness);

  const size_t batch_events_;
  mutable std::mutex mutex_;
  std::vector<State> states_;  // by number
  uint64_t acknowledged_events_ = 0, lost_batches_ = 0;

  // Of what is in the book; used by Check alone.
  std::vector<Figures> shared_ = std::vector<Figures>(kSharedCustomers);
  uint64_t places_ = 0, kept_batches_ = 0, kept_of_lost_ = 0;
};

}  // namespace kundig::end_to_end

#endif  // KUNDIG_TESTS_END_TO_END_LEDGER_H_
