#include "tools/bench_load.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "tools/bench_questions.h"
#include "tools/bench_report.h"

namespace kundig::tools {
namespace {

using std::chrono::nanoseconds;

TEST(BenchSchedule, IsEvenAndDoesNotDrift) {
  const Schedule schedule(3, 1, 0);
  EXPECT_EQ(schedule.DueOf(0), nanoseconds(0));
  EXPECT_EQ(schedule.DueOf(1), nanoseconds(333'333'333));
  // A sum of rounded intervals would be a second behind after so many.
  EXPECT_EQ(schedule.DueOf(3'000'000'000), std::chrono::seconds(1'000'000'000));
}

TEST(BenchSchedule, SendersTakeTurns) {
  const Schedule all(1000, 1, 0), first(1000, 3, 0), second(1000, 3, 1), third(1000, 3, 2);
  for (uint64_t turn = 0; turn < 100; ++turn) {
    EXPECT_EQ(first.DueOf(turn), all.DueOf(3 * turn));
    EXPECT_EQ(second.DueOf(turn), all.DueOf(3 * turn + 1));
    EXPECT_EQ(third.DueOf(turn), all.DueOf(3 * turn + 2));
  }
}

TEST(BenchLoad, WithoutAServerSaysSo) {
  client::Options options;
  options.server = "127.0.0.1:1";
  const auto figures =
      RunLoad({}, options, 1, [](uint32_t) { return std::unique_ptr<RequestSource>(); });
  ASSERT_TRUE(figures.has_error());
  EXPECT_EQ(figures.error().kind, client::ErrorKind::kUnreachable);
}

TEST(BenchQuestions, AreMessagesOfTheirTypes) {
  for (const std::string& name : QuestionNames()) {
    const LoadQuestion question = QuestionOf(name, {});
    EXPECT_EQ(question.name, name);
    EXPECT_NE(question.type, wire::MessageType::none);
    EXPECT_FALSE(question.payload.empty());
  }
  QuestionWords words;
  words.where = "orders > 1";
  words.order_by = "revenue";
  words.ascending = true;
  words.limit = 7;
  words.fields = {"customer", "revenue"};
  words.by = {"owner", "month"};
  wire::ListRequestT list;
  const LoadQuestion inactive = QuestionOf("inactive", words);
  flatbuffers::GetRoot<wire::ListRequest>(inactive.payload.data())->UnPackTo(&list);
  EXPECT_EQ(list.kind, wire::ListKind::inactive);
  EXPECT_EQ(list.where, words.where);
  EXPECT_EQ(list.order_by, "revenue");
  EXPECT_FALSE(list.descending);
  EXPECT_EQ(list.limit, 7u);
  EXPECT_EQ(list.fields, words.fields);
  wire::PipelineRequestT pipeline;
  const LoadQuestion grouped = QuestionOf("pipeline", words);
  flatbuffers::GetRoot<wire::PipelineRequest>(grouped.payload.data())->UnPackTo(&pipeline);
  EXPECT_EQ(pipeline.by,
            (std::vector<wire::PipelineKey>{wire::PipelineKey::owner, wire::PipelineKey::month}));
}

double Number(const boost::json::value& value) {
  return value.to_number<double>();
}

LoadReport TenAnswersInTwoSeconds() {
  LoadReport report{.load = "lookup", .items = "customers", .kinds = {""}};
  report.plan.rate = 5;
  report.about = {{"batch", 3}};
  report.figures.kinds.resize(1);
  for (uint64_t i = 1; i <= 10; ++i) report.figures.kinds[0].latency.Record(i * 1'000'000);
  report.figures.kinds[0].items = 30;
  report.figures.seconds = 2;
  report.figures.unsent = 4;
  return report;
}

TEST(BenchReport, NamesRatesAndPercentiles) {
  const boost::json::object json = LoadJson(TenAnswersInTwoSeconds());
  EXPECT_EQ(json.at("load"), "lookup");
  EXPECT_EQ(json.at("batch"), 3);
  EXPECT_EQ(json.at("requests"), 10);
  EXPECT_EQ(Number(json.at("requests_per_second")), 5);
  EXPECT_EQ(json.at("customers"), 30);
  EXPECT_EQ(Number(json.at("customers_per_second")), 15);
  EXPECT_EQ(json.at("errors"), 0);
  EXPECT_EQ(json.at("unsent"), 4);
  const boost::json::object& latency = json.at("latency_us").as_object();
  EXPECT_EQ(Number(latency.at("mean")), 5500);
  EXPECT_EQ(Number(latency.at("min")), 1000);
  EXPECT_NEAR(Number(latency.at("p50")), 5000, 5000 * LatencyHistogram::kRelativeError);
  EXPECT_EQ(Number(latency.at("p99.99")), 10'000);
  EXPECT_EQ(Number(latency.at("max")), 10'000);

  const std::string text = LoadText(TenAnswersInTwoSeconds(), {});
  EXPECT_NE(text.find("5 requests a second by schedule, batch 3; 2.0 s"), std::string::npos)
      << text;
  EXPECT_NE(text.find("10.0 ms"), std::string::npos) << text;
  EXPECT_NE(text.find("4 requests were due and could not be sent"), std::string::npos) << text;
}

TEST(BenchReport, TellsQuestionsApart) {
  LoadReport report{.load = "scan", .items = "", .kinds = {"rfm", "abc"}};
  report.figures.kinds.resize(2);
  report.figures.kinds[1].latency.Record(2'000);
  report.figures.seconds = 1;
  const boost::json::object json = LoadJson(report);
  EXPECT_EQ(json.at("rate"), nullptr);
  const boost::json::object& questions = json.at("questions").as_object();
  EXPECT_EQ(questions.at("rfm").at("requests"), 0);
  EXPECT_EQ(questions.at("abc").at("requests"), 1);
  EXPECT_EQ(Number(questions.at("abc").at("latency_us").at("max")), 2);
  EXPECT_FALSE(questions.at("abc").as_object().contains("_per_second"));
}

}  // namespace
}  // namespace kundig::tools
