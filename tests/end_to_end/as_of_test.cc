// Time travel and what-if from outside: a server that stopped on a day answers what one that went
// on answers as of that day.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <string>
#include <vector>

#include "tests/end_to_end/programs.h"
#include "tests/end_to_end/small_shop.h"

namespace kundig::end_to_end {
namespace {

using ::testing::HasSubstr;

constexpr const char* kFirstOrders =
    "customer,order,at,revenue\n"
    "ann,o1,2010-06-01,100.00\n"
    "bob,o2,2009-02-01,20.00\n"
    "cyd,o3,2010-11-30,5.00\n"
    "ann,r1,2010-11-30,-10.00\n";
constexpr const char* kLaterOrders =
    "customer,order,at,revenue\n"
    "bob,o4,2010-12-01,900.00\n"
    "ann,r2,2010-12-02,-50.00\n"
    "dan,o5,2010-12-10,70.00\n";

std::string RulesOn(const std::string& day) {
  std::string rules = kSmallShopRules;
  rules.replace(rules.find("2010-12-10"), 10, day);
  return rules;
}

void Import(const Server& server, const char* kind, const std::string& text) {
  const auto path = server.folder().Write(std::string(kind) + ".csv", text);
  EXPECT_TRUE(server.One({"import", kind, path}).at("skipped").as_object().empty()) << kind;
}

// The answer without the name of its state, which is another book's, and without what comes by
// itself, which is told of today only.
boost::json::object Answer(const Server& server, const std::vector<std::string>& words) {
  boost::json::object answer = server.One(words);
  answer.erase("journal_sequence");
  answer.erase("ranking_version");
  answer.erase("foreseen_through");
  answer.erase("changes");
  return answer;
}

TEST(AsOf, AnswersLikeABookThatStoppedOnThatDay) {
  const Server then(RulesOn("2010-11-30")), now(RulesOn("2010-12-10"));
  ASSERT_NE(then.address(), "") << then.log();
  ASSERT_NE(now.address(), "") << now.log();
  for (const Server* server : {&then, &now}) {
    Import(*server, "orders", kFirstOrders);
    Import(*server, "customers", "customer,country,satisfaction\nann,France,9\nbob,Germany,2\n");
    Import(*server, "contacts", "customer,at,channel,campaign\nann,2010-11-01,mail,winter\n");
  }
  Import(now, "orders", kLaterOrders);
  Import(now, "contacts", "customer,at,channel,campaign\nbob,2010-12-01,mail,winter\n");
  for (std::vector<std::string> words : std::vector<std::vector<std::string>>{
           {"rfm"},
           {"abc"},
           {"value"},
           {"inactive", "--activity", "inactive,active"},
           {"list", "--fields", "customer,revenue,recency_days,rfm_segment,value_class"},
           {"count", "--where", "revenue > 1"},
           {"profile", "ann"},
           {"profile", "bob"},
           {"profile", "dan"},
           {"explain", "ann"},
           {"explain", "dan"}}) {
    const boost::json::object expected = Answer(then, words);
    EXPECT_NE(Answer(now, words), expected) << words.front() << " tells nothing";
    words.insert(words.end(), {"--as-of", "2010-11-30"});
    EXPECT_EQ(Answer(now, words), expected) << words.front();
  }
  EXPECT_EQ(now.One({"abc", "--as-of", "2010-11-29"}).at("as_of"), "2010-11-29");
  const Done later = now.Run({"rfm", "--as-of", "2010-12-11"});
  EXPECT_EQ(later.code, 1);
  EXPECT_THAT(later.err, HasSubstr("name a day up to today, 2010-12-10, not 2010-12-11"));
}

TEST(WhatIf, ShowsWhoMovesAndChangesNothing) {
  const Server server(kSmallShopRules);
  ASSERT_NE(server.address(), "") << server.log();
  ImportSmallShop(server);
  const boost::json::object before = Answer(server, {"value"});
  std::string rules = kSmallShopRules;
  rules.replace(rules.find("[10000, 50]"), 11, "[10000, 99]");
  const std::string config = server.folder().Write("new.toml", rules);
  const boost::json::object answer =
      server.One({"what-if", "--config", config, "--list", "value:review:individual"});
  EXPECT_EQ(answer.at("as_of"), "2010-12-10");
  EXPECT_EQ(answer.at("moved").at("abc"), 0);
  EXPECT_TRUE(answer.at("notes").as_array().empty());
  EXPECT_EQ(Answer(server, {"value"}), before);

  const Done table = server.Run({"what-if", "--config", config});
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_THAT(table.out, HasSubstr("value_class: "));

  const Done csv = server.Run({"what-if", "--csv", "--config", config, "--list", "abc:A:A"});
  EXPECT_THAT(csv.out,
              HasSubstr("customer,revenue,revenue_total,from,to\nann lee,15050,15050,A,A"));

  const std::string wrong = server.folder().Write("wrong.toml", "[abc]\na = 70\nb = 60\n");
  const Done refused = server.Run({"what-if", "--config", wrong});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("the other configuration:"));
  EXPECT_THAT(refused.err, HasSubstr("book.currency: expected GBP"));
}

}  // namespace
}  // namespace kundig::end_to_end
