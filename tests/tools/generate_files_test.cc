#include "tools/generate_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/tools/fake_book.h"
#include "tests/tools/import_test_files.h"
#include "tools/import_run.h"

namespace kundig::tools {
namespace {

using ::testing::IsEmpty;

constexpr int32_t kFrom = 18262;   // 2020-01-01
constexpr int32_t kUntil = 20087;  // 2024-12-30

GenerateRequest Request(const std::string& folder, uint64_t customers, uint64_t seed, int threads,
                        bool gz = false) {
  GenerateRequest request;
  request.plan = {customers, seed, kFrom, kUntil};
  request.folder = folder;
  request.threads = threads;
  request.gz = gz;
  return request;
}

GenerateAnswer Generate(const GenerateRequest& request) {
  const auto answer = GenerateShop(request);
  EXPECT_TRUE(answer.has_value()) << answer.error().sentence;
  return answer.has_value() ? *answer : GenerateAnswer();
}

std::map<std::string, std::string> Files(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files[entry.path().filename().string()] = ReadWhole(entry.path().string());
  }
  return files;
}

TEST(Generate, GivesTheSameBytesOnAnyNumberOfThreads) {
  const TestFolder folder;
  // More than two blocks, and a last one that is not full.
  constexpr uint64_t kCustomers = 9'123;
  for (const bool gz : {false, true}) {
    Generate(Request(folder.path() + "/1", kCustomers, 5, 1, gz));
    const auto expected = Files(folder.path() + "/1");
    ASSERT_EQ(expected.size(), 6U);
    for (const int threads : {2, 7}) {
      const std::string other = folder.path() + "/" + std::to_string(threads);
      Generate(Request(other, kCustomers, 5, threads, gz));
      EXPECT_TRUE(Files(other) == expected) << threads << " threads";
      std::filesystem::remove_all(other);
    }
    Generate(Request(folder.path() + "/seed", kCustomers, 6, 2, gz));
    for (const auto& [name, bytes] : Files(folder.path() + "/seed")) {
      EXPECT_TRUE(bytes != expected.at(name)) << name;
    }
    std::filesystem::remove_all(folder.path() + "/1");
    std::filesystem::remove_all(folder.path() + "/seed");
  }
}

TEST(Generate, CustomersDoNotDependOnHowManyThereAre) {
  const TestFolder folder;
  Generate(Request(folder.path() + "/few", 100, 5, 1));
  Generate(Request(folder.path() + "/many", 200, 5, 1));
  for (const std::string name : {"customers.csv", "orders.csv", "visits.csv", "contacts.csv"}) {
    const std::string few = ReadWhole(folder.path() + "/few/" + name);
    EXPECT_EQ(ReadWhole(folder.path() + "/many/" + name).substr(0, few.size()), few) << name;
  }
}

ImportAnswer ImportShop(const std::string& folder, ImportKind kind, bool gz, FakeBook* book) {
  ImportRequest request;
  request.kind = kind;
  request.files = {folder + "/" + std::string(NameOf(kind)) + (gz ? ".csv.gz" : ".csv")};
  request.time_zone = "Europe/Berlin";
  request.say = [](const std::string& line) { ADD_FAILURE() << line; };
  const auto answer = RunImport(request, book);
  EXPECT_TRUE(answer.has_value()) << answer.error().sentence;
  return answer.has_value() ? *answer : ImportAnswer();
}

// A shop in a fake book, as the importers read it.
class GeneratedShop : public ::testing::Test {
 protected:
  static constexpr uint64_t kCustomers = 12'000;

  static void SetUpTestSuite() {
    const TestFolder folder;
    generated_ = Generate(Request(folder.path(), kCustomers, 1, 2, true));
    book_ = new FakeBook;
    for (const ImportKind kind : kImportKinds) {
      if (std::count(kShopFileNames.begin(), kShopFileNames.end(), NameOf(kind)) == 0) continue;
      answers_[kind] = ImportShop(folder.path(), kind, true, book_);
    }
  }
  static void TearDownTestSuite() {
    delete book_;
    book_ = nullptr;
  }

  static GenerateAnswer generated_;
  static FakeBook* book_;
  static std::map<ImportKind, ImportAnswer> answers_;
};
GenerateAnswer GeneratedShop::generated_;
FakeBook* GeneratedShop::book_ = nullptr;
std::map<ImportKind, ImportAnswer> GeneratedShop::answers_;

TEST_F(GeneratedShop, IsImportedWithoutASkippedRow) {
  for (size_t i = 0; i < kShopFiles; ++i) {
    bool found = false;
    for (const auto& [kind, answer] : answers_) {
      if (NameOf(kind) != kShopFileNames[i]) continue;
      found = true;
      EXPECT_EQ(answer.rows, generated_.rows[i]) << NameOf(kind);
      EXPECT_EQ(answer.orders + answer.returns + (kind == ImportKind::kOrders ? 0 : answer.taken),
                answer.rows);
      EXPECT_THAT(answer.skipped, IsEmpty()) << NameOf(kind);
      EXPECT_THAT(answer.unused_columns, IsEmpty()) << NameOf(kind);
    }
    EXPECT_TRUE(found) << kShopFileNames[i];
  }
  EXPECT_EQ(answers_[ImportKind::kCustomers].rows, kCustomers);
  EXPECT_EQ(answers_[ImportKind::kLeads].rows, kCustomers / 10);
}

TEST_F(GeneratedShop, HasNoEventOutsideItsDays) {
  // Events are in the daytime, so that the day in Berlin is that of UTC.
  const auto inside = [](int64_t at) {
    return at >= kFrom * kDayMs && at < (kUntil + int64_t{1}) * kDayMs;
  };
  for (const auto* order : book_->All<wire::OrderT>()) ASSERT_TRUE(inside(order->at));
  for (const auto* one : book_->All<wire::ReturnT>()) ASSERT_TRUE(inside(one->at));
  for (const auto* visit : book_->All<wire::VisitT>()) ASSERT_TRUE(inside(visit->at));
  for (const auto* contact : book_->All<wire::ContactT>()) ASSERT_TRUE(inside(contact->at));
  for (const auto* consent : book_->All<wire::ConsentT>()) ASSERT_TRUE(inside(consent->at));
  for (const auto* lead : book_->All<wire::LeadSetT>()) {
    ASSERT_TRUE(lead->opened && *lead->opened >= kFrom && *lead->opened <= kUntil);
    ASSERT_EQ(lead->closed.has_value(), lead->status != wire::LeadStatus::open);
    const int32_t closed = lead->closed.value_or(kUntil);
    ASSERT_TRUE(closed >= *lead->opened && closed <= kUntil);
  }
}

TEST_F(GeneratedShop, LooksLikeAShop) {
  const auto orders = book_->All<wire::OrderT>();
  const double per_customer = static_cast<double>(orders.size()) / kCustomers;
  EXPECT_GT(per_customer, 4);
  EXPECT_LT(per_customer, 6);
  std::map<std::string, uint64_t> count;
  std::vector<int64_t> revenue;
  for (const auto* order : orders) {
    ++count[order->customer];
    revenue.push_back(order->revenue);
  }
  EXPECT_LT(count.size(), kCustomers);  // some never buy
  uint64_t once = 0;
  uint64_t most = 0;
  for (const auto& [customer, number] : count) {
    once += number == 1 ? 1 : 0;
    most = std::max(most, number);
  }
  EXPECT_GT(once, kCustomers / 5);  // many buy once
  EXPECT_GT(most, 60U);             // few buy all the time
  std::sort(revenue.begin(), revenue.end());
  // Several orders of magnitude.
  EXPECT_GT(revenue[revenue.size() * 999 / 1000], 1000 * revenue[revenue.size() / 1000]);

  const auto share = [](uint64_t part, uint64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  EXPECT_NEAR(share(book_->All<wire::ReturnT>().size(), orders.size()), 0.06, 0.01);

  // Every attribute is there for some and missing for others.
  std::map<std::string, uint64_t> given;
  uint64_t customers = 0;
  for (const auto* set : book_->All<wire::CustomerSetT>()) {
    ++customers;
    given["kind"] += set->kind ? 1 : 0;
    given["country"] += set->country.empty() ? 0 : 1;
    given["region"] += set->region.empty() ? 0 : 1;
    given["owner"] += set->owner.empty() ? 0 : 1;
    given["company_size"] += set->company_size ? 1 : 0;
    given["products"] += set->products ? 1 : 0;
    given["potential"] += set->potential ? 1 : 0;
    given["key_account"] += set->key_account ? 1 : 0;
    given["is a key account"] += set->key_account.value_or(false) ? 1 : 0;
    given["satisfaction"] += set->satisfaction ? 1 : 0;
    given["referral"] += set->referral ? 1 : 0;
    given["bonding"] += set->bonding ? 1 : 0;
  }
  for (const auto& [name, number] : given) {
    EXPECT_GT(number, 0U) << name;
    EXPECT_LT(number, customers) << name;
  }

  std::set<std::string> states;
  for (const auto* consent : book_->All<wire::ConsentT>()) {
    states.insert(std::string(wire::EnumNameConsentState(consent->state)) +
                  (consent->until ? " until" : ""));
  }
  EXPECT_EQ(states, (std::set<std::string>{"granted", "granted until", "withdrawn"}));

  std::set<std::string> stages;
  uint64_t overridden = 0;
  for (const auto* lead : book_->All<wire::LeadSetT>()) {
    stages.insert(lead->status == wire::LeadStatus::open ? lead->stage
                                                         : wire::EnumNameLeadStatus(*lead->status));
    overridden += lead->chance ? 1 : 0;
    EXPECT_EQ(lead->reason.empty(), lead->status == wire::LeadStatus::open);
  }
  EXPECT_EQ(stages, (std::set<std::string>{"Address", "Interest", "Concrete", "Offer",
                                           "Negotiation", "won", "lost"}));
  EXPECT_GT(overridden, 0U);
}

TEST(Generate, LeavesOldFilesAloneWhereItFails) {
  const TestFolder folder;
  folder.Write("orders.csv", "old");
  // The name of the last file is taken by a folder, so that it cannot be written.
  std::filesystem::create_directory(folder.path() + "/leads.csv.part");
  const auto answer = GenerateShop(Request(folder.path(), 10, 1, 1));
  ASSERT_TRUE(answer.has_error());
  EXPECT_EQ(ReadWhole(folder.path() + "/orders.csv"), "old");
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/customers.csv"));
  EXPECT_TRUE(GenerateShop(Request("/proc/no/such", 10, 1, 1)).has_error());
}

}  // namespace
}  // namespace kundig::tools
