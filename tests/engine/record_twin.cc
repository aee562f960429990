#include "tests/engine/record_twin.h"

#include <optional>
#include <string>
#include <vector>

namespace kundig::engine {
namespace {

// All names of a kind, asked for two at a time; entry 0 is that of no name.
std::vector<std::optional<std::string_view>> NamesOf(const Book& book, NameKind kind) {
  std::vector<std::optional<std::string_view>> names(1);
  while (true) {
    const NamesAnswer answer = book.Names(kind, static_cast<uint32_t>(names.size()), 2);
    names.insert(names.end(), answer.names.begin(), answer.names.end());
    if (names.size() > answer.codes) return names;
  }
}

template <typename T, typename Mark>
std::optional<int64_t> Unless(T value, Mark absent) {
  return value == absent ? std::nullopt : std::optional<int64_t>(static_cast<int64_t>(value));
}
template <typename T>
std::optional<int64_t> Number(const std::optional<T>& value) {
  return value ? std::optional<int64_t>(static_cast<int64_t>(*value)) : std::nullopt;
}
std::optional<int64_t> Number(const std::optional<Day>& day) {
  return day ? std::optional<int64_t>(day->since_epoch) : std::nullopt;
}

}  // namespace

void CompareRecords(const Book& book, std::span<const std::string_view> ids,
                    Differences* differences) {
  ProfilesAnswer profiles;
  RecordsAnswer records;
  book.Profiles(ids, &profiles);
  book.Records(ids, &records);
  const auto countries = NamesOf(book, NameKind::kCountry),
             regions = NamesOf(book, NameKind::kRegion), owners = NamesOf(book, NameKind::kOwner),
             segments = NamesOf(book, NameKind::kRfmSegment);
  differences->Same("records", "journal_sequence", profiles.state.journal_sequence,
                    records.state.journal_sequence);
  for (size_t at = 0; at < ids.size(); ++at) {
    const Profile& p = profiles.profiles[at];
    const ProfileRecord& r = records.records[at];
    const std::string where = "record " + std::string(ids[at]);
    const auto same = [&](const char* what, const auto& profile, const auto& record) {
      differences->Same(where, what, profile, record);
    };
    same("found", p.found, r.found);
    same("kind", Number(p.kind), Unless(r.kind, kRecordNoByte));
    same("country", p.country, countries[r.country]);
    same("region", p.region, regions[r.region]);
    same("owner", p.owner, owners[r.owner]);
    same("company_size", Number(p.company_size), Unless(r.company_size, kRecordNoCount));
    same("products", Number(p.products), Unless(r.products, kRecordNoCount));
    same("potential", p.potential ? std::optional<int64_t>(p.potential->units) : std::nullopt,
         Unless(r.potential, kRecordNoPotential));
    same("key_account", p.key_account, r.key_account);
    same("satisfaction", Number(p.satisfaction), Unless(r.satisfaction, kRecordNoByte));
    same("referral", Number(p.referral), Unless(r.referral, kRecordNoByte));
    same("bonding", Number(p.bonding), Unless(r.bonding, kRecordNoByte));
    same("first_order", Number(p.first_order), Unless(r.first_order, kRecordNoDay));
    same("last_order", Number(p.last_order), Unless(r.last_order, kRecordNoDay));
    same("last_activity", Number(p.last_activity), Unless(r.last_activity, kRecordNoDay));
    same("last_contact", Number(p.last_contact), Unless(r.last_contact, kRecordNoDay));
    same("recency_days", Number(p.recency_days), Unless(r.recency_days, kRecordNoDay));
    same("inactive_days", Number(p.inactive_days), Unless(r.inactive_days, kRecordNoDay));
    same("purchase_days", p.purchase_days, r.purchase_days);
    same("orders", p.orders, r.orders);
    same("revenue", p.revenue.units, r.revenue);
    same("margin", p.margin.units, r.margin);
    same("items", p.items, r.items);
    same("orders_total", p.orders_total, r.orders_total);
    same("revenue_total", p.revenue_total.units, r.revenue_total);
    same("margin_total", p.margin_total.units, r.margin_total);
    same("r", p.rfm ? p.rfm->r : kRecordNoByte, r.r);
    same("f", p.rfm ? p.rfm->f : kRecordNoByte, r.f);
    same("m", p.rfm ? p.rfm->m : kRecordNoByte, r.m);
    same("rfm_segment", p.rfm ? p.rfm->segment + 1 : 0, int{r.rfm_segment});
    differences->Same(where, "known segment", true, r.rfm_segment < segments.size());
    same("abc", static_cast<uint8_t>(p.abc), r.abc);
    same("value_score", Number(p.value_score_thousandths),
         Unless(r.value_score_thousandths, kRecordNoScore));
    same("value_class", static_cast<uint8_t>(p.value_class), r.value_class);
    same("value_pinned", p.value_pinned, r.value_pinned);
    same("hidden_potential", p.hidden_potential, r.hidden_potential);
    same("activity", static_cast<uint8_t>(p.activity), r.activity);
    same("consent", Number(p.consent), Unless(r.consent, kRecordNoByte));
  }
}

}  // namespace kundig::engine
