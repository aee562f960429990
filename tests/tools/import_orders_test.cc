// Every rule for files of orders, in memory and over temporary files.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "tests/tools/fake_book.h"
#include "tests/tools/import_test_files.h"
#include "tools/import_run.h"

namespace kundig::tools {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// The parameter is the memory for summing: 0 sends everything over temporary files.
class ImportOrders : public ::testing::TestWithParam<size_t> {
 protected:
  ImportAnswer Import(std::string_view content, ImportOptions options = {}) {
    return ImportFile(folder_.Write("orders.csv", content), std::move(options));
  }

  ImportAnswer ImportFile(const std::string& path, ImportOptions options = {}) {
    const auto answer = TryImport({path}, std::move(options));
    EXPECT_TRUE(answer.has_value()) << answer.error().sentence;
    return answer.has_value() ? *answer : ImportAnswer();
  }

  Outcome<ImportAnswer> TryImport(std::vector<std::string> files, ImportOptions options = {}) {
    options.memory_bytes = GetParam();
    ImportRequest request;
    request.kind = ImportKind::kOrders;
    request.files = std::move(files);
    request.options = options;
    request.time_zone = "UTC";
    request.say = [this](const std::string& line) { said_.push_back(line); };
    return RunImport(request, &book_);
  }

  const wire::OrderT& TheOrder() {
    const auto orders = book_.All<wire::OrderT>();
    EXPECT_THAT(orders, SizeIs(1));
    return *orders.at(0);
  }

  TestFolder folder_;
  FakeBook book_;
  std::vector<std::string> said_;
};

TEST_P(ImportOrders, SumsRowsThatAreNotNextToEachOther) {
  const auto answer = Import(
      "customer,order,at,quantity,price\n"
      "c1,o1,2010-01-02 10:00:00,3,0.335\n"
      "c2,o2,2010-01-01,1,5\n"
      "c1,o1,2010-01-01 12:00:00,2.5,0.2\n"
      "c1,o1,2010-01-03,-1,0.0001\n");
  EXPECT_EQ(answer.rows, 4U);
  EXPECT_EQ(answer.orders, 2U);
  EXPECT_THAT(answer.skipped, IsEmpty());
  const auto orders = book_.All<wire::OrderT>();
  ASSERT_THAT(orders, SizeIs(2));
  const auto& first = *(orders[0]->order == "o1" ? orders[0] : orders[1]);
  EXPECT_EQ(first.customer, "c1");
  EXPECT_EQ(first.revenue, 150);  // 1.005 + 0.5 - 0.0001 = 1.5049, rounded once
  EXPECT_EQ(first.items, 5U);     // 5.5, the negative quantity left out, cut off
  EXPECT_EQ(first.at, kFirstMs + kDayMs / 2);
  EXPECT_FALSE(first.margin);
}

TEST_P(ImportOrders, RoundsHalfAwayFromZeroOncePerOrder) {
  Import(
      "customer,order,at,revenue\n"
      "c1,o1,2010-01-01,0.003\n"
      "c1,o1,2010-01-01,0.002\n"
      "c1,o2,2010-01-01,0.0025\n"
      "c1,o2,2010-01-01,0.0024\n"
      "c1,o3,2010-01-01,1e3\n");
  std::map<std::string, int64_t> revenue;
  for (const auto* order : book_.All<wire::OrderT>()) revenue[order->order] = order->revenue;
  EXPECT_THAT(revenue, UnorderedElementsAre(Pair("o1", 1), Pair("o2", 0), Pair("o3", 100000)));
}

TEST_P(ImportOrders, MakesReturnsOfNegativeSums) {
  const auto answer = Import(
      "customer,order,at,quantity,price,margin\n"
      "c1,r1,2010-01-01,-2,6.95,-3.005\n"
      "c2,r2,2010-01-01,-1,0.004,\n"
      "c3,r3,2010-01-01,1,10,\n"
      "c3,r3,2010-01-01,-1,12.5,\n");
  EXPECT_EQ(answer.orders, 0U);
  EXPECT_EQ(answer.returns, 3U);
  std::map<std::string, std::tuple<std::string, int64_t, std::optional<int64_t>>> returns;
  for (const auto* one : book_.All<wire::ReturnT>()) {
    returns[one->return_id] = {one->customer, one->amount,
                               one->margin ? std::optional(*one->margin) : std::nullopt};
  }
  // One that comes to nothing is counted and its customer made known, but it is not stored.
  EXPECT_THAT(returns, UnorderedElementsAre(Pair("r1", std::tuple("c1", 1390, -301)),
                                            Pair("r3", std::tuple("c3", 250, std::nullopt))));
  const auto customers = book_.All<wire::CustomerSetT>();
  ASSERT_THAT(customers, SizeIs(1));
  EXPECT_EQ(customers[0]->customer, "c2");
  EXPECT_EQ(customers[0]->country, "");
}

TEST_P(ImportOrders, TakesRevenueMarginAndItemsAsGiven) {
  const auto answer = Import(
      "customer,order,at,revenue,margin,items\n"
      "c1,o1,2010-01-01,10,-1.5,2.9\n"
      "c1,o1,2010-01-01,10,,2.2\n"
      "c2,o2,2010-01-01,0,,\n");
  EXPECT_EQ(answer.orders, 2U);
  for (const auto* order : book_.All<wire::OrderT>()) {
    if (order->order == "o1") {
      EXPECT_EQ(order->revenue, 2000);
      EXPECT_EQ(order->margin, -150);
      EXPECT_EQ(order->items, 5U);
    } else {
      EXPECT_EQ(order->revenue, 0);
      EXPECT_FALSE(order->margin);
      EXPECT_EQ(order->items, 0U);
    }
  }
}

TEST_P(ImportOrders, ReadsMinorUnits) {
  ImportOptions options;
  options.minor_units = true;
  Import("customer,order,at,revenue,margin\nc1,o1,2010-01-01,1250,300.5\n", options);
  EXPECT_EQ(TheOrder().revenue, 1250);
  EXPECT_EQ(TheOrder().margin, 301);
}

TEST_P(ImportOrders, CountsBadRowsWithLineAndReason) {
  const auto answer = Import(
      "customer,order,at,revenue\n"
      "x1,o1,yesterday,12\n"
      "x2,o2,2010-01-01,twelve\n"
      "x3,,2010-01-01,1\n"
      "x4,o4\n"
      "x5,o5,2010-01-01,\n"
      ",,2010-01-01,1\n"
      ",o7,2010-01-01,1\n"
      "\n"
      "x8,o8,2010-01-01,99999999999999999999999999999999999999\n"
      "x\xff,o9,2010-01-01,1\n"
      "ok,o10,2010-01-01,1\n");
  EXPECT_EQ(answer.rows, 10U);
  EXPECT_EQ(answer.orders, 1U);
  EXPECT_THAT(answer.skipped, UnorderedElementsAre(Pair("bad_row", 8), Pair("no_customer", 1)));
  EXPECT_THAT(said_,
              Contains(HasSubstr("orders.csv:2: bad_row: at is 'yesterday', expected a time")));
  EXPECT_THAT(said_, Contains(HasSubstr(":3: bad_row: revenue is 'twelve', expected a number")));
  EXPECT_THAT(said_, Contains(HasSubstr(":4: bad_row: order is empty, expected an id")));
  EXPECT_THAT(said_, Contains(HasSubstr(":5: bad_row: 2 fields where the header has 4")));
  EXPECT_THAT(said_, Contains(HasSubstr(":10: bad_row: revenue, margin or items of order o8")));
  EXPECT_THAT(said_, Contains(HasSubstr(":11: bad_row: customer is not UTF-8")));
  EXPECT_THAT(said_, SizeIs(8));
}

TEST_P(ImportOrders, ShowsTheFirstTenBadRowsOnly) {
  std::string content = "customer,order,at,revenue\n";
  for (int i = 0; i < 50; ++i) content += "c,o,never,1\n";
  EXPECT_THAT(Import(content).skipped, ElementsAre(Pair("bad_row", 50)));
  EXPECT_THAT(said_, SizeIs(11));
  EXPECT_EQ(said_.back(), "further bad rows are counted only");
}

TEST_P(ImportOrders, SkipsRowsOfAnotherCustomer) {
  const auto answer = Import(
      "customer,order,at,revenue,country\n"
      "c1,o1,2010-01-01,1,France\n"
      "c2,o1,2009-01-01,5,Spain\n"
      "c1,o1,2010-01-01,2,\n"
      "c2,o2,2010-01-01,2,\n");
  EXPECT_EQ(answer.orders, 2U);
  EXPECT_THAT(answer.skipped, ElementsAre(Pair("other_customer", 1)));
  for (const auto* order : book_.All<wire::OrderT>()) {
    if (order->order != "o1") continue;
    EXPECT_EQ(order->customer, "c1");
    EXPECT_EQ(order->revenue, 300);
    EXPECT_EQ(order->at, kFirstMs);
  }
  // The row that was skipped sets nothing.
  const auto customers = book_.All<wire::CustomerSetT>();
  ASSERT_THAT(customers, SizeIs(1));
  EXPECT_EQ(customers[0]->customer, "c1");
  EXPECT_EQ(customers[0]->country, "France");
}

TEST_P(ImportOrders, LetsTheLastRowOfTheFileSetAttributes) {
  std::string content = "customer,order,at,revenue,country,kind,region\n";
  for (int i = 0; i < 100; ++i) {
    content += "c1,o" + std::to_string(i % 37) + ",2010-01-01,1,Land" + std::to_string(i) + ",,\n";
  }
  content +=
      "c1,o5,2010-01-01,1,,Business,North\nc1,o9,2010-01-01,1,,,South\nc2,p,2010-01-01,1,,,\n";
  EXPECT_EQ(Import(content).orders, 38U);
  const auto customers = book_.All<wire::CustomerSetT>();
  ASSERT_THAT(customers, SizeIs(1));
  EXPECT_EQ(customers[0]->country, "Land99");
  EXPECT_EQ(customers[0]->region, "South");
  EXPECT_EQ(customers[0]->kind, wire::CustomerKind::business);
}

TEST_P(ImportOrders, MapsColumns) {
  ImportOptions options;
  options.columns = "customer=Customer ID,order=Invoice,at=Date,revenue=Sum";
  options.time_format = "%d.%m.%Y";
  options.delimiter = ';';
  const auto answer =
      Import("\xef\xbb\xbfInvoice;Sum;Customer ID;Date;country\n7;1.5; c1 ;1.1.2010;x\n", options);
  EXPECT_EQ(TheOrder().customer, "c1");
  EXPECT_EQ(TheOrder().revenue, 150);
  EXPECT_EQ(TheOrder().at, kFirstMs);
  EXPECT_THAT(answer.unused_columns, ElementsAre("country"));
  EXPECT_THAT(book_.All<wire::CustomerSetT>(), IsEmpty());
}

TEST_P(ImportOrders, RefusesColumnsThatDoNotFit) {
  const std::string good =
      folder_.Write("good.csv", "customer,order,at,revenue\nc,o,2010-01-01,1\n");
  const auto failure = [&](const std::string& content, const std::string& columns) {
    ImportOptions options;
    options.columns = columns;
    const auto answer = TryImport({good, folder_.Write("bad.csv", content)}, options);
    EXPECT_TRUE(answer.has_error());
    return answer.has_error() ? answer.error() : Failure();
  };
  EXPECT_THAT(failure("customer,order,at\n", "").sentence, HasSubstr("quantity and one for price"));
  EXPECT_THAT(failure("customer,order,revenue\n", "").sentence, HasSubstr("'at'"));
  EXPECT_THAT(failure("customer,at,order,at,revenue\n", "").sentence, HasSubstr("twice"));
  EXPECT_EQ(failure("", "customer=A,order").exit_code, kExitUsage);
  EXPECT_EQ(failure("", "customer=A,customer=B").exit_code, kExitUsage);
  EXPECT_EQ(failure("", "custmer=A").exit_code, kExitUsage);
  EXPECT_THAT(failure("x\n", "customer=customer,order=order,at=at,revenue=Total").sentence,
              HasSubstr("'Total'"));
  // A mistake in the second file stops the first one too.
  EXPECT_THAT(book_.events, IsEmpty());
}

TEST_P(ImportOrders, SendsNothingOfAFileThatBreaksOff) {
  std::string content = "customer,order,at,revenue\n";
  for (int i = 0; i < 20'000; ++i) content += "c,o" + std::to_string(i) + ",2010-01-01,1\n";
  const std::string whole = ReadWhole(folder_.WriteGz("whole.gz", content));
  const auto answer = TryImport({folder_.Write("cut.gz", whole.substr(0, whole.size() - 100))});
  ASSERT_TRUE(answer.has_error());
  EXPECT_EQ(answer.error().exit_code, kExitRefused);
  EXPECT_EQ(book_.batches(), 0U);
}

TEST_P(ImportOrders, CountsWhatTheServerRefuses) {
  book_.refuse = [](const wire::EventT& event) -> std::optional<wire::ErrorCode> {
    const auto* order = event.body.AsOrder();
    if (order != nullptr && order->at > kFirstMs) return wire::ErrorCode::future_event;
    return std::nullopt;
  };
  const auto answer = Import(
      "customer,order,at,revenue\n"
      "c1,o1,2010-01-01,1\n"
      "c1,o2,2999-01-01,1\n"
      "c1,r1,2999-01-01,-1\n");
  EXPECT_EQ(answer.rows, 3U);
  EXPECT_EQ(answer.orders, 1U);
  EXPECT_EQ(answer.returns, 1U);
  EXPECT_EQ(answer.applied, 2U);
  EXPECT_THAT(answer.skipped, ElementsAre(Pair("future_event", 1)));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("orders.csv:3: future_event: refused by the test")));
}

TEST_P(ImportOrders, StopsWhereTheServerIsLost) {
  book_.max_events = 10;
  book_.fails_from = 3;
  std::string content = "customer,order,at,revenue\n";
  for (int i = 0; i < 1000; ++i) content += "c,o" + std::to_string(i) + ",2010-01-01,1\n";
  const auto answer = TryImport({folder_.Write("orders.csv", content)});
  ASSERT_TRUE(answer.has_error());
  EXPECT_EQ(answer.error().exit_code, kExitNoServer);
  EXPECT_THAT(answer.error().sentence, HasSubstr("the connection broke"));
  EXPECT_EQ(book_.events.size(), 30U);
  EXPECT_LT(book_.batches(), 10U);  // and does not go on sending
}

TEST_P(ImportOrders, ImportsFilesOneAfterTheOther) {
  const std::string one = folder_.Write("1.csv", "customer,order,at,revenue\nc,o,2010-01-01,1\n");
  const std::string two =
      folder_.WriteGz("2.csv", "order,customer,at,revenue\no,c,2010-01-01,2\np,,2010-01-01,2\n");
  const auto answer = TryImport({one, two});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->rows, 3U);
  EXPECT_EQ(answer->orders, 2U);
  EXPECT_THAT(answer->skipped, ElementsAre(Pair("no_customer", 1)));
  const auto orders = book_.All<wire::OrderT>();
  ASSERT_THAT(orders, SizeIs(2));
  EXPECT_EQ(orders[1]->revenue, 200);
  EXPECT_THAT(TryImport({one, folder_.path() + "/missing.csv"}).error().sentence,
              HasSubstr("missing.csv"));
}

INSTANTIATE_TEST_SUITE_P(Memory, ImportOrders, ::testing::Values(size_t{64} << 20, size_t{0}),
                         [](const auto& size) { return size.param == 0 ? "Disk" : "Memory"; });

}  // namespace
}  // namespace kundig::tools
