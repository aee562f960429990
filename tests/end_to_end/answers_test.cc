// Every question of the command line, asked of a running server about the small shop.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <string>
#include <vector>

#include "tests/end_to_end/programs.h"
#include "tests/end_to_end/small_shop.h"

namespace kundig::end_to_end {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

class SmallShop : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(server_.address(), "") << server_.log();
    ImportSmallShop(server_);
  }

  // The members of `actual` that `expected` names are those of `expected`.
  static void ExpectMembers(const json::object& actual, const char* expected) {
    const json::value wanted = json::parse(expected);
    for (const auto& [key, value] : wanted.as_object()) {
      const json::value* found = actual.if_contains(key);
      ASSERT_NE(found, nullptr) << key;
      EXPECT_EQ(*found, value) << key << ": " << *found;
    }
  }

  Server server_{kSmallShopRules};
};

TEST_F(SmallShop, TheBookIsCounted) {
  ExpectMembers(server_.One({"status"}),
                R"({"customers":4,"orders":6,"returns":1,"leads":5,"open_leads":3,)"
                R"("today":"2010-12-10"})");
  EXPECT_EQ(server_.Run({"ping"}).code, 0);
  ExpectMembers(server_.One({"count", "--where", "country = 'Germany'"}),
                R"({"customers":2,"orders":3,"revenue":15350,"revenue_total":15350,)"
                R"("as_of":"2010-12-10"})");
  ExpectMembers(server_.One({"count"}), R"({"customers":4,"revenue_total":19050})");
}

TEST_F(SmallShop, ImportingAgainChangesNothing) {
  const json::object counts = server_.One({"import", "orders", server_.folder() / "orders.csv"});
  ExpectMembers(counts, R"({"rows":7,"orders":6,"returns":1,"unchanged":7,"replaced":0})");
  ExpectMembers(server_.One({"status"}), R"({"customers":4,"orders":6,"returns":1})");
}

TEST_F(SmallShop, ProfilesComeInTheOrderAsked) {
  const std::vector<json::object> lines =
      server_.Ask({"profile", "--", "zoë", "-17", "x", "ann lee"});
  ASSERT_EQ(lines.size(), 4u);
  ExpectMembers(lines[0], R"({"customer":"zoë","found":true,"activity":"lost","consent":null,)"
                          R"("last_contact":"2010-12-05","value_class":"individual","r":null})");
  ExpectMembers(lines[1], R"({"customer":"-17","found":true,"kind":null,"orders":0,"revenue":0,)"
                          R"("first_order":"2008-01-01","last_order":"2008-01-05",)"
                          R"("inactive_days":1070,"purchase_days":2,"orders_total":2,)"
                          R"("revenue_total":3000,"activity":"inactive","consent":"granted"})");
  EXPECT_EQ(json::serialize(lines[2]), R"({"customer":"x","found":false})");
  ExpectMembers(lines[3], R"({"customer":"ann lee","kind":"business","key_account":true,)"
                          R"("satisfaction":9,"revenue":15050,"r":1,"f":3,"m":3,)"
                          R"("rfm_segment":"At risk","abc":"A","value_score":62.5,)"
                          R"("value_class":"individual","hidden_potential":false})");
}

TEST_F(SmallShop, AnIdMayLookLikeAnything) {
  for (const char* id : {"[b]", "[a,b]", "rfm", "--json", "--", "{}", "*"}) {
    // Another customer's answer, or none, would be the worst of answers.
    const boost::json::object answer = server_.One({"profile", "--", id});
    EXPECT_EQ(json::serialize(answer),
              json::serialize(json::object{{"customer", id}, {"found", false}}));
    EXPECT_EQ(server_.One({"explain", "--", id}).at("customer"), id);
  }
}

TEST_F(SmallShop, OptionsMayStandBehindTheCommand) {
  const Done done = RunProgram(KUNDIG_BIN_DIR "/kundig",
                               {"profile", "b", "zoë", "--json", "--server", server_.address()});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr(R"({"customer":"zoë","found":true,)"));
}

TEST_F(SmallShop, RfmHasItsCutsCellsAndSegments) {
  ExpectMembers(server_.One({"rfm"}),
                R"({"as_of":"2010-12-10","population":2,"cuts":{"recency_days":[8,8,5,5],)"
                R"("frequency":[1,1,2,2],"monetary":[300,300,15050,15050]},)"
                R"("cells":[{"r":1,"f":3,"m":3,"customers":1,"orders":2,"revenue":15050},)"
                R"({"r":3,"f":1,"m":1,"customers":1,"orders":1,"revenue":300}],)"
                R"("segments":[{"name":"New","customers":1,"orders":1,"revenue":300},)"
                R"({"name":"At risk","customers":1,"orders":2,"revenue":15050}]})");
}

TEST_F(SmallShop, AbcAndValueHaveAllClasses) {
  const json::object abc = server_.One({"abc"});
  ExpectMembers(abc, R"({"measure":"revenue","total":15350})");
  const json::array& classes = abc.at("classes").as_array();
  ASSERT_EQ(classes.size(), 4u);
  ExpectMembers(classes[0].as_object(), R"({"class":"A","customers":1,"sum":15050,"from":15050})");
  EXPECT_DOUBLE_EQ(classes[0].at("share").as_double(), 15050.0 / 15350);
  ExpectMembers(classes[1].as_object(), R"({"class":"B","customers":0,"share":0,"from":null})");
  ExpectMembers(classes[2].as_object(), R"({"class":"C","customers":1,"sum":300,"from":300})");
  ExpectMembers(classes[3].as_object(), R"({"class":"none","customers":2,"sum":0,"share":0})");
  ExpectMembers(server_.One({"value"}),
                R"({"classes":[{"class":"individual","customers":2,"revenue":15050},)"
                R"({"class":"standard","customers":2,"revenue":300},)"
                R"({"class":"review","customers":0,"revenue":0}],)"
                R"("hidden_potential":{"customers":1,"revenue":300}})");
}

TEST_F(SmallShop, ExplainNamesCriteriaAndRules) {
  ExpectMembers(server_.One({"explain", "ann lee"}),
                R"({"customer":"ann lee","value_class":"individual","value_score":62.5,)"
                R"("decided_by":"score","rule":null,"criteria":[)"
                R"({"field":"revenue","value":15050,"points":50,"weight":3,"share":37.5},)"
                R"({"field":"satisfaction","value":9,"points":100,"weight":1,"share":25}],)"
                R"("individual_at":60,"standard_below":50,"next_class":null,"distance":null,)"
                R"("hidden_potential":false})");
  ExpectMembers(server_.One({"explain", "zoë"}),
                R"({"value_class":"individual","decided_by":"always_rule",)"
                R"("rule":"country = 'France'","rule_index":0})");
  ExpectMembers(server_.One({"explain", "b"}),
                R"({"value_class":"standard","value_score":0,"hidden_potential":true,)"
                R"("potential_rule":"potential >= 5000000","criteria":[)"
                R"({"field":"revenue","value":300,"points":0,"weight":3,"share":0},)"
                R"({"field":"satisfaction","value":null,"points":null,"weight":1,"share":null}]})");
  EXPECT_EQ(json::serialize(server_.One({"explain", "x"})), R"({"customer":"x","found":false})");
}

TEST_F(SmallShop, ExplainTellsTheDayOnWhichAClassChangesByItself) {
  const json::object before = server_.One({"explain", "b"});
  EXPECT_EQ(before.at("activity").at("activity"), "active");
  EXPECT_EQ(before.at("activity").at("inactive_days"), 5);
  EXPECT_EQ(before.at("phase").at("reason"), "new_customer");
  EXPECT_EQ(before.at("abc").at("better").at("class"), "A");
  EXPECT_EQ(before.at("foreseen_through"), "2015-12-10");
  const auto become = [](const json::object& answer, const char* key) -> std::string {
    for (const json::value& day : answer.at("changes").as_array()) {
      if (day.as_object().contains(key))
        return json::serialize(day.at(key)) + " " + json::serialize(day.at("on"));
    }
    return "";
  };
  EXPECT_EQ(become(before, "activity"), R"("inactive" "2011-12-05")");
  EXPECT_EQ(become(before, "phase"), R"("growth" "2011-03-05")");
  EXPECT_THAT(server_.Run({"explain", "b"}).out,
              HasSubstr("→ inactive on 2011-12-05 unless an order or a visit comes"));
  server_.One({"admin", "advance-day", "2011-12-04"});
  EXPECT_EQ(server_.One({"explain", "b"}).at("activity").at("activity"), "active");
  server_.One({"admin", "advance-day", "2011-12-05"});
  EXPECT_EQ(server_.One({"explain", "b"}).at("activity").at("activity"), "inactive");
}

TEST_F(SmallShop, TheReactivationListLeavesOutWhoMayNotBeApproached) {
  const char* row = R"([{"customer":"-17","activity":"inactive","last_activity":"2008-01-05",)"
                    R"("inactive_days":1070,"orders_total":2,"revenue_total":3000,"abc":"none",)"
                    R"("value_class":"standard"}])";
  json::object list = server_.One({"inactive"});
  ExpectMembers(list, R"({"total":{"customers":1,"revenue_total":3000},"next":null,)"
                      R"("excluded":{"no_consent":0,"contacted":1}})");
  EXPECT_EQ(json::serialize(list.at("rows")), row);
  list = server_.One({"inactive", "--need-consent", "--limit", "0"});
  ExpectMembers(list, R"({"total":{"customers":1,"revenue_total":3000},"next":null,)"
                      R"("excluded":{"no_consent":1,"contacted":0}})");
  EXPECT_EQ(json::serialize(list.at("rows")), row);
  list = server_.One({"inactive", "--activity", "lost", "--where", "country = 'France'"});
  ExpectMembers(list, R"({"total":{"customers":0,"revenue_total":0},"rows":[],)"
                      R"("excluded":{"no_consent":0,"contacted":1}})");
}

TEST_F(SmallShop, ListsArePagedByCursor) {
  const std::vector<std::string> words = {
      "list", "--order-by", "revenue_total:asc", "--fields", "customer,last_order", "--limit", "3"};
  json::object page = server_.One(words);
  EXPECT_EQ(json::serialize(page.at("rows")), R"([{"customer":"b","last_order":"2010-12-05"},)"
                                              R"({"customer":"zoë","last_order":"2007-01-01"},)"
                                              R"({"customer":"-17","last_order":"2008-01-05"}])");
  ExpectMembers(page, R"({"total":{"customers":4,"revenue_total":19050}})");
  ASSERT_TRUE(page.at("next").is_string());
  std::vector<std::string> more = words;
  more.insert(more.end(), {"--cursor", std::string(page.at("next").as_string())});
  page = server_.One(more);
  EXPECT_EQ(json::serialize(page.at("rows")),
            R"([{"customer":"ann lee","last_order":"2010-12-02"}])");
  EXPECT_TRUE(page.at("next").is_null());
}

TEST_F(SmallShop, RowsComeAsCsvToo) {
  EXPECT_EQ(server_
                .Run({"list", "--csv", "--where", "revenue > 0", "--fields",
                      "customer,key_account,value_score,kind,last_contact"})
                .out,
            "customer,key_account,value_score,kind,last_contact\n"
            "ann lee,true,62.5,business,\n"
            "b,false,0,consumer,\n");
  const Done page = server_.Run({"list", "--csv", "--limit", "1", "--fields", "customer"});
  EXPECT_EQ(page.out, "customer\nann lee\n");
  EXPECT_THAT(page.err, HasSubstr("there is more; take --limit 0, or add --cursor "));
  EXPECT_EQ(server_.Run({"pipeline", "--by", "owner", "--csv"}).out,
            "owner,leads,revenue,weighted,overridden\nAda,2,110000,76000,1\nBob,1,1000,250,0\n");
  EXPECT_EQ(server_.Run({"value", "--csv"}).out,
            "class,customers,revenue\nindividual,2,15050\nstandard,2,300\nreview,0,0\n");
  EXPECT_THAT(server_.Run({"profile", "b", "--csv"}).out,
              HasSubstr("\nb,true,2010-12-10,consumer,"));
}

TEST_F(SmallShop, ThePipelineIsWeightedByChance) {
  ExpectMembers(
      server_.One({"pipeline", "--by", "owner", "--closed-by", "reason"}),
      R"({"groups":[{"by":{"owner":"Ada"},"leads":2,"revenue":110000,"weighted":76000,)"
      R"("overridden":1},{"by":{"owner":"Bob"},"leads":1,"revenue":1000,"weighted":250,)"
      R"("overridden":0}],"total":{"leads":3,"revenue":111000,"weighted":76250,"overridden":1},)"
      R"("won":{"leads":1,"revenue":500},"lost":{"leads":1,"revenue":600},)"
      R"("closed":[{"status":"won","by":{"reason":"price"},"leads":1,"revenue":500},)"
      R"({"status":"lost","by":{"reason":"unstated"},"leads":1,"revenue":600}]})");
  const json::object ada = server_.One({"pipeline", "--where", "owner = 'Ada'"});
  ExpectMembers(ada, R"({"groups":[{"by":{"stage":"Offer"},"leads":2,"revenue":110000,)"
                     R"("weighted":76000,"overridden":1}],"lost":{"leads":0,"revenue":0}})");
  EXPECT_FALSE(ada.contains("closed"));
}

TEST_F(SmallShop, ThePipelineIsToldAsItWas) {
  ExpectMembers(server_.One({"admin", "advance-day", "2010-12-20"}), R"({"as_of":"2010-12-20"})");
  const std::string changes = server_.folder().Write(
      "changes.csv", "lead,stage,revenue,reason\nl1,Negotiation,1000.00,\nl3,Won,12.00,price\n");
  server_.One({"import", "leads", changes});
  ExpectMembers(server_.One({"pipeline", "--as-of", "2010-12-19"}),
                R"({"as_of":"2010-12-19","total":{"leads":3,"revenue":111000,"weighted":76250,)"
                R"("overridden":1},"won":{"leads":1,"revenue":500}})");
  ExpectMembers(server_.One({"pipeline"}),
                R"({"as_of":"2010-12-20","total":{"leads":2,"revenue":110000,"weighted":86000,)"
                R"("overridden":1},"won":{"leads":2,"revenue":1700}})");
  ExpectMembers(
      server_.One({"pipeline", "--waterfall", "2010-12-10", "2010-12-20"}),
      R"({"opening":{"leads":3,"revenue":111000,"weighted":76250},"changes":[)"
      R"({"kind":"new","leads":0,"weighted":0},{"kind":"moved_up","leads":1,"weighted":10000},)"
      R"({"kind":"moved_down","leads":0,"weighted":0},{"kind":"revalued","leads":0,"weighted":0},)"
      R"({"kind":"won","leads":1,"weighted":-250,"revenue":1200},)"
      R"({"kind":"lost","leads":0,"weighted":0,"revenue":0}],)"
      R"("closing":{"leads":2,"revenue":110000,"weighted":86000}})");
  EXPECT_THAT(server_.Run({"pipeline", "--conversion", "--csv"}).out,
              HasSubstr("\nInterest,1,won,1,1,10\n"));
  EXPECT_EQ(server_.Run({"pipeline", "--as-of", "2010-12-21"}).code, 1);
  EXPECT_THAT(json::serialize(server_.One({"export", "lead-only", "--json"}).at("lead_history")),
              HasSubstr(R"({"lead":"l3","day":"2010-12-20","status":"won","stage":null,)"
                        R"("revenue":1200,"chance":null})"));
}

TEST_F(SmallShop, TheErasedAreGone) {
  ExpectMembers(server_.One({"erase", "ann lee"}), R"({"erased":true})");
  ExpectMembers(server_.One({"erase", "ann lee"}), R"({"erased":false})");
  ExpectMembers(server_.One({"erase", "--", "-17"}), R"({"erased":true})");
  ExpectMembers(server_.One({"status"}), R"({"customers":2,"orders":2,"returns":1,"leads":5})");
  ExpectMembers(server_.One({"profile", "ann lee"}), R"({"found":false})");
}

TEST_F(SmallShop, ThePinnedDayMovesForward) {
  ExpectMembers(server_.One({"admin", "advance-day", "2012-01-01"}), R"({"as_of":"2012-01-01"})");
  ExpectMembers(server_.One({"status"}), R"({"today":"2012-01-01"})");
  ExpectMembers(server_.One({"rfm"}), R"({"as_of":"2012-01-01","population":0,"cuts":null})");
  const Done back = server_.Run({"admin", "advance-day", "2012-01-01"});
  EXPECT_EQ(back.code, 1);
  EXPECT_THAT(back.err, HasSubstr("kundig: "));
}

TEST_F(SmallShop, PeopleGetTables) {
  EXPECT_THAT(server_.Run({"rfm"}).out,
              HasSubstr("At risk          1  50.0 %       2   150.50        150.50\n"));
  EXPECT_THAT(server_.Run({"pipeline"}).out, HasSubstr("won 1 lead, 5.00 GBP · lost 1 lead"));
  EXPECT_THAT(server_.Run({"profile", "b"}).out, HasSubstr("standard, score 0, hidden potential"));
  EXPECT_THAT(server_.Run({"explain", "ann lee"}).out,
              HasSubstr("ann lee is individual with a score of 62.5.\n"));
  EXPECT_THAT(server_.Run({"inactive"}).out,
              HasSubstr("left out: 0 without consent, 1 contacted lately\n"));
  EXPECT_THAT(server_.Run({"list", "--limit", "1"}).out,
              HasSubstr("1 of 4 shown; for the next ones add --cursor "));
  for (const char* command : {"abc", "value", "status", "count"}) {
    const Done done = server_.Run({command});
    EXPECT_EQ(done.code, 0) << command;
    EXPECT_THAT(done.out, HasSubstr("customers")) << command;
  }
}

}  // namespace
}  // namespace kundig::end_to_end
