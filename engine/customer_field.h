// The fields of a customer and of a lead that expressions, lists and rules may name.

#ifndef KUNDIG_ENGINE_CUSTOMER_FIELD_H_
#define KUNDIG_ENGINE_CUSTOMER_FIELD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "engine/field.h"

namespace kundig::engine {

// In the order of the profile.
enum class CustomerField : uint8_t {
  kCustomer,
  kKind,
  kCountry,
  kRegion,
  kOwner,
  kCompanySize,
  kProducts,
  kPotential,
  kKeyAccount,
  kSatisfaction,
  kReferral,
  kBonding,
  kFirstOrder,
  kLastOrder,
  kLastActivity,
  kRecencyDays,
  kInactiveDays,
  kPurchaseDays,
  kOrders,
  kRevenue,
  kMargin,
  kItems,
  kOrdersTotal,
  kRevenueTotal,
  kMarginTotal,
  kR,
  kF,
  kM,
  kRfmSegment,
  kAbc,
  kValueScore,
  kValueClass,
  kHiddenPotential,
  kActivity,
  kConsent,
  kLastContact,
  kPAlive,
  kChurnScore,
  kChurnBand,
  kExpectedOrders,
  kClv,
  kCustomerValue,
  kPhase,
  kRisk,
};
inline constexpr size_t kCustomerFieldCount = static_cast<size_t>(CustomerField::kRisk) + 1;

enum class LeadField : uint8_t {
  kLead,
  kCustomer,
  kOwner,
  kRegion,
  kProduct,
  kSource,
  kStatus,
  kStage,
  kRevenue,
  kChance,
  kOverridden,
  kOpened,
  kExpectedClose,
  kClosed,
  kReason,
};

constexpr FieldIndex Index(CustomerField field) {
  return static_cast<FieldIndex>(field);
}
constexpr FieldIndex Index(LeadField field) {
  return static_cast<FieldIndex>(field);
}

// `segments`: the names of the RFM segment table, in its order.
FieldCatalog CustomerCatalog(const std::vector<std::string>& segments);
// `stages`: the names of the stage table, in its order. `chance` is the chance in force, in
// hundredths of a percent.
FieldCatalog LeadCatalog(const std::vector<std::string>& stages);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_FIELD_H_
