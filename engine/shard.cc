#include "engine/shard.h"

#include <new>
#include <utility>

#include "engine/check.h"
#include "engine/hash.h"
#include "engine/lead_table.h"
#include "engine/limits.h"
#include "engine/refusal.h"

namespace kundig::engine {
namespace {

// The log of days is tidied when it has so many entries for each order and return. After that it
// has at most one, so tidying costs little for each correction.
constexpr uint64_t kMaxLoggedDays = 2;
constexpr uint64_t kLoggedDaysSlack = 4096;

Error MemoryFull(const char* what) {
  return Refusal(ErrorCode::kMemoryFull,
                 std::string("the memory set aside for the book is used up, and ") + what +
                     " is new; erase customers, or raise book.memory_limit",
                 "memory_limit");
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

Shard::~Shard() {
  for (CustomerBlock* block : blocks_) block->~CustomerBlock();
}

std::optional<RowIndex> Shard::Find(std::string_view customer, uint64_t hash) const {
  const ShortId as_short(customer);
  return index_.Find(hash, [&](RowIndex at) { return row(Raw(at)).BelongsTo(customer, as_short); });
}

void Shard::PrefetchWritesOf(uint32_t at) const {
  row(at).history.PrefetchEntries();
  block(at / kBlockRows).PrefetchMeasures(at % kBlockRows);
}

void Shard::PrefetchRow(uint64_t hash, bool signs) const {
  if (const std::optional<RowIndex> at = index_.Guess(hash)) PrefetchLinesOf(Raw(*at), signs);
}

void Shard::PrefetchId(uint64_t hash) const {
  const std::optional<RowIndex> at = index_.Guess(hash);
  if (at && row(Raw(*at)).short_id.bytes == 0) row(Raw(*at)).history.PrefetchId();
}

void Shard::PrefetchToWrite(uint64_t hash) const {
  if (const std::optional<RowIndex> at = index_.Guess(hash)) PrefetchWritesOf(Raw(*at));
}

Result<uint32_t> Shard::FindOrCreate(std::string_view customer, const ApplyContext& context) {
  const std::optional<RowIndex> found = Find(customer, context.hash);
  if (found) return Raw(*found);
  if (context.growth == Growth::kRefused) return MemoryFull("the customer");
  return Create(customer, context);
}

void Shard::MakeRoom(uint32_t row) {
  while (row >= blocks() * kBlockRows) {
    blocks_.push_back(new (arena_->Allocate(sizeof(CustomerBlock))) CustomerBlock());
  }
}

uint32_t Shard::Create(std::string_view customer, const ApplyContext& context) {
  uint32_t at = rows_;
  if (free_rows_.empty()) {
    MakeRoom(at);
    ++rows_;
  } else {
    at = free_rows_.back();
    free_rows_.pop_back();
  }
  CustomerRow& row = RowAt(at);
  row.BeginWith(customer);
  if (context.leads != nullptr) row.lead_opened = context.leads->FirstOpenedAfter(customer, kNoDay);
  context.counts->Add(RankedOf(row, context.rules->settings().rfm));
  BlockOf(at).changed_at[at % kBlockRows] = context.sequence;
  BlockOf(at).StoreAll(at % kBlockRows);
  index_.Insert(context.hash, RowIndex{at});
  return at;
}

Result<Effect> Shard::Apply(const CustomerSet& event, const ApplyContext& context) {
  const auto country = Coded(event.country, &context.names->countries, "country");
  if (!country) return country.error();
  const auto region = Coded(event.region, &context.names->regions, "region");
  if (!region) return region.error();
  const auto owner = Coded(event.owner, &context.names->owners, "owner");
  if (!owner) return owner.error();

  const uint32_t known = customers();
  const Result<uint32_t> row = FindOrCreate(event.customer, context);
  if (!row) return row.error();
  const uint32_t at = *row;
  bool changed = customers() != known;
  const auto same = [](auto value) { return value; };
  CustomerRow& c = RowAt(at);
  changed |= Patched(&c.kind, ColumnKind::kAbsent, event.kind, [](CustomerKind kind) {
    return kind == CustomerKind::kConsumer ? ColumnKind::kConsumer : ColumnKind::kBusiness;
  });
  changed |= Patched(&c.country, kNoName, *country, same);
  changed |= Patched(&c.region, kNoName, *region, same);
  const NameCode owner_before = c.owner;
  if (Patched(&c.owner, kNoName, *owner, same)) {
    changed = true;
    // The first owner of a customer takes him over from nobody.
    if (owner_before != kNoName) {
      AddOwnerChange(ToColumn(context.today), c.first_order, context.rules->settings(), &c);
    }
  }
  changed |= Patched(&c.company_size, kNoCount, event.company_size, same);
  changed |= Patched(&c.products, kNoCount, event.products, same);
  changed |= Patched(&c.potential, kNoPotential, event.potential,
                     [](Minor potential) { return potential.units; });
  changed |= Patched(&c.key_account, ColumnFlag::kAbsent, event.key_account,
                     [](bool is) { return is ? ColumnFlag::kTrue : ColumnFlag::kFalse; });
  changed |= Patched(&c.satisfaction, kNoRating, event.satisfaction, same);
  changed |= Patched(&c.referral, kNoRating, event.referral, same);
  changed |= Patched(&c.bonding, kNoRating, event.bonding, same);
  ClassCode pinned = c.pinned_class;
  changed |= Patched(&pinned, kNoClass, event.pinned_class, ToCode);
  c.pinned_class = pinned & kClassCodes;
  if (!changed) return Effect::kUnchanged;
  BlockOf(at).changed_at[at % kBlockRows] = context.sequence;
  BlockOf(at).StoreAttributes(at % kBlockRows);
  return Effect::kApplied;
}

Result<Effect> Shard::Apply(const OrderCancelled& event, const ApplyContext& context) {
  const Result<uint32_t> found = FindOrCreate(event.customer, context);
  if (!found) return found.error();
  const uint32_t at = *found;
  CustomerRow& row = RowAt(at);
  HistoryEntry identity;
  identity.kind = EntryKind::kOrder;
  identity.id = event.order;
  const std::optional<HistoryEntry> order = row.history.Find(identity);
  if (!order) return Effect::kUnchanged;
  const RankedValues before = RankedOf(row, context.rules->settings().rfm);
  Subtract(&row, *order, context);
  SettleDays(&row, *context.rules);
  Store(at, EntryKind::kOrder, before, context);
  return Effect::kApplied;
}

Effect Shard::Erase(const engine::Erase& event, const ApplyContext& context) {
  const std::optional<RowIndex> found = Find(event.customer, context.hash);
  if (!found) return Effect::kUnchanged;
  CustomerRow& row = RowAt(Raw(*found));
  row.history.ForEach([this](const HistoryEntry& entry) {
    if (entry.kind == EntryKind::kOrder) --orders_;
    if (entry.kind == EntryKind::kReturn) --returns_;
  });
  context.counts->Remove(RankedOf(row, context.rules->settings().rfm));
  index_.Erase(context.hash, *found);
  row = CustomerRow();
  BlockOf(Raw(*found)).changed_at[Raw(*found) % kBlockRows] = context.sequence;
  BlockOf(Raw(*found)).StoreAll(Raw(*found) % kBlockRows);
  free_rows_.push_back(Raw(*found));
  return Effect::kApplied;
}

void Shard::SettleLeads(RowIndex at, const LeadTable& leads, uint64_t sequence) {
  CustomerRow& row = RowAt(Raw(at));
  const ColumnDay opened = leads.FirstOpenedAfter(row.customer(), row.last_contact);
  if (std::exchange(row.lead_opened, opened) == opened) return;
  BlockOf(Raw(at)).changed_at[Raw(at) % kBlockRows] = sequence;
}

Result<Effect> Shard::Put(std::string_view customer, const HistoryEntry& entry,
                          const ApplyContext& context) {
  const std::optional<RowIndex> known = Find(customer, context.hash);
  std::optional<HistoryEntry> old;
  if (known) {
    const History& history = RowAt(Raw(*known)).history;
    old = history.Find(entry);
    if (old && old->SameContent(entry)) return Effect::kUnchanged;
    if (!old && history.entries() >= kMaxHistoryEntries) {
      return Refusal(ErrorCode::kLimitExceeded,
                     "the customer has " + std::to_string(kMaxHistoryEntries) + " entries already",
                     "history_entries");
    }
  }
  // A consent is taken whatever it costs: it may be the one that is withdrawn.
  if (context.growth == Growth::kRefused && !old && (!known || entry.kind != EntryKind::kConsent)) {
    return MemoryFull(known ? "the event" : "the customer");
  }
  const uint32_t at = known ? Raw(*known) : Create(customer, context);
  CustomerRow& row = RowAt(at);
  const RankedValues before = RankedOf(row, context.rules->settings().rfm);
  const std::optional<Day> old_day = old ? std::optional(old->day) : std::nullopt;
  if (old) {
    Subtract(&row, *old, context);
    if (entry.kind == EntryKind::kOrder) SettleDays(&row, *context.rules);
  }
  KUNDIG_CHECK(row.history.Add(entry));
  AddUp(at, entry, context);
  const bool has_day = entry.kind == EntryKind::kOrder || entry.kind == EntryKind::kReturn ||
                       entry.kind == EntryKind::kCost;
  // A correction mostly leaves the day as it was, and it is remembered already.
  if (has_day && old_day != entry.day) {
    RememberDay(at, entry.kind, entry.day, *context.rules, context.today);
    if (logged_days() > kMaxLoggedDays * (orders_ + returns_) + logged_costs_ + kLoggedDaysSlack) {
      TidyDays(*context.rules, context.today);
    }
  }
  Store(at, entry.kind, before, context);
  return old ? Effect::kReplaced : Effect::kApplied;
}

void Shard::Store(uint32_t at, EntryKind kind, const RankedValues& before,
                  const ApplyContext& context) {
  const CustomerRow& row = RowAt(at);
  BlockOf(at).changed_at[at % kBlockRows] = context.sequence;
  if (kind != EntryKind::kOrder && kind != EntryKind::kReturn) {
    BlockOf(at).StoreContacts(at % kBlockRows);
    return;
  }
  BlockOf(at).StoreMeasures(at % kBlockRows);
  const RankedValues now = RankedOf(row, context.rules->settings().rfm);
  if (now == before) return;
  context.counts->Remove(before);
  context.counts->Add(now);
}

}  // namespace kundig::engine
