#include "engine/shard.h"

#include <utility>

#include "engine/check.h"
#include "engine/hash.h"
#include "engine/limits.h"

namespace kundig::engine {
namespace {

Error Refusal(ErrorCode code, std::string message, std::string field) {
  return Error{code, std::move(message), std::move(field), std::nullopt};
}

// The business day of an event, or why it cannot be taken.
Result<Day> JudgeTime(TimeMs at, const ApplyContext& context) {
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
  return day;
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

Error TooManyNames(const char* field) {
  return Refusal(ErrorCode::kLimitExceeded,
                 "the book holds " + std::to_string(kMaxNames) + " different names already", field);
}

// Puts what the patch says into the column; true where that changed it.
template <typename T, typename V, typename Convert>
bool Patched(T* cell, T absent, const Patch<V>& patch, Convert convert) {
  if (patch.verb == Patch<V>::Verb::kKeep) return false;
  const T value = patch.verb == Patch<V>::Verb::kRemove ? absent : convert(patch.value);
  return std::exchange(*cell, value) != value;
}

// The code of a patch's name, added where it is new.
Result<Patch<NameCode>> Coded(const Patch<std::string_view>& patch, Dictionary* names,
                              const char* field) {
  using Verb = Patch<std::string_view>::Verb;
  if (patch.verb == Verb::kKeep) return Patch<NameCode>{};
  if (patch.verb == Verb::kRemove) return Patch<NameCode>::Remove();
  const std::optional<NameCode> code = names->Add(patch.value);
  if (!code) return TooManyNames(field);
  return Patch<NameCode>::Set(*code);
}

}  // namespace

size_t Shard::KeyHash::operator()(RowIndex row) const {
  return HashBytes(shard->CustomerAt(Raw(row)));
}
size_t Shard::KeyHash::operator()(std::string_view id) const {
  return HashBytes(id);
}

std::optional<RowIndex> Shard::Find(std::string_view customer) const {
  auto found = index_.find(customer);
  if (found == index_.end()) return std::nullopt;
  return *found;
}

uint32_t Shard::FindOrCreate(std::string_view customer, const ApplyContext& context) {
  if (auto found = index_.find(customer); found != index_.end()) return Raw(*found);
  uint32_t row = columns_.size();
  if (free_rows_.empty()) {
    columns_.Grow();
    histories_.emplace_back();
  } else {
    row = free_rows_.back();
    free_rows_.pop_back();
    columns_.Clear(row);
  }
  histories_[row] = std::make_unique<History>(customer);
  columns_.live[row] = 1;
  columns_.changed_at[row] = context.sequence;
  index_.insert(RowIndex{row});
  return row;
}

Result<Effect> Shard::Apply(const CustomerSet& event, const ApplyContext& context) {
  const auto country = Coded(event.country, &context.names->countries, "country");
  if (!country) return country.error();
  const auto region = Coded(event.region, &context.names->regions, "region");
  if (!region) return region.error();
  const auto owner = Coded(event.owner, &context.names->owners, "owner");
  if (!owner) return owner.error();

  const uint32_t known = customers();
  const uint32_t row = FindOrCreate(event.customer, context);
  bool changed = customers() != known;
  const auto same = [](auto value) { return value; };
  CustomerColumns& c = columns_;
  changed |= Patched(&c.kind[row], ColumnKind::kAbsent, event.kind, [](CustomerKind kind) {
    return kind == CustomerKind::kConsumer ? ColumnKind::kConsumer : ColumnKind::kBusiness;
  });
  changed |= Patched(&c.country[row], kNoName, *country, same);
  changed |= Patched(&c.region[row], kNoName, *region, same);
  changed |= Patched(&c.owner[row], kNoName, *owner, same);
  changed |= Patched(&c.company_size[row], kNoCount, event.company_size, same);
  changed |= Patched(&c.products[row], kNoCount, event.products, same);
  changed |= Patched(&c.potential[row], kNoPotential, event.potential,
                     [](Minor potential) { return potential.units; });
  changed |= Patched(&c.key_account[row], ColumnFlag::kAbsent, event.key_account,
                     [](bool is) { return is ? ColumnFlag::kTrue : ColumnFlag::kFalse; });
  changed |= Patched(&c.satisfaction[row], kNoRating, event.satisfaction, same);
  changed |= Patched(&c.referral[row], kNoRating, event.referral, same);
  changed |= Patched(&c.bonding[row], kNoRating, event.bonding, same);
  if (!changed) return Effect::kUnchanged;
  c.changed_at[row] = context.sequence;
  return Effect::kApplied;
}

Result<Effect> Shard::Apply(const OrderPlaced& event, const ApplyContext& context) {
  if (auto refusal = JudgeMoney(event.currency, event.revenue, event.margin, "revenue", context)) {
    return *refusal;
  }
  const Result<Day> day = JudgeTime(event.at, context);
  if (!day) return day.error();
  HistoryEntry entry;
  entry.kind = EntryKind::kOrder;
  entry.day = *day;
  entry.at = event.at;
  entry.id = event.order;
  entry.amount = event.revenue;
  entry.margin = event.margin;
  entry.items = event.items;
  return Put(event.customer, entry, context);
}

Result<Effect> Shard::Apply(const ReturnReceived& event, const ApplyContext& context) {
  if (auto refusal = JudgeMoney(event.currency, event.amount, event.margin, "amount", context)) {
    return *refusal;
  }
  const Result<Day> day = JudgeTime(event.at, context);
  if (!day) return day.error();
  HistoryEntry entry;
  entry.kind = EntryKind::kReturn;
  entry.day = *day;
  entry.at = event.at;
  entry.id = event.return_id;
  entry.amount = event.amount;
  entry.margin = event.margin;
  return Put(event.customer, entry, context);
}

Result<Effect> Shard::Apply(const OrderCancelled& event, const ApplyContext& context) {
  const uint32_t row = FindOrCreate(event.customer, context);
  HistoryEntry identity;
  identity.kind = EntryKind::kOrder;
  identity.id = event.order;
  const std::optional<HistoryEntry> order = histories_[row]->Find(identity);
  if (!order) return Effect::kUnchanged;
  histories_[row]->Remove(identity);
  Subtract(row, *order, context);
  SettleDays(row);
  columns_.changed_at[row] = context.sequence;
  return Effect::kApplied;
}

Result<Effect> Shard::Apply(const Visit& event, const ApplyContext& context) {
  const Result<Day> day = JudgeTime(event.at, context);
  if (!day) return day.error();
  HistoryEntry entry;
  entry.kind = EntryKind::kVisit;
  entry.day = *day;
  entry.at = event.at;
  return Put(event.customer, entry, context);
}

Result<Effect> Shard::Apply(const Contact& event, const ApplyContext& context) {
  const Result<Day> day = JudgeTime(event.at, context);
  if (!day) return day.error();
  HistoryEntry entry;
  entry.kind = EntryKind::kContact;
  entry.day = *day;
  entry.at = event.at;
  if (!event.channel.empty()) {
    const std::optional<NameCode> channel = context.names->channels.Add(event.channel);
    if (!channel) return TooManyNames("channel");
    entry.channel = *channel;
  }
  if (!event.campaign.empty()) {
    const std::optional<NameCode> campaign = context.names->campaigns.Add(event.campaign);
    if (!campaign) return TooManyNames("campaign");
    entry.campaign = *campaign;
  }
  return Put(event.customer, entry, context);
}

Result<Effect> Shard::Apply(const Consent& event, const ApplyContext& context) {
  const Result<Day> day = JudgeTime(event.at, context);
  if (!day) return day.error();
  HistoryEntry entry;
  entry.kind = EntryKind::kConsent;
  entry.day = *day;
  entry.at = event.at;
  entry.consent = event.state;
  entry.until = event.until;
  return Put(event.customer, entry, context);
}

Effect Shard::Erase(std::string_view customer) {
  auto found = index_.find(customer);
  if (found == index_.end()) return Effect::kUnchanged;
  const uint32_t row = Raw(*found);
  histories_[row]->ForEach([this](const HistoryEntry& entry) {
    if (entry.kind == EntryKind::kOrder) --orders_;
    if (entry.kind == EntryKind::kReturn) --returns_;
  });
  index_.erase(found);
  columns_.Clear(row);
  histories_[row].reset();
  free_rows_.push_back(row);
  return Effect::kApplied;
}

Result<Effect> Shard::Put(std::string_view customer, const HistoryEntry& entry,
                          const ApplyContext& context) {
  std::optional<RowIndex> known = Find(customer);
  Effect effect = Effect::kApplied;
  if (known) {
    History& history = *histories_[Raw(*known)];
    if (const std::optional<HistoryEntry> before = history.Find(entry)) {
      if (before->SameContent(entry)) return Effect::kUnchanged;
      effect = Effect::kReplaced;
      const HistoryEntry old = *before;
      history.Remove(entry);
      Subtract(Raw(*known), old, context);
    } else if (history.entries() >= kMaxHistoryEntries) {
      return Refusal(ErrorCode::kLimitExceeded,
                     "the customer has " + std::to_string(kMaxHistoryEntries) + " entries already",
                     "history_entries");
    }
  }
  const uint32_t row = FindOrCreate(customer, context);
  KUNDIG_CHECK(histories_[row]->Add(entry));
  AddUp(row, entry, context);
  if (effect == Effect::kReplaced && entry.kind == EntryKind::kOrder) SettleDays(row);
  columns_.changed_at[row] = context.sequence;
  return effect;
}

}  // namespace kundig::engine
