// Files of orders compared, order by order, with the plain Python check that lies beside the
// repository where it is developed; without it these tests are skipped.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/tools/fake_book.h"
#include "tests/tools/import_test_files.h"
#include "tools/import_run.h"

namespace kundig::tools {
namespace {

std::string SharedFolder() {
  return std::string(KUNDIG_SOURCE_DIR) + "/../shared";
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> AskOracle(const std::string& zone, const std::string& file,
                                   const std::string& columns) {
  const std::string command = "python3 '" KUNDIG_SOURCE_DIR "/tests/tools/oracle_orders.py' '" +
                              SharedFolder() + "/check' '" + zone + "' '" + file + "'" +
                              (columns.empty() ? "" : " '" + columns + "'");
  std::FILE* const pipe = popen(command.c_str(), "r");
  std::string text;
  char part[4096];
  while (const size_t count = std::fread(part, 1, sizeof(part), pipe)) text.append(part, count);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return Lines(text);
}

int64_t UtcDay(int64_t ms) {
  return ms / kDayMs - (ms % kDayMs < 0 ? 1 : 0);
}

template <typename... Parts>
std::string Line(const Parts&... parts) {
  std::ostringstream line;
  const char* between = "";
  ((line << std::exchange(between, "|") << parts), ...);
  return line.str();
}

std::string MarginText(const flatbuffers::Optional<int64_t>& margin) {
  return margin ? std::to_string(*margin) : "";
}

// What the import made of the file, in the form of the script.
std::vector<std::string> ImportLines(const std::string& zone, const std::string& file,
                                     const std::string& columns, size_t memory_bytes) {
  FakeBook book;
  ImportRequest request;
  request.files = {file};
  request.options.columns = columns;
  request.options.memory_bytes = memory_bytes;
  request.time_zone = zone;
  request.say = [](const std::string&) {};
  const auto answer = RunImport(request, &book);
  EXPECT_TRUE(answer.has_value()) << answer.error().sentence;
  if (answer.has_error()) return {};

  std::vector<std::string> lines;
  std::set<std::string> customers;
  for (const auto* order : book.All<wire::OrderT>()) {
    customers.insert(order->customer);
    lines.push_back(Line("order", order->customer, order->order, UtcDay(order->at), order->revenue,
                         MarginText(order->margin), order->items));
  }
  for (const auto* one : book.All<wire::ReturnT>()) {
    customers.insert(one->customer);
    lines.push_back(Line("return", one->customer, one->return_id, UtcDay(one->at), one->amount,
                         MarginText(one->margin)));
  }
  for (const auto* set : book.All<wire::CustomerSetT>()) {
    customers.insert(set->customer);
    const std::string kind = set->kind ? wire::EnumNameCustomerKind(*set->kind) : "";
    if (set->country.empty() && kind.empty() && set->region.empty()) continue;
    lines.push_back(Line("customer", set->customer, set->country, kind, set->region));
  }
  std::sort(lines.begin(), lines.end());
  std::ostringstream head;
  head << answer->rows << " " << answer->orders << " " << answer->returns << " " << customers.size()
       << " ";
  const char* between = "";
  for (const auto& [why, count] : answer->skipped) {
    head << std::exchange(between, ",") << why << "=" << count;
  }
  if (answer->skipped.empty()) head << "-";
  lines.insert(lines.begin(), head.str());
  return lines;
}

// Every oddity that the definitions name, drawn at random.
std::string RandomFile(uint32_t seed) {
  std::mt19937 random(seed);
  const auto pick = [&random](std::initializer_list<const char*> texts) {
    return texts.begin()[random() % texts.size()];
  };
  const bool lines = random() % 2 == 0;
  std::string file = lines ? "order,customer,at,quantity,price,margin,country,region,kind\n"
                           : "order,customer,at,revenue,items,margin,country,region,kind\n";
  for (int row = 0; row < 600; ++row) {
    const auto digits = [&random](uint32_t below) { return std::to_string(random() % below); };
    std::string text = random() % 40 == 0 ? "" : "o" + digits(200);
    // Mostly the customer goes with the order.
    text += random() % 30 == 0 ? "," : ",c" + (random() % 20 == 0 ? digits(40) : text.substr(0, 2));
    text += ",2010-0" + std::to_string(1 + random() % 9) + "-" + std::to_string(10 + random() % 19);
    text += pick({"", "", " 07:45:00", "T07:45", " 23:59:59.5", "T23:30:00+05:00",
                  "T00:30:00-03:00", "T12:00:00Z", " 25:00:00", "x"});
    text += ",";
    text += pick({"1", "-1", "2", "0", "-3", "2.5", "1e1", "-0.0005", "", "x", "10"});
    text += ",";
    text += pick({"0.995", "1.005", "3", "0.0049", "12.5", "7", "1E-2", "", "0"});
    text += ",";
    text += pick({"", "", "", "0.5", "-1.005", "y", "2"});
    text += ",";
    text += pick({"", "France", "Spain", "\"Korea, South\"", " Italy "});
    text += ",";
    text += pick({"", "", "North", "S\xc3\xbc\x64"});
    text += ",";
    text += pick({"", "", "consumer", "business"});
    if (random() % 50 == 0) text += ",extra";
    text += pick({"\n", "\r\n", "\n", "\n\n"});
    file += text;
  }
  return file;
}

class ImportOracle : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(SharedFolder() + "/check/oracle.py")) {
      GTEST_SKIP() << "no check/oracle.py in " << SharedFolder();
    }
  }
};

TEST_F(ImportOracle, RandomFilesComeToTheSame) {
  const TestFolder folder;
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    const std::string file = folder.Write("orders.csv", RandomFile(seed));
    const auto expected = AskOracle("UTC", file, "");
    ASSERT_GT(expected.size(), 50U);
    EXPECT_EQ(ImportLines("UTC", file, "", size_t{64} << 20), expected) << "seed " << seed;
    EXPECT_EQ(ImportLines("UTC", file, "", 8000), expected) << "seed " << seed << ", over disk";
  }
}

TEST_F(ImportOracle, TheRetailFileComesToTheSame) {
  const std::string file = SharedFolder() + "/data/online_retail_ii_2009_2010.csv.gz";
  const std::string columns =
      "customer=Customer ID,order=Invoice,at=InvoiceDate,quantity=Quantity,price=Price,"
      "country=Country";
  // Times of the file are in the daytime, so that the day in London is that of UTC.
  const auto expected = AskOracle("Europe/London", file, columns);
  ASSERT_GT(expected.size(), 20'000U);
  EXPECT_EQ(ImportLines("Europe/London", file, columns, size_t{512} << 20), expected);
  EXPECT_EQ(ImportLines("Europe/London", file, columns, size_t{1} << 20), expected);
}

}  // namespace
}  // namespace kundig::tools
