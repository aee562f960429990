#include "engine/customer_field.h"

#include "engine/check.h"

namespace kundig::engine {

FieldCatalog CustomerCatalog(const std::vector<std::string>& segments) {
  using enum FieldType;
  // The names of an enumeration stand in the order of the codes of CustomerKind, AbcClass,
  // ValueClass, Activity, ConsentStatus, ChurnBand, Phase and Risk.
  std::vector<FieldInfo> fields{
      {"customer", kText, {}},
      {"kind", kEnumeration, {"consumer", "business"}},
      {"country", kText, {}},
      {"region", kText, {}},
      {"owner", kText, {}},
      {"company_size", kInteger, {}},
      {"products", kInteger, {}},
      {"potential", kMoney, {}},
      {"key_account", kBoolean, {}},
      {"satisfaction", kInteger, {}},
      {"referral", kInteger, {}},
      {"bonding", kInteger, {}},
      {"first_order", kDay, {}},
      {"last_order", kDay, {}},
      {"last_activity", kDay, {}},
      {"recency_days", kInteger, {}},
      {"inactive_days", kInteger, {}},
      {"purchase_days", kInteger, {}},
      {"orders", kInteger, {}},
      {"revenue", kMoney, {}},
      {"margin", kMoney, {}},
      {"items", kInteger, {}},
      {"orders_total", kInteger, {}},
      {"revenue_total", kMoney, {}},
      {"margin_total", kMoney, {}},
      {"r", kInteger, {}},
      {"f", kInteger, {}},
      {"m", kInteger, {}},
      {"rfm_segment", kEnumeration, segments},
      {"abc", kEnumeration, {"A", "B", "C", "none"}},
      {"value_score", kThousandths, {}},
      {"value_class", kEnumeration, {"individual", "standard", "review"}},
      {"hidden_potential", kBoolean, {}},
      {"activity", kEnumeration, {"never", "lost", "inactive", "prospect", "overdue", "active"}},
      {"consent", kEnumeration, {"granted", "withdrawn", "expired"}},
      {"last_contact", kDay, {}},
      {"p_alive", kMillionths, {}},
      {"churn_score", kMillionths, {}},
      {"churn_band", kEnumeration, {"low", "medium", "high"}},
      {"expected_orders", kThousandths, {}},
      {"clv", kMoney, {}},
      {"customer_value", kMoney, {}},
      {"phase",
       kEnumeration,
       {"prospect", "termination", "abstinence", "revitalization", "socialization", "degeneration",
        "growth", "maturity"}},
      {"risk",
       kSet,
       {"overloaded", "handover", "neglected", "complaint", "late_payment", "service", "slowing",
        "dissatisfied", "unprofitable", "churn", "unanswered"}},
  };
  KUNDIG_CHECK(fields.size() == kCustomerFieldCount);
  return FieldCatalog(std::move(fields));
}

FieldCatalog LeadCatalog(const std::vector<std::string>& stages) {
  using enum FieldType;
  return FieldCatalog({
      {"lead", kText, {}},
      {"customer", kText, {}},
      {"owner", kText, {}},
      {"region", kText, {}},
      {"product", kText, {}},
      {"source", kText, {}},
      {"status", kEnumeration, {"open", "won", "lost"}},
      {"stage", kEnumeration, stages},
      {"revenue", kMoney, {}},
      {"chance", kHundredths, {}},
      {"overridden", kBoolean, {}},
      {"opened", kDay, {}},
      {"expected_close", kDay, {}},
      {"closed", kDay, {}},
      {"reason", kText, {}},
  });
}

}  // namespace kundig::engine
