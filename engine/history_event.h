// Events that become entries of a customer's history, and the way back. Whoever adds a kind of
// entry adds it here, in both directions; what it adds up to is in shard_measures.cc.
//
// Thread safety: MakeEntry needs the book's write lock, because it adds names; EventOf at least the
// lookup lock. Invariant: EventOf of an entry makes that entry again.

#ifndef KUNDIG_ENGINE_HISTORY_EVENT_H_
#define KUNDIG_ENGINE_HISTORY_EVENT_H_

#include <concepts>
#include <optional>
#include <string_view>

#include "engine/apply_context.h"
#include "engine/event.h"
#include "engine/history_entry.h"
#include "engine/query.h"
#include "engine/result.h"

namespace kundig::engine {

// The error for one more name of a kind that has kMaxNames already.
Error TooManyNames(const char* field);

// The entry that an event is, or why it cannot be taken. Text in the entry is that of the event.
std::optional<Error> MakeEntry(const OrderPlaced& event, const ApplyContext& context,
                               HistoryEntry* entry);
std::optional<Error> MakeEntry(const ReturnReceived& event, const ApplyContext& context,
                               HistoryEntry* entry);
std::optional<Error> MakeEntry(const Visit& event, const ApplyContext& context,
                               HistoryEntry* entry);
std::optional<Error> MakeEntry(const Contact& event, const ApplyContext& context,
                               HistoryEntry* entry);
std::optional<Error> MakeEntry(const Consent& event, const ApplyContext& context,
                               HistoryEntry* entry);
std::optional<Error> MakeEntry(const Termination& event, const ApplyContext& context,
                               HistoryEntry* entry);
std::optional<Error> MakeEntry(const Complaint& event, const ApplyContext& context,
                               HistoryEntry* entry);
std::optional<Error> MakeEntry(const ServiceRequest& event, const ApplyContext& context,
                               HistoryEntry* entry);
std::optional<Error> MakeEntry(const LatePayment& event, const ApplyContext& context,
                               HistoryEntry* entry);
std::optional<Error> MakeEntry(const Cost& event, const ApplyContext& context, HistoryEntry* entry);

template <typename E>
concept HistoryEvent = requires(const E& event, const ApplyContext& context, HistoryEntry* entry) {
  { MakeEntry(event, context, entry) } -> std::same_as<std::optional<Error>>;
};

// The event that would make this entry. Text is that of the arguments.
HeldEvent EventOf(std::string_view customer, const HistoryEntry& entry, const CustomerNames& names);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_HISTORY_EVENT_H_
