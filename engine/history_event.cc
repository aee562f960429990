#include "engine/history_event.h"

#include <string>
#include <utility>

#include "engine/check.h"
#include "engine/limits.h"
#include "engine/refusal.h"

namespace kundig::engine {
namespace {

// An entry of this kind at this time, on its business day.
std::optional<Error> Begin(EntryKind kind, TimeMs at, const ApplyContext& context,
                           HistoryEntry* entry) {
  const Day day = context.rules->calendar().DayOf(at);
  if (day < kFirstDay || day > kLastDay) {
    return Refusal(
        ErrorCode::kInvalidValue,
        "the time must lie between " + FormatDay(kFirstDay) + " and " + FormatDay(kLastDay), "at");
  }
  if (day > context.today + 1) {
    return Refusal(ErrorCode::kFutureEvent,
                   "the event is dated " + FormatDay(day) +
                       ", later than the end of tomorrow (today is " + FormatDay(context.today) +
                       ")",
                   "at");
  }
  entry->kind = kind;
  entry->day = day;
  entry->at = at;
  return std::nullopt;
}

std::optional<Error> JudgeMoney(std::string_view currency, Minor amount,
                                std::optional<Minor> margin, const char* amount_field,
                                const ApplyContext& context) {
  const std::string& own = context.rules->settings().currency;
  if (!currency.empty() && currency != own) {
    return Refusal(ErrorCode::kCurrencyMismatch,
                   "the book is kept in " + own + ", the event is in " + std::string(currency),
                   "currency");
  }
  if (amount.units < 0 || amount.units > kMaxAmountMinor) {
    return Refusal(ErrorCode::kInvalidValue,
                   "the amount must be 0 to " + std::to_string(kMaxAmountMinor) + " minor units",
                   amount_field);
  }
  if (margin && (margin->units < -kMaxAmountMinor || margin->units > kMaxAmountMinor)) {
    return Refusal(ErrorCode::kInvalidValue,
                   "the margin must be within " + std::to_string(kMaxAmountMinor) + " minor units",
                   "margin");
  }
  return std::nullopt;
}

// The code of a name that may be empty, added where it is new.
std::optional<Error> Name(std::string_view name, Dictionary* names, const char* field,
                          NameCode* code) {
  if (name.empty()) return std::nullopt;
  const std::optional<NameCode> added = names->Add(name);
  if (!added) return TooManyNames(field);
  *code = *added;
  return std::nullopt;
}

std::string_view NameText(const Dictionary& names, NameCode code) {
  return code == kNoName ? std::string_view() : names.Text(code);
}

}  // namespace

Error TooManyNames(const char* field) {
  return Refusal(ErrorCode::kLimitExceeded,
                 "the book holds " + std::to_string(kMaxNames) + " different names already", field);
}

std::optional<Error> MakeEntry(const OrderPlaced& event, const ApplyContext& context,
                               HistoryEntry* entry) {
  entry->id = event.order;
  entry->amount = event.revenue;
  entry->margin = event.margin;
  entry->items = event.items;
  if (auto error = JudgeMoney(event.currency, event.revenue, event.margin, "revenue", context)) {
    return error;
  }
  return Begin(EntryKind::kOrder, event.at, context, entry);
}

std::optional<Error> MakeEntry(const ReturnReceived& event, const ApplyContext& context,
                               HistoryEntry* entry) {
  entry->id = event.return_id;
  entry->amount = event.amount;
  entry->margin = event.margin;
  if (auto error = JudgeMoney(event.currency, event.amount, event.margin, "amount", context)) {
    return error;
  }
  return Begin(EntryKind::kReturn, event.at, context, entry);
}

std::optional<Error> MakeEntry(const Visit& event, const ApplyContext& context,
                               HistoryEntry* entry) {
  return Begin(EntryKind::kVisit, event.at, context, entry);
}

std::optional<Error> MakeEntry(const Contact& event, const ApplyContext& context,
                               HistoryEntry* entry) {
  if (auto error = Begin(EntryKind::kContact, event.at, context, entry)) return error;
  CustomerNames& names = *context.names;
  if (auto error = Name(event.channel, &names.channels, "channel", &entry->channel)) return error;
  return Name(event.campaign, &names.campaigns, "campaign", &entry->campaign);
}

std::optional<Error> MakeEntry(const Consent& event, const ApplyContext& context,
                               HistoryEntry* entry) {
  entry->consent = event.state;
  entry->until = event.until;
  return Begin(EntryKind::kConsent, event.at, context, entry);
}

std::optional<Error> MakeEntry(const Termination& event, const ApplyContext& context,
                               HistoryEntry* entry) {
  if (event.state == TerminationState::kGiven) entry->effective = event.effective;
  if (auto error = Begin(EntryKind::kTermination, event.at, context, entry)) return error;
  return Name(event.reason, &context.names->termination_reasons, "reason", &entry->reason);
}

std::optional<Error> MakeEntry(const Complaint& event, const ApplyContext& context,
                               HistoryEntry* entry) {
  entry->id = event.complaint;
  entry->closed = event.closed;
  if (auto error = Begin(EntryKind::kComplaint, event.at, context, entry)) return error;
  if (!event.closed) return std::nullopt;
  // As of any event: what is told of later days could not be held against the days until then.
  if (*event.closed > context.today + 1) {
    return Refusal(ErrorCode::kFutureEvent,
                   "the complaint would be closed on " + FormatDay(*event.closed) +
                       ", later than the end of tomorrow (today is " + FormatDay(context.today) +
                       "); tell it then",
                   "closed");
  }
  if (*event.closed >= entry->day) return std::nullopt;
  return Refusal(ErrorCode::kInvalidValue,
                 "the complaint was closed on " + FormatDay(*event.closed) +
                     ", before it was opened on " + FormatDay(entry->day),
                 "closed");
}

std::optional<Error> MakeEntry(const ServiceRequest& event, const ApplyContext& context,
                               HistoryEntry* entry) {
  return Begin(EntryKind::kServiceRequest, event.at, context, entry);
}

std::optional<Error> MakeEntry(const LatePayment& event, const ApplyContext& context,
                               HistoryEntry* entry) {
  return Begin(EntryKind::kLatePayment, event.at, context, entry);
}

std::optional<Error> MakeEntry(const Cost& event, const ApplyContext& context,
                               HistoryEntry* entry) {
  entry->id = event.cost;
  entry->amount = event.amount;
  if (auto error = JudgeMoney(event.currency, event.amount, std::nullopt, "amount", context)) {
    return error;
  }
  return Begin(EntryKind::kCost, event.at, context, entry);
}

HeldEvent EventOf(std::string_view customer, const HistoryEntry& entry,
                  const CustomerNames& names) {
  switch (entry.kind) {
    case EntryKind::kOrder:
      return OrderPlaced{.customer = customer,
                         .order = entry.id,
                         .at = entry.at,
                         .revenue = entry.amount,
                         .margin = entry.margin,
                         .items = entry.items,
                         .currency = {}};
    case EntryKind::kReturn:
      return ReturnReceived{.customer = customer,
                            .return_id = entry.id,
                            .at = entry.at,
                            .amount = entry.amount,
                            .margin = entry.margin,
                            .currency = {}};
    case EntryKind::kVisit:
      return Visit{.customer = customer, .at = entry.at};
    case EntryKind::kContact:
      return Contact{.customer = customer,
                     .at = entry.at,
                     .channel = NameText(names.channels, entry.channel),
                     .campaign = NameText(names.campaigns, entry.campaign)};
    case EntryKind::kConsent:
      return Consent{
          .customer = customer, .at = entry.at, .state = entry.consent, .until = entry.until};
    case EntryKind::kTermination:
      return Termination{
          .customer = customer,
          .at = entry.at,
          .state = entry.effective ? TerminationState::kGiven : TerminationState::kWithdrawn,
          .effective = entry.effective,
          .reason = NameText(names.termination_reasons, entry.reason)};
    case EntryKind::kComplaint:
      return Complaint{
          .customer = customer, .complaint = entry.id, .at = entry.at, .closed = entry.closed};
    case EntryKind::kServiceRequest:
      return ServiceRequest{.customer = customer, .at = entry.at};
    case EntryKind::kLatePayment:
      return LatePayment{.customer = customer, .at = entry.at};
    case EntryKind::kCost:
      return Cost{.customer = customer,
                  .cost = entry.id,
                  .at = entry.at,
                  .amount = entry.amount,
                  .currency = {}};
  }
  KUNDIG_CHECK(false);
}

}  // namespace kundig::engine
