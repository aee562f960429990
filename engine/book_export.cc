// Everything that is held about one customer, for whoever has a right to know it (GDPR Art. 15).

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "engine/book_impl.h"
#include "engine/hash.h"
#include "engine/history_event.h"

namespace kundig::engine {
namespace {

template <typename T>
Patch<T> PatchOf(const std::optional<T>& value) {
  return value ? Patch<T>::Set(*value) : Patch<T>();
}

CustomerSet AttributesOf(const Profile& profile, ColumnFlag key_account) {
  CustomerSet set;
  set.customer = profile.customer;
  set.kind = PatchOf(profile.kind);
  set.country = PatchOf(profile.country);
  set.region = PatchOf(profile.region);
  set.owner = PatchOf(profile.owner);
  set.company_size = PatchOf(profile.company_size);
  set.products = PatchOf(profile.products);
  set.potential = PatchOf(profile.potential);
  // A profile does not tell "no" from "not said".
  if (key_account != ColumnFlag::kAbsent) {
    set.key_account = Patch<bool>::Set(key_account == ColumnFlag::kTrue);
  }
  set.satisfaction = PatchOf(profile.satisfaction);
  set.referral = PatchOf(profile.referral);
  set.bonding = PatchOf(profile.bonding);
  if (profile.value_pinned) set.pinned_class = Patch<ValueClass>::Set(profile.value_class);
  return set;
}

// Where the entries lie in the packed ones, by time.
std::vector<std::pair<TimeMs, size_t>> PlacesByTime(const std::string& packed) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(packed.data());
  std::vector<std::pair<TimeMs, size_t>> places;
  for (size_t at = 0; at < packed.size(); at += PackedSize(bytes + at)) {
    HistoryEntry entry;
    if (Unpack(bytes + at, &entry)) places.emplace_back(entry.at, at);
  }
  std::sort(places.begin(), places.end());
  return places;
}

}  // namespace

Result<ExportAnswer> Book::Impl::Export(std::string_view id) {
  ExportAnswer answer;
  const std::string_view customer = answer.texts.emplace_back(id);
  std::string& packed = answer.texts.emplace_back();
  answer.profile.customer = customer;
  const uint64_t hash = HashBytes(customer);
  std::optional<CustomerSet> attributes;
  std::vector<LeadSet> leads;
  {
    // Writers wait while a long history is copied, lookups do not.
    const StateLock::Scan scan(&lock_);
    answer.state = State();
    answer.rules = rules_;
    const std::vector<uint32_t> lead_rows = leads_.RowsOf(customer);
    const Shard& shard = ShardOf(hash);
    const std::optional<RowIndex> row = shard.Find(customer, hash);
    const History* history = row ? &shard.row(Raw(*row)).history : nullptr;
    uint64_t events = (row ? 1 + uint64_t{history->entries()} : 0) + lead_rows.size();
    for (const uint32_t lead_row : lead_rows) events += leads_.columns().history[lead_row].size();
    if (events > options_.list_memory_bytes / (sizeof(HeldEvent) + kMaxIdBytes)) {
      return Error{ErrorCode::kResultTooLarge,
                   "the book holds " + std::to_string(events) +
                       " entries about the customer, more than fit into the memory for one list (" +
                       std::to_string(options_.list_memory_bytes) + " bytes); raise that limit",
                   "list_memory_bytes", std::nullopt};
    }
    if (row) {
      const BookView view = View();
      CustomerFigures room;
      const CustomerFigures& figures = shard.FiguresOn(Raw(*row), *rules_, today_, &room);
      FillProfile(CustomerView(view, shard.row(Raw(*row)), figures), &answer.profile);
      attributes = AttributesOf(answer.profile, figures.key_account);
      history->AppendEntries(&packed);
    }
    for (const uint32_t lead_row : lead_rows) {
      leads.push_back(leads_.LeadAt(lead_row, *rules_));
      leads.back().lead = answer.texts.emplace_back(leads.back().lead);
      leads.back().customer = Patch<std::string_view>::Set(customer);
      for (LeadMoment& moment : leads_.MomentsOf(lead_row)) {
        moment.lead = leads.back().lead;
        answer.lead_history.push_back(moment);
      }
    }
  }
  const std::vector<std::pair<TimeMs, size_t>> places = PlacesByTime(packed);
  answer.events.reserve((attributes ? 1 : 0) + places.size() + leads.size());
  if (attributes) answer.events.emplace_back(*attributes);
  for (size_t begin = 0; begin < places.size(); begin += kWriteSliceEvents) {
    // For the names, whose codes are for good.
    const StateLock::Lookup lookup(&lock_);
    const size_t end = std::min(begin + kWriteSliceEvents, places.size());
    for (size_t place = begin; place < end; ++place) {
      HistoryEntry entry;
      Unpack(reinterpret_cast<const uint8_t*>(packed.data()) + places[place].second, &entry);
      answer.events.push_back(EventOf(customer, entry, names_));
    }
  }
  std::sort(leads.begin(), leads.end(),
            [](const LeadSet& a, const LeadSet& b) { return a.lead < b.lead; });
  answer.events.insert(answer.events.end(), leads.begin(), leads.end());
  std::stable_sort(answer.lead_history.begin(), answer.lead_history.end(),
                   [](const LeadMoment& a, const LeadMoment& b) { return a.lead < b.lead; });
  return answer;
}

}  // namespace kundig::engine
