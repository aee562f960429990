// A shop small enough that every figure can be worked out by hand, on 2010-12-10.
//
//   ann lee   two orders this month, 150.50 in all, business, key account
//   b         one order this month, of which a part came back: 5.00 - 2.00
//   -17       two orders in January 2008: inactive, consents to be written to
//   zoë       one order in 2007: lost, was written to last week
//   lead-only no customer: leads name it, but a lead creates none

#ifndef KUNDIG_TESTS_END_TO_END_SMALL_SHOP_H_
#define KUNDIG_TESTS_END_TO_END_SMALL_SHOP_H_

#include <string>

#include "tests/end_to_end/programs.h"

namespace kundig::end_to_end {

inline constexpr const char* kSmallShopRules = R"(
[book]
currency = "GBP"
today = 2010-12-10

[value]
individual_at = 60
standard_below = 50

[[value.criterion]]
field = "revenue"
weight = 3
missing = "zero"
points = [[0, 0], [10000, 50]]

[[value.criterion]]
field = "satisfaction"
weight = 1
missing = "skip"
points = [[0, 0], [8, 100]]

[[value.always]]
class = "individual"
where = "country = 'France'"

[[value.potential]]
where = "potential >= 5000000"
)";

inline void ImportSmallShop(const Server& server) {
  const Folder& folder = server.folder();
  const auto import = [&](const std::string& kind, const std::string& text) {
    const boost::json::object counts =
        server.One({"import", kind, folder.Write(kind + ".csv", text)});
    EXPECT_TRUE(counts.at("skipped").as_object().empty()) << kind;
  };
  import("orders",
         "customer,order,at,revenue\n"
         "ann lee,o1,2010-12-01,100.00\n"
         "ann lee,o2,2010-12-02,50.50\n"
         "b,o3,2010-12-05,5.00\n"
         "b,r3,2010-12-06,-2.00\n"
         "-17,o4,2008-01-01,20.00\n"
         "-17,o5,2008-01-05,10.00\n"
         "zoë,o6,2007-01-01,7.00\n");
  import("customers",
         "customer,kind,country,potential,key_account,satisfaction\n"
         "ann lee,business,Germany,,true,9\n"
         "b,consumer,Germany,60000.00,,\n"
         "zoë,consumer,France,,,\n");
  import("consents", "customer,at,state\n-17,2010-01-01,granted\n");
  import("contacts", "customer,at,channel,campaign\nzoë,2010-12-05,mail,winter\n");
  import("leads",
         "lead,stage,revenue,owner,customer,chance,reason\n"
         "l1,Offer,1000.00,Ada,lead-only,,\n"
         "l2,Offer,100.00,Ada,,10,\n"
         "l3,Interest,10.00,Bob,lead-only,,\n"
         "l4,Won,5.00,Ada,,,price\n"
         "l5,Lost,6.00,Bob,,,\n");
}

}  // namespace kundig::end_to_end

#endif  // KUNDIG_TESTS_END_TO_END_SMALL_SHOP_H_
