#include "server/log.h"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <regex>
#include <string>

#include "server/incidents.h"

namespace kundig::server {
namespace {

TEST(LogTest, ALineIsOneJsonObjectWithTypedFields) {
  testing::internal::CaptureStderr();
  Log(LogLevel::kWarning, "listener", "a \"quoted\"\nmessage",
      {{"port", 7400}, {"share", 0.5}, {"name", "x"}, {"on", true}});
  const std::string text = testing::internal::GetCapturedStderr();
  ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  const boost::json::value line = boost::json::parse(text);
  EXPECT_EQ(line.at("level").as_string(), "warning");
  EXPECT_EQ(line.at("component").as_string(), "listener");
  EXPECT_EQ(line.at("message").as_string(), "a \"quoted\"\nmessage");
  EXPECT_EQ(line.at("port").as_int64(), 7400);
  EXPECT_EQ(line.at("share").as_double(), 0.5);
  EXPECT_TRUE(line.at("on").as_bool());
  EXPECT_TRUE(std::regex_match(std::string(line.at("time").as_string()),
                               std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
}

TEST(LogTest, LinesBelowTheLevelAreLeftOut) {
  testing::internal::CaptureStderr();
  SetLogLevel(*ParseLogLevel("warn"));
  Log(LogLevel::kInfo, "test", "left out");
  SetLogLevel(LogLevel::kInfo);
  Log(LogLevel::kInfo, "test", "written");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("left out"), std::string::npos);
  EXPECT_NE(text.find("written"), std::string::npos);
  EXPECT_FALSE(ParseLogLevel("loud"));
}

TEST(RepeatedLineTest, PassesOneLineAnIntervalAndCountsTheRest) {
  RepeatedLine line(std::chrono::milliseconds(100));
  const std::chrono::steady_clock::time_point start{};
  EXPECT_EQ(line.Pass(start), 0U);
  EXPECT_EQ(line.Pass(start + std::chrono::milliseconds(1)), std::nullopt);
  EXPECT_EQ(line.Pass(start + std::chrono::milliseconds(99)), std::nullopt);
  EXPECT_EQ(line.Pass(start + std::chrono::milliseconds(100)), 2U);
  EXPECT_EQ(line.Pass(start + std::chrono::milliseconds(300)), 0U);
}

TEST(IncidentsTest, EachKindIsCountedAndAFloodIsOneLine) {
  testing::internal::CaptureStderr();
  Incidents incidents;
  for (int i = 0; i < 1000; ++i) incidents.Report(Incident::kBadFrame, {{"peer", "p"}});
  incidents.Report(Incident::kAcceptFailed, {{"reason", "r"}});
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(incidents.count(Incident::kBadFrame), 1000U);
  EXPECT_EQ(incidents.count(Incident::kAcceptFailed), 1U);
  // One line each; a slow machine may see a second interval begin.
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 4);
  EXPECT_NE(text.find("\"peer\":\"p\""), std::string::npos);
}

}  // namespace
}  // namespace kundig::server
