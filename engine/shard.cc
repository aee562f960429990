#include "engine/shard.h"

#include <algorithm>
#include <utility>

#include "engine/check.h"
#include "engine/hash.h"
#include "engine/limits.h"

namespace kundig::engine {
namespace {

bool InWindow(Day day, Day today, int32_t window_days) {
  return day <= today && (window_days == 0 || today - day < window_days);
}

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

void Shard::AddUp(uint32_t row, const HistoryEntry& entry, const ApplyContext& context) {
  CustomerColumns& c = columns_;
  const ColumnDay day = ToColumn(entry.day);
  switch (entry.kind) {
    case EntryKind::kOrder:
      ++orders_;
      c.first_order[row] = c.first_order[row] == kNoDay ? day : std::min(c.first_order[row], day);
      c.last_order[row] = std::max(c.last_order[row], day);
      if (histories_[row]->OrdersOn(entry.day) == 1) {
        ++c.purchase_days[row];
        if (InWindow(entry.day, context.today, context.rules->settings().rfm.window_days)) {
          ++c.purchase_days_window[row];
        }
      }
      break;
    case EntryKind::kReturn:
      ++returns_;
      break;
    case EntryKind::kVisit:
      c.last_visit[row] = std::max(c.last_visit[row], day);
      return;
    case EntryKind::kContact:
      c.last_contact[row] = std::max(c.last_contact[row], day);
      return;
    case EntryKind::kConsent:
      SettleConsent(row);
      return;
  }
  CountSums(row, entry, context, 1);
  RememberDay(row, entry.day, *context.rules, context.today);
}

void Shard::Subtract(uint32_t row, const HistoryEntry& entry, const ApplyContext& context) {
  CustomerColumns& c = columns_;
  switch (entry.kind) {
    case EntryKind::kOrder:
      --orders_;
      if (histories_[row]->OrdersOn(entry.day) == 0) {
        --c.purchase_days[row];
        if (InWindow(entry.day, context.today, context.rules->settings().rfm.window_days)) {
          --c.purchase_days_window[row];
        }
      }
      break;
    case EntryKind::kReturn:
      --returns_;
      break;
    case EntryKind::kVisit:
    case EntryKind::kContact:
    case EntryKind::kConsent:
      return;  // these have no sums, and what takes their place has the same time
  }
  CountSums(row, entry, context, -1);
}

void Shard::CountSums(uint32_t row, const HistoryEntry& entry, const ApplyContext& context,
                      int sign) {
  if (entry.day > context.today) return;
  CustomerColumns& c = columns_;
  const RuleSettings& rules = context.rules->settings();
  const bool is_order = entry.kind == EntryKind::kOrder;
  const int64_t direction = is_order ? sign : -sign;
  const int64_t revenue = direction * entry.amount.units;
  const int64_t margin = entry.margin ? direction * entry.margin->units : 0;
  const auto one = static_cast<uint32_t>(is_order ? sign : 0);  // wraps around to take away

  c.orders_total[row] += one;
  c.revenue_total[row] += revenue;
  c.margin_total[row] += margin;
  if (InWindow(entry.day, context.today, rules.rfm.window_days)) {
    c.orders[row] += one;
    c.revenue[row] += revenue;
    c.margin[row] += margin;
    if (is_order) c.items[row] += static_cast<uint64_t>(int64_t{sign} * int64_t{entry.items});
  }
  if (InWindow(entry.day, context.today, rules.abc.window_days)) {
    c.abc_value[row] += rules.abc.measure == AbcMeasure::kRevenue ? revenue : margin;
  }
}

void Shard::SettleConsent(uint32_t row) {
  std::optional<HistoryEntry> latest;
  histories_[row]->ForEach([&](const HistoryEntry& entry) {
    if (entry.kind == EntryKind::kConsent && (!latest || entry.at >= latest->at)) latest = entry;
  });
  KUNDIG_CHECK(latest.has_value());
  columns_.consent[row] = latest->consent == ConsentState::kGranted ? ColumnConsent::kGranted
                                                                    : ColumnConsent::kWithdrawn;
  // A last day beyond the columns' range is as good as none.
  const bool ends = latest->until && *latest->until <= kLastDay;
  columns_.consent_until[row] = ends ? ToColumn(*latest->until) : kNoDay;
}

void Shard::SettleDays(uint32_t row) {
  const auto days = histories_[row]->OrderDays();
  columns_.first_order[row] = days ? ToColumn(days->first) : kNoDay;
  columns_.last_order[row] = days ? ToColumn(days->second) : kNoDay;
}

void Shard::RecomputeSums(uint32_t row, const Rules& rules, Day today) {
  CustomerColumns& c = columns_;
  c.orders_total[row] = 0;
  c.revenue_total[row] = 0;
  c.margin_total[row] = 0;
  c.orders[row] = 0;
  c.revenue[row] = 0;
  c.margin[row] = 0;
  c.items[row] = 0;
  c.abc_value[row] = 0;
  ApplyContext context;
  context.rules = &rules;
  context.today = today;
  std::vector<Day> days;
  histories_[row]->ForEach([&](const HistoryEntry& entry) {
    if (entry.kind != EntryKind::kOrder && entry.kind != EntryKind::kReturn) return;
    CountSums(row, entry, context, 1);
    if (entry.kind == EntryKind::kOrder &&
        InWindow(entry.day, today, rules.settings().rfm.window_days)) {
      days.push_back(entry.day);
    }
  });
  std::sort(days.begin(), days.end());
  c.purchase_days_window[row] =
      static_cast<uint16_t>(std::unique(days.begin(), days.end()) - days.begin());
}

void Shard::RememberDay(uint32_t row, Day day, const Rules& rules, Day today) {
  const int32_t longest =
      std::max(rules.settings().rfm.window_days, rules.settings().abc.window_days);
  if (day <= today - longest) return;  // it can leave no window any more
  if (rows_on_day_.empty()) {
    first_kept_day_ = static_cast<ColumnDay>(std::max(0, ToColumn(today) - longest));
  }
  const auto place = static_cast<size_t>(ToColumn(day) - first_kept_day_);
  if (place >= rows_on_day_.size()) rows_on_day_.resize(place + 1);
  std::vector<uint32_t>& rows = rows_on_day_[place];
  if (rows.empty() || rows.back() != row) rows.push_back(row);
}

void Shard::Roll(const Rules& rules, Day before, Day today, uint64_t sequence) {
  std::vector<uint32_t> rows;
  const auto collect = [&](Day after, Day through) {
    for (Day day = after + 1; day <= through; day = day + 1) {
      if (day < FromColumn(first_kept_day_)) continue;
      const auto place = static_cast<size_t>(day - FromColumn(first_kept_day_));
      if (place >= rows_on_day_.size()) break;
      rows.insert(rows.end(), rows_on_day_[place].begin(), rows_on_day_[place].end());
    }
  };
  collect(before, today);
  int32_t longest = 0;
  for (const int32_t window :
       {rules.settings().rfm.window_days, rules.settings().abc.window_days}) {
    if (window > 0) collect(before - window, today - window);
    longest = std::max(longest, window);
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  for (const uint32_t row : rows) {
    if (columns_.live[row] == 0) continue;
    RecomputeSums(row, rules, today);
    columns_.changed_at[row] = sequence;
  }
  const int32_t gone = today - longest - FromColumn(first_kept_day_) + 1;
  if (gone > 0 && !rows_on_day_.empty()) {
    const auto days = std::min(static_cast<size_t>(gone), rows_on_day_.size());
    rows_on_day_.erase(rows_on_day_.begin(), rows_on_day_.begin() + static_cast<ptrdiff_t>(days));
    first_kept_day_ = static_cast<ColumnDay>(first_kept_day_ + days);
  }
}

void Shard::Recompute(const Rules& rules, Day today) {
  rows_on_day_.clear();
  for (uint32_t row = 0; row < columns_.size(); ++row) {
    if (columns_.live[row] == 0) continue;
    RecomputeSums(row, rules, today);
    histories_[row]->ForEach([&](const HistoryEntry& entry) {
      if (entry.kind == EntryKind::kOrder || entry.kind == EntryKind::kReturn) {
        RememberDay(row, entry.day, rules, today);
      }
    });
  }
}

}  // namespace kundig::engine
