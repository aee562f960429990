#include <fmt/format.h>

#include "tools/answer_text.h"
#include "tools/figures.h"
#include "tools/names.h"

namespace kundig::tools {

namespace {

std::string OrAbsent(const std::string& text) {
  return text.empty() ? kAbsent : text;
}

template <typename T>
std::string OrAbsent(const flatbuffers::Optional<T>& number) {
  return number ? FormatCount(static_cast<uint64_t>(*number)) : kAbsent;
}

template <typename T>
std::string NameOrAbsent(const flatbuffers::Optional<T>& code) {
  return code ? std::string(Name(*code)) : kAbsent;
}

std::string DayOrAbsent(const flatbuffers::Optional<int32_t>& day) {
  return day ? FormatDay(*day) : kAbsent;
}

std::string RfmLine(const wire::ProfileT& profile) {
  if (!profile.r || !profile.f || !profile.m) return "unscored: no order in the window";
  return fmt::format("{} (r {}, f {}, m {})", profile.rfm_segment, *profile.r, *profile.f,
                     *profile.m);
}

// With the figure that the activity follows from.
std::string ActivityLine(const wire::ProfileT& profile) {
  const std::string_view name = Name(profile.activity);
  switch (profile.activity) {
    case wire::Activity::never:
      return "never: no order and no visit";
    case wire::Activity::prospect:
      return "prospect: no order yet";
    case wire::Activity::overdue:
      if (!profile.recency_days) break;
      return fmt::format("{}: {} since the last order", name,
                         FormatDayCount(*profile.recency_days));
    default:
      if (!profile.inactive_days) break;
      return fmt::format("{}: {} since the last activity", name,
                         FormatDayCount(*profile.inactive_days));
  }
  return std::string(name);
}

std::string ValueLine(const wire::ProfileT& profile) {
  std::string line(Name(profile.value_class));
  if (profile.value_pinned) line += ", pinned";
  if (profile.value_score) line += ", score " + FormatThousandths(*profile.value_score);
  if (profile.hidden_potential) line += ", hidden potential";
  return line;
}

std::string ChurnLine(const wire::ProfileT& profile) {
  if (!profile.p_alive || !profile.churn_band) return kAbsent;
  return fmt::format("{}: still a customer with {}", Name(*profile.churn_band),
                     FormatPercent(*profile.p_alive / 1e6));
}

std::string RisksLine(const wire::ProfileT& profile) {
  std::string line;
  for (const wire::Risk risk : profile.risks) {
    line += (line.empty() ? "" : ", ") + std::string(Name(risk));
  }
  return line.empty() ? "none" : line;
}

}  // namespace

std::string ProfileText(const wire::ProfileT& profile, const wire::State& state, const Look& look) {
  if (!profile.found) return fmt::format("{}: no such customer\n", Printable(profile.customer));
  Table card({{"", Align::kLeft}, {"", Align::kLeft}, {"", Align::kLeft}, {"", Align::kLeft}});
  auto add = [&card](const char* left, std::string left_value, const char* right,
                     std::string right_value) {
    const std::string faint(kFaint);
    card.AddRow({{left, faint}, std::move(left_value), {right, faint}, std::move(right_value)});
  };
  add("segment", RfmLine(profile), "kind", NameOrAbsent(profile.kind));
  add("ABC class", std::string(Name(profile.abc)), "country", OrAbsent(profile.country));
  add("value class", ValueLine(profile), "region", OrAbsent(profile.region));
  add("activity", ActivityLine(profile), "owner", OrAbsent(profile.owner));
  add("consent", NameOrAbsent(profile.consent), "company size", OrAbsent(profile.company_size));
  add("last contact", DayOrAbsent(profile.last_contact), "products", OrAbsent(profile.products));
  add("first order", DayOrAbsent(profile.first_order), "potential",
      profile.potential ? MoneyText(*profile.potential, look) : kAbsent);
  add("last order", DayOrAbsent(profile.last_order), "key account",
      profile.key_account ? "yes" : "no");
  add("last activity", DayOrAbsent(profile.last_activity), "satisfaction",
      OrAbsent(profile.satisfaction));
  add("purchase days", FormatCount(profile.purchase_days), "referral", OrAbsent(profile.referral));
  add("items", FormatCount(profile.items), "bonding", OrAbsent(profile.bonding));
  add("churn", ChurnLine(profile), "orders to come",
      profile.expected_orders ? FormatThousandths(*profile.expected_orders) : kAbsent);
  add("lifetime value", profile.clv ? MoneyText(*profile.clv, look) : kAbsent, "", "");
  add("phase", std::string(Name(profile.phase)), "customer value",
      MoneyText(profile.customer_value, look));
  add("risks", RisksLine(profile), "", "");

  Table money({{"", Align::kLeft},
               {"orders", Align::kRight},
               {"revenue", Align::kRight},
               {"margin", Align::kRight}});
  money.AddRow({"in the window", FormatCount(profile.orders), FormatMoney(profile.revenue),
                FormatMoney(profile.margin)});
  money.AddRow({"in all", FormatCount(profile.orders_total), FormatMoney(profile.revenue_total),
                FormatMoney(profile.margin_total)});
  return fmt::format("{} on {}, money in {}\n\n{}\n{}",
                     Styled(Printable(profile.customer), kBold, look), FormatDay(state.as_of()),
                     look.currency, card.Render(look), money.Render(look));
}

}  // namespace kundig::tools
