#include "engine/field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/customer_field.h"
#include "engine/field_name.h"
#include "engine/query.h"

namespace kundig::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> FieldNames(const FieldCatalog& catalog) {
  std::vector<std::string> names;
  for (size_t i = 0; i < catalog.size(); ++i) {
    names.push_back(catalog.At(static_cast<FieldIndex>(i)).name);
  }
  return names;
}

const FieldInfo& Of(const FieldCatalog& catalog, CustomerField field) {
  return catalog.At(Index(field));
}

template <typename Enum>
const std::string& CodeName(const FieldCatalog& catalog, CustomerField field, Enum code) {
  return Of(catalog, field).values.at(static_cast<size_t>(code));
}

TEST(CustomerCatalogTest, HasTheFieldsOfTheProfileInItsOrder) {
  EXPECT_THAT(
      FieldNames(CustomerCatalog({"Champions"})),
      ElementsAre("customer", "kind", "country", "region", "owner", "company_size", "products",
                  "potential", "key_account", "satisfaction", "referral", "bonding", "first_order",
                  "last_order", "last_activity", "recency_days", "inactive_days", "purchase_days",
                  "orders", "revenue", "margin", "items", "orders_total", "revenue_total",
                  "margin_total", "r", "f", "m", "rfm_segment", "abc", "value_score", "value_class",
                  "hidden_potential", "activity", "consent", "last_contact", "p_alive",
                  "churn_score", "churn_band", "expected_orders", "clv", "customer_value", "phase",
                  "risk"));
}

TEST(CustomerCatalogTest, PlacesFieldsWhereTheirNumberSays) {
  const FieldCatalog catalog = CustomerCatalog({"Champions", "Lost"});
  EXPECT_EQ(catalog.Find("customer"), Index(CustomerField::kCustomer));
  EXPECT_EQ(catalog.Find("potential"), Index(CustomerField::kPotential));
  EXPECT_EQ(catalog.Find("rfm_segment"), Index(CustomerField::kRfmSegment));
  EXPECT_EQ(catalog.Find("last_contact"), Index(CustomerField::kLastContact));
  EXPECT_EQ(catalog.Find("Customer"), std::nullopt);
  EXPECT_EQ(catalog.Find(""), std::nullopt);
}

TEST(CustomerCatalogTest, NamesTheCodesOfEveryEnumeration) {
  const FieldCatalog catalog = CustomerCatalog({"Champions", "Lost"});
  using enum CustomerField;
  EXPECT_EQ(CodeName(catalog, kKind, CustomerKind::kConsumer), "consumer");
  EXPECT_EQ(CodeName(catalog, kKind, CustomerKind::kBusiness), "business");
  EXPECT_EQ(CodeName(catalog, kAbc, AbcClass::kA), "A");
  EXPECT_EQ(CodeName(catalog, kAbc, AbcClass::kB), "B");
  EXPECT_EQ(CodeName(catalog, kAbc, AbcClass::kC), "C");
  EXPECT_EQ(CodeName(catalog, kAbc, AbcClass::kNone), "none");
  EXPECT_EQ(CodeName(catalog, kValueClass, ValueClass::kIndividual), "individual");
  EXPECT_EQ(CodeName(catalog, kValueClass, ValueClass::kStandard), "standard");
  EXPECT_EQ(CodeName(catalog, kValueClass, ValueClass::kReview), "review");
  EXPECT_EQ(CodeName(catalog, kActivity, Activity::kNever), "never");
  EXPECT_EQ(CodeName(catalog, kActivity, Activity::kLost), "lost");
  EXPECT_EQ(CodeName(catalog, kActivity, Activity::kInactive), "inactive");
  EXPECT_EQ(CodeName(catalog, kActivity, Activity::kProspect), "prospect");
  EXPECT_EQ(CodeName(catalog, kActivity, Activity::kOverdue), "overdue");
  EXPECT_EQ(CodeName(catalog, kActivity, Activity::kActive), "active");
  EXPECT_EQ(CodeName(catalog, kConsent, ConsentStatus::kGranted), "granted");
  EXPECT_EQ(CodeName(catalog, kConsent, ConsentStatus::kWithdrawn), "withdrawn");
  EXPECT_EQ(CodeName(catalog, kConsent, ConsentStatus::kExpired), "expired");
  EXPECT_EQ(CodeName(catalog, kChurnBand, ChurnBand::kLow), "low");
  EXPECT_EQ(CodeName(catalog, kChurnBand, ChurnBand::kMedium), "medium");
  EXPECT_EQ(CodeName(catalog, kChurnBand, ChurnBand::kHigh), "high");
  EXPECT_EQ(CodeName(catalog, kPhase, Phase::kProspect), "prospect");
  EXPECT_EQ(CodeName(catalog, kPhase, Phase::kTermination), "termination");
  EXPECT_EQ(CodeName(catalog, kPhase, Phase::kAbstinence), "abstinence");
  EXPECT_EQ(CodeName(catalog, kPhase, Phase::kRevitalization), "revitalization");
  EXPECT_EQ(CodeName(catalog, kPhase, Phase::kSocialization), "socialization");
  EXPECT_EQ(CodeName(catalog, kPhase, Phase::kDegeneration), "degeneration");
  EXPECT_EQ(CodeName(catalog, kPhase, Phase::kGrowth), "growth");
  EXPECT_EQ(CodeName(catalog, kPhase, Phase::kMaturity), "maturity");
  EXPECT_EQ(Of(catalog, kPhase).values.size(), kPhases);
  EXPECT_EQ(CodeName(catalog, kRisk, Risk::kOverloaded), "overloaded");
  EXPECT_EQ(CodeName(catalog, kRisk, Risk::kHandover), "handover");
  EXPECT_EQ(CodeName(catalog, kRisk, Risk::kNeglected), "neglected");
  EXPECT_EQ(CodeName(catalog, kRisk, Risk::kComplaint), "complaint");
  EXPECT_EQ(CodeName(catalog, kRisk, Risk::kLatePayment), "late_payment");
  EXPECT_EQ(CodeName(catalog, kRisk, Risk::kService), "service");
  EXPECT_EQ(CodeName(catalog, kRisk, Risk::kSlowing), "slowing");
  EXPECT_EQ(CodeName(catalog, kRisk, Risk::kDissatisfied), "dissatisfied");
  EXPECT_EQ(CodeName(catalog, kRisk, Risk::kUnprofitable), "unprofitable");
  EXPECT_EQ(CodeName(catalog, kRisk, Risk::kChurn), "churn");
  EXPECT_EQ(CodeName(catalog, kRisk, Risk::kUnanswered), "unanswered");
  EXPECT_EQ(Of(catalog, kRisk).values.size(), kRisks);
  EXPECT_EQ(Of(catalog, kRisk).type, FieldType::kSet);
  EXPECT_THAT(Of(catalog, kRfmSegment).values, ElementsAre("Champions", "Lost"));
}

TEST(CustomerCatalogTest, TypesMoneyDaysAndScores) {
  const FieldCatalog catalog = CustomerCatalog({"Champions"});
  using enum CustomerField;
  for (CustomerField field :
       {kPotential, kRevenue, kMargin, kRevenueTotal, kMarginTotal, kClv, kCustomerValue}) {
    EXPECT_EQ(Of(catalog, field).type, FieldType::kMoney) << Of(catalog, field).name;
  }
  for (CustomerField field : {kFirstOrder, kLastOrder, kLastActivity, kLastContact}) {
    EXPECT_EQ(Of(catalog, field).type, FieldType::kDay) << Of(catalog, field).name;
  }
  for (CustomerField field : {kCustomer, kCountry, kRegion, kOwner}) {
    EXPECT_EQ(Of(catalog, field).type, FieldType::kText) << Of(catalog, field).name;
  }
  for (CustomerField field : {kKeyAccount, kHiddenPotential}) {
    EXPECT_EQ(Of(catalog, field).type, FieldType::kBoolean) << Of(catalog, field).name;
  }
  EXPECT_EQ(Of(catalog, kValueScore).type, FieldType::kThousandths);
  EXPECT_EQ(Of(catalog, kExpectedOrders).type, FieldType::kThousandths);
  EXPECT_EQ(Of(catalog, kPAlive).type, FieldType::kMillionths);
  EXPECT_EQ(Of(catalog, kChurnScore).type, FieldType::kMillionths);
  EXPECT_EQ(Of(catalog, kRecencyDays).type, FieldType::kInteger);
}

TEST(LeadCatalogTest, HasTheFieldsOfALead) {
  const FieldCatalog catalog = LeadCatalog({"Offer", "Deal"});
  EXPECT_THAT(FieldNames(catalog),
              ElementsAre("lead", "customer", "owner", "region", "product", "source", "status",
                          "stage", "revenue", "chance", "overridden", "opened", "expected_close",
                          "closed", "reason"));
  EXPECT_EQ(catalog.Find("reason"), Index(LeadField::kReason));
  EXPECT_EQ(catalog.At(Index(LeadField::kChance)).type, FieldType::kHundredths);
  EXPECT_THAT(catalog.At(Index(LeadField::kStage)).values, ElementsAre("Offer", "Deal"));
  const auto& status = catalog.At(Index(LeadField::kStatus)).values;
  EXPECT_EQ(status.at(static_cast<size_t>(LeadStatus::kOpen)), "open");
  EXPECT_EQ(status.at(static_cast<size_t>(LeadStatus::kWon)), "won");
  EXPECT_EQ(status.at(static_cast<size_t>(LeadStatus::kLost)), "lost");
}

TEST(FieldCatalogDeathTest, TakesEachNameOnceAndNoMoreThanFit) {
  EXPECT_DEATH(FieldCatalog({{"a", FieldType::kText, {}}, {"a", FieldType::kDay, {}}}),
               "CHECK failed");
  std::vector<FieldInfo> fields;
  for (size_t i = 0; i < FieldCatalog::kMaxFields; ++i) {
    fields.push_back({"f" + std::to_string(i), FieldType::kInteger, {}});
  }
  EXPECT_EQ(FieldCatalog(fields).size(), FieldCatalog::kMaxFields);
  fields.push_back({"one_more", FieldType::kInteger, {}});
  EXPECT_DEATH(FieldCatalog{fields}, "CHECK failed");
}

TEST(FieldSetTest, HoldsTheFirstAndTheLastField) {
  FieldSet set, other;
  const auto first = static_cast<FieldIndex>(0), last = static_cast<FieldIndex>(63);
  set.Add(last);
  EXPECT_TRUE(set.Has(last));
  EXPECT_FALSE(set.Has(first));
  other.Add(first);
  EXPECT_FALSE(set.Intersects(other));
  set.Add(other);
  EXPECT_TRUE(set.Has(first));
  EXPECT_TRUE(set.Intersects(other));
  EXPECT_FALSE(FieldSet().Intersects(set));
}

TEST(FieldNameTest, SuggestsTheNearestField) {
  const FieldCatalog catalog = CustomerCatalog({"Champions"});
  EXPECT_EQ(NearestField("revenu", catalog), Index(CustomerField::kRevenue));
  EXPECT_EQ(NearestField("Revenue", catalog), Index(CustomerField::kRevenue));
  EXPECT_EQ(NearestField("recencydays", catalog), Index(CustomerField::kRecencyDays));
  EXPECT_EQ(NearestField("contry", catalog), Index(CustomerField::kCountry));
  EXPECT_EQ(NearestField("last_oder", catalog), Index(CustomerField::kLastOrder));
  EXPECT_EQ(NearestField("zzzz", catalog), std::nullopt);
  EXPECT_EQ(NearestField("", catalog), std::nullopt);
  EXPECT_EQ(NearestField(std::string(100'000, 'r'), catalog), std::nullopt);
}

TEST(FieldNameTest, SaysWhatWasExpected) {
  const FieldCatalog catalog = LeadCatalog({"Offer"});
  EXPECT_EQ(UnknownFieldSentence("stge", catalog),
            "there is no field 'stge'; did you mean 'stage'?");
  EXPECT_THAT(UnknownFieldSentence("whatever", catalog),
              HasSubstr("expected one of lead, customer, owner"));
}

TEST(FieldNameTest, RepeatsNoNameThatIsUnfitToShow) {
  const FieldCatalog catalog = LeadCatalog({"Offer"});
  for (const std::string& name :
       {std::string("\xff\xfe"), std::string("a\nb"), std::string(1000, 'x')}) {
    EXPECT_THAT(UnknownFieldSentence(name, catalog),
                testing::StartsWith("there is no such field; expected one of lead"));
  }
}

TEST(FieldNameTest, CutsLongListsShort) {
  EXPECT_EQ(QuotedNames({"A", "B"}), "'A', 'B'");
  EXPECT_THAT(QuotedNames(std::vector<std::string>(100, "A")), testing::EndsWith(" and 60 more"));
}

}  // namespace
}  // namespace kundig::engine
