// The events that a book is made of, as the engine takes them. Form and ranges (ids, ratings, days
// between kFirstCivilDay and kLastCivilDay, what is written beside a field here) were judged at the
// border, where the bytes came in; what needs the book (tomorrow's end, currency, stages, limits on
// money) is judged by Book::Apply. Text points into the caller's memory and needs to live only
// until Book::Apply returns.
//
// Thread safety: plain values.

#ifndef KUNDIG_ENGINE_EVENT_H_
#define KUNDIG_ENGINE_EVENT_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "engine/units.h"

namespace kundig::engine {

enum class CustomerKind : uint8_t { kConsumer, kBusiness };
enum class ConsentState : uint8_t { kGranted, kWithdrawn };
enum class LeadStatus : uint8_t { kOpen, kWon, kLost };
enum class ValueClass : uint8_t { kIndividual, kStandard, kReview };
enum class TerminationState : uint8_t { kGiven, kWithdrawn };

// What an upsert says of one attribute.
template <typename T>
struct Patch {
  enum class Verb : uint8_t { kKeep, kSet, kRemove };
  Verb verb = Verb::kKeep;
  T value{};

  static Patch Set(T value) { return Patch{Verb::kSet, value}; }
  static Patch Remove() { return Patch{Verb::kRemove, T{}}; }
};

struct CustomerSet {
  std::string_view customer;
  Patch<CustomerKind> kind;
  Patch<std::string_view> country, region, owner;
  Patch<uint32_t> company_size, products;
  Patch<Minor> potential;  // minor units a year, >= 0
  Patch<bool> key_account;
  Patch<uint8_t> satisfaction;     // 0..10
  Patch<uint8_t> referral;         // 0..10
  Patch<uint8_t> bonding;          // 0..100
  Patch<ValueClass> pinned_class;  // by a person; comes before every rule
};

struct OrderPlaced {
  std::string_view customer, order;
  TimeMs at;
  Minor revenue;                // >= 0
  std::optional<Minor> margin;  // may be negative
  uint32_t items = 0;
  std::string_view currency;  // empty = the book's
};

struct ReturnReceived {
  std::string_view customer, return_id;
  TimeMs at;
  Minor amount;  // > 0
  std::optional<Minor> margin;
  std::string_view currency;
};

struct OrderCancelled {
  std::string_view customer, order;
};

struct Visit {
  std::string_view customer;
  TimeMs at;
};

struct Contact {
  std::string_view customer;
  TimeMs at;
  std::string_view channel, campaign;  // may be empty
};

struct Consent {
  std::string_view customer;
  TimeMs at;
  ConsentState state = ConsentState::kGranted;
  std::optional<Day> until;  // last day, only with kGranted
};

struct LeadSet {
  std::string_view lead;
  std::optional<LeadStatus> status;  // absent: as it is; a new lead is open
  std::optional<std::string_view> stage;
  std::optional<Minor> revenue;  // >= 0
  Patch<uint16_t> chance;        // override, hundredths of a percent, 0..10000
  Patch<std::string_view> customer, owner, region, product, source;
  Patch<Day> opened, expected_close;
  std::optional<Day> closed;  // today where absent
  std::optional<std::string_view> reason;
  std::string_view currency;
};

struct LeadClosed {
  std::string_view lead;
  LeadStatus status = LeadStatus::kWon;  // won or lost
  std::optional<Day> closed;             // today where absent
  std::string_view reason;
};

struct Erase {
  std::string_view customer;
};

// The customer gives notice, or takes it back: the latest by time is in force.
struct Termination {
  std::string_view customer;
  TimeMs at;
  TerminationState state = TerminationState::kGiven;
  std::optional<Day> effective;  // with kGiven, and only then
  std::string_view reason;       // may be empty
};

// Opened `at`; sent again with `closed` it is closed.
struct Complaint {
  std::string_view customer, complaint;
  TimeMs at;
  std::optional<Day> closed;  // not before the day of `at`
};

struct ServiceRequest {
  std::string_view customer;
  TimeMs at;
};

struct LatePayment {
  std::string_view customer;
  TimeMs at;
};

// What a customer cost, service or acquisition for example.
struct Cost {
  std::string_view customer, cost;
  TimeMs at;
  Minor amount;  // >= 0
  std::string_view currency;
};

// Whether a batch may bring new customers, leads and entries of histories. Where it may not,
// because the memory set aside is used up, those are refused (kMemoryFull), and what corrects,
// cancels, erases or closes is taken; so is what a customer who is there consents to.
enum class Growth : uint8_t { kAllowed, kRefused };

using Event = std::variant<CustomerSet, OrderPlaced, ReturnReceived, OrderCancelled, Visit, Contact,
                           Consent, LeadSet, LeadClosed, Erase, Termination, Complaint,
                           ServiceRequest, LatePayment, Cost>;

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_EVENT_H_
