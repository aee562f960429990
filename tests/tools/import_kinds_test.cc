// Files of every kind but orders.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/tools/fake_book.h"
#include "tests/tools/import_test_files.h"
#include "tools/import_run.h"

namespace kundig::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class ImportKinds : public ::testing::Test {
 protected:
  Outcome<ImportAnswer> TryImport(ImportKind kind, const std::string& path,
                                  ImportOptions options = {}) {
    ImportRequest request;
    request.kind = kind;
    request.files = {path};
    request.options = std::move(options);
    request.time_zone = "Europe/Berlin";
    request.say = [this](const std::string& line) { said_.push_back(line); };
    return RunImport(request, &book_);
  }

  ImportAnswer Import(ImportKind kind, std::string_view content, ImportOptions options = {}) {
    const auto answer = TryImport(kind, folder_.Write("file.csv", content), std::move(options));
    EXPECT_TRUE(answer.has_value()) << answer.error().sentence;
    return answer.has_value() ? *answer : ImportAnswer();
  }

  TestFolder folder_;
  FakeBook book_;
  std::vector<std::string> said_;
};

TEST_F(ImportKinds, CustomersKeepWhatIsNotNamed) {
  const auto answer = Import(
      ImportKind::kCustomers,
      "customer,kind,country,region,owner,company_size,products,potential,key_account,satisfaction,"
      "referral,bonding,pinned_class,remark\n"
      "c1,business,Germany,North,anna,120,3,1234.567,Yes,10,0,100,Standard,x\n"
      "c2,,,,,,,,,,,,,\n"
      "c3,consumer,,,,,,0,false,,,,none,\n");
  EXPECT_EQ(answer.rows, 3U);
  EXPECT_EQ(answer.taken, 3U);
  EXPECT_THAT(answer.unused_columns, ElementsAre("remark"));
  const auto customers = book_.All<wire::CustomerSetT>();
  ASSERT_THAT(customers, SizeIs(3));
  const auto& full = *customers[0];
  EXPECT_EQ(full.kind, wire::CustomerKind::business);
  EXPECT_EQ(full.country, "Germany");
  EXPECT_EQ(full.region, "North");
  EXPECT_EQ(full.owner, "anna");
  EXPECT_EQ(full.company_size, 120U);
  EXPECT_EQ(full.products, 3U);
  EXPECT_EQ(full.potential, 123456);
  EXPECT_EQ(full.key_account, true);
  EXPECT_EQ(full.satisfaction, 10);
  EXPECT_EQ(full.referral, 0);
  EXPECT_EQ(full.bonding, 100);
  EXPECT_EQ(full.pinned_class, wire::ValueClass::standard);
  const auto& empty = *customers[1];
  EXPECT_FALSE(empty.kind || empty.company_size || empty.products || empty.potential ||
               empty.key_account || empty.satisfaction || empty.referral || empty.bonding ||
               empty.pinned_class);
  EXPECT_THAT(empty.country + empty.region + empty.owner, IsEmpty());
  EXPECT_THAT(empty.remove, IsEmpty());
  EXPECT_EQ(customers[2]->potential, 0);
  EXPECT_EQ(customers[2]->key_account, false);
  EXPECT_FALSE(customers[2]->pinned_class.has_value());
  EXPECT_THAT(customers[2]->remove, ElementsAre(wire::CustomerAttribute::pinned_class));
}

TEST_F(ImportKinds, CustomersWithValuesThatAreNone) {
  const auto answer = Import(ImportKind::kCustomers,
                             "customer,kind,company_size,potential,key_account,satisfaction,"
                             "pinned_class\n"
                             "c,firm,,,,,\n"
                             "c,,-1,,,,\n"
                             "c,,12.5,,,,\n"
                             "c,,4294967296,,,,\n"
                             "c,,,-1,,,\n"
                             "c,,,,maybe,,\n"
                             "c,,,,,11,\n"
                             "c,,,,,,gold\n"
                             ",,,,,,\n");
  EXPECT_THAT(answer.skipped, UnorderedElementsAre(Pair("bad_row", 8), Pair("no_customer", 1)));
  EXPECT_THAT(said_.at(6), HasSubstr("satisfaction is '11', expected a whole number from 0 to 10"));
  EXPECT_EQ(answer.taken, 0U);
}

TEST_F(ImportKinds, CustomersInMinorUnits) {
  ImportOptions options;
  options.minor_units = true;
  Import(ImportKind::kCustomers, "customer,potential\nc,1234\n", options);
  EXPECT_EQ(book_.All<wire::CustomerSetT>().at(0)->potential, 1234);
}

TEST_F(ImportKinds, VisitsAndContacts) {
  EXPECT_EQ(Import(ImportKind::kVisits,
                   "at,customer\n2010-01-01T01:00:00+01:00,c\n2010-01-01 01:00,d\nx,c\n,\n")
                .taken,
            2U);
  for (const auto* visit : book_.All<wire::VisitT>()) EXPECT_EQ(visit->at, kFirstMs);
  EXPECT_EQ(Import(ImportKind::kContacts,
                   "customer,at,channel,campaign\nc,2010-01-01 01:00,mail,spring\n"
                   "c,2010-01-02,,\n,2010-01-01,mail,\n")
                .skipped.at("no_customer"),
            1U);
  const auto contacts = book_.All<wire::ContactT>();
  ASSERT_THAT(contacts, SizeIs(2));
  EXPECT_EQ(contacts[0]->channel, "mail");
  EXPECT_EQ(contacts[0]->campaign, "spring");
  EXPECT_EQ(contacts[1]->channel, "");
  Import(ImportKind::kContacts, "customer,at\nc,2010-01-03\n");
  EXPECT_THAT(book_.All<wire::ContactT>(), SizeIs(3));
}

TEST_F(ImportKinds, ServiceRequestsAndLatePayments) {
  const std::string_view rows = "customer,at\nc,2010-01-01 01:00\nc,soon\n,2010-01-01\n";
  for (const ImportKind kind : {ImportKind::kService, ImportKind::kPayments}) {
    const ImportAnswer answer = Import(kind, rows);
    EXPECT_EQ(answer.rows, 3U);
    EXPECT_EQ(answer.taken, 1U);
    EXPECT_THAT(answer.skipped, ElementsAre(Pair("bad_row", 1), Pair("no_customer", 1)));
  }
  ASSERT_THAT(book_.All<wire::ServiceRequestT>(), SizeIs(1));
  EXPECT_EQ(book_.All<wire::ServiceRequestT>()[0]->customer, "c");
  EXPECT_EQ(book_.All<wire::ServiceRequestT>()[0]->at, kFirstMs);
  ASSERT_THAT(book_.All<wire::LatePaymentT>(), SizeIs(1));
  EXPECT_EQ(book_.All<wire::LatePaymentT>()[0]->at, kFirstMs);
}

TEST_F(ImportKinds, Terminations) {
  const auto answer = Import(ImportKind::kTerminations,
                             "customer,at,effective,reason,state\n"
                             "c,2010-01-01 01:00,2010-01-01,moved,given\n"
                             "c,2010-01-02,2011-03-31,,\n"
                             "c,2010-01-03,,changed mind,withdrawn\n"
                             "c,2010-01-04,2010-01-01,,withdrawn\n"
                             "c,2010-01-05,,moved,given\n"
                             "c,2010-01-06,soon,,withdrawn\n"
                             "c,2010-01-07,2010-01-01,,perhaps\n"
                             ",2010-01-08,2010-01-01,,\n");
  EXPECT_THAT(answer.skipped, ElementsAre(Pair("bad_row", 3), Pair("no_customer", 1)));
  const auto notices = book_.All<wire::TerminationT>();
  ASSERT_THAT(notices, SizeIs(4));
  EXPECT_EQ(notices[0]->at, kFirstMs);
  EXPECT_EQ(notices[0]->state, wire::TerminationState::given);
  EXPECT_EQ(notices[0]->effective, kFirstDay);
  EXPECT_EQ(notices[0]->reason, "moved");
  EXPECT_EQ(notices[1]->state, wire::TerminationState::given);
  EXPECT_EQ(notices[1]->reason, "");
  EXPECT_EQ(notices[2]->state, wire::TerminationState::withdrawn);
  EXPECT_FALSE(notices[2]->effective);
  EXPECT_EQ(notices[2]->reason, "changed mind");
  EXPECT_EQ(notices[3]->state, wire::TerminationState::withdrawn);
  EXPECT_FALSE(notices[3]->effective);
  // Neither a state nor a reason is needed.
  Import(ImportKind::kTerminations, "customer,at,effective\nd,2010-01-01,2010-02-01\n");
  EXPECT_THAT(book_.All<wire::TerminationT>(), SizeIs(5));
}

TEST_F(ImportKinds, Complaints) {
  const auto answer = Import(ImportKind::kComplaints,
                             "customer,complaint,at,closed\n"
                             "c,k1,2010-01-01 01:00,2010-01-01\n"
                             "c,k2,2010-01-01 01:00,\n"
                             "c,,2010-01-01,\n"
                             "c,k3,2010-01-01,soon\n"
                             ",k4,2010-01-01,\n");
  EXPECT_THAT(answer.skipped, ElementsAre(Pair("bad_row", 2), Pair("no_customer", 1)));
  const auto complaints = book_.All<wire::ComplaintT>();
  ASSERT_THAT(complaints, SizeIs(2));
  EXPECT_EQ(complaints[0]->complaint, "k1");
  EXPECT_EQ(complaints[0]->at, kFirstMs);
  EXPECT_EQ(complaints[0]->closed, kFirstDay);
  EXPECT_FALSE(complaints[1]->closed);
}

TEST_F(ImportKinds, Costs) {
  const auto answer = Import(ImportKind::kCosts,
                             "customer,cost,at,amount\n"
                             "c,x1,2010-01-01 01:00,12.5\n"
                             "c,x2,2010-01-01,0.005\n"
                             "c,x3,2010-01-01,much\n"
                             "c,,2010-01-01,1\n");
  EXPECT_THAT(answer.skipped, ElementsAre(Pair("bad_row", 2)));
  ImportOptions options;
  options.minor_units = true;
  Import(ImportKind::kCosts, "customer,cost,at,amount\nc,x4,2010-01-01,7\n", options);
  const auto costs = book_.All<wire::CostT>();
  ASSERT_THAT(costs, SizeIs(3));
  EXPECT_EQ(costs[0]->customer, "c");
  EXPECT_EQ(costs[0]->cost, "x1");
  EXPECT_EQ(costs[0]->at, kFirstMs);
  EXPECT_EQ(costs[0]->amount, 1250);
  EXPECT_EQ(costs[1]->amount, 1);
  EXPECT_EQ(costs[2]->amount, 7);
}

TEST_F(ImportKinds, Consents) {
  const auto answer = Import(ImportKind::kConsents,
                             "customer,at,state,until\n"
                             "c,2010-01-01 01:00,granted,2010-01-01\n"
                             "c,2010-01-02,withdrawn,2010-01-01\n"
                             "c,2010-01-03,granted,\n"
                             "c,2010-01-03,perhaps,\n"
                             "c,2010-01-03,granted,soon\n");
  EXPECT_THAT(answer.skipped, ElementsAre(Pair("bad_row", 2)));
  const auto consents = book_.All<wire::ConsentT>();
  ASSERT_THAT(consents, SizeIs(3));
  EXPECT_EQ(consents[0]->state, wire::ConsentState::granted);
  EXPECT_EQ(consents[0]->until, kFirstDay);
  EXPECT_EQ(consents[1]->state, wire::ConsentState::withdrawn);
  EXPECT_FALSE(consents[1]->until);
  EXPECT_FALSE(consents[2]->until);
}

TEST_F(ImportKinds, Leads) {
  const auto answer =
      Import(ImportKind::kLeads,
             "lead,stage,revenue,customer,owner,chance,opened,expected_close,closed,reason\n"
             "l1,Offer,1000.005,c1,anna,33.339,2010-01-01,2010-01-02,2010-01-03,ignored\n"
             "l2,Offer,,,,,,,,\n"
             "l3,Won,5,c1,,,,,2010-01-01,price\n"
             "l4,Lost,0,,,,,,,\n"
             ",Offer,1,,,,,,,\n"
             "l5,,1,,,,,,,\n"
             "l6,Offer,1,,,100.01,,,,\n"
             "l7,Offer,1,,,-1,,,,\n"
             "l8,Offer,1,,,,2010-01-01 10:00,,,\n");
  EXPECT_EQ(answer.taken, 4U);
  EXPECT_THAT(answer.skipped, ElementsAre(Pair("bad_row", 5)));
  const auto leads = book_.All<wire::LeadSetT>();
  ASSERT_THAT(leads, SizeIs(4));
  EXPECT_EQ(leads[0]->status, wire::LeadStatus::open);
  EXPECT_EQ(leads[0]->stage, "Offer");
  EXPECT_EQ(leads[0]->revenue, 100001);
  EXPECT_EQ(leads[0]->customer, "c1");
  EXPECT_EQ(leads[0]->chance, 3333);
  EXPECT_EQ(leads[0]->opened, kFirstDay);
  EXPECT_EQ(leads[0]->expected_close, kFirstDay + 1);
  EXPECT_FALSE(leads[0]->closed);
  EXPECT_EQ(leads[0]->reason, "");
  EXPECT_THAT(leads[0]->remove, IsEmpty());
  // Columns that are there but empty remove; region, product and source are not there.
  EXPECT_EQ(leads[1]->revenue, 0);
  EXPECT_THAT(leads[1]->remove,
              UnorderedElementsAre(wire::LeadAttribute::customer, wire::LeadAttribute::owner,
                                   wire::LeadAttribute::chance, wire::LeadAttribute::opened,
                                   wire::LeadAttribute::expected_close));
  EXPECT_EQ(leads[2]->status, wire::LeadStatus::won);
  EXPECT_EQ(leads[2]->stage, "");
  EXPECT_EQ(leads[2]->closed, kFirstDay);
  EXPECT_EQ(leads[2]->reason, "price");
  EXPECT_EQ(leads[3]->status, wire::LeadStatus::lost);
  EXPECT_EQ(leads[3]->reason, "unstated");
  EXPECT_FALSE(leads[3]->closed);
}

TEST_F(ImportKinds, LeadsWithOtherNamesForWonAndLost) {
  ImportOptions options;
  options.won = "gewonnen";
  options.lost = "verloren";
  options.minor_units = true;
  Import(ImportKind::kLeads, "lead,stage,revenue\na,gewonnen,7\nb,verloren,7\nc,Won,7\n", options);
  const auto leads = book_.All<wire::LeadSetT>();
  ASSERT_THAT(leads, SizeIs(3));
  EXPECT_EQ(leads[0]->status, wire::LeadStatus::won);
  EXPECT_EQ(leads[0]->revenue, 7);
  EXPECT_EQ(leads[1]->status, wire::LeadStatus::lost);
  EXPECT_EQ(leads[2]->status, wire::LeadStatus::open);
  EXPECT_EQ(leads[2]->stage, "Won");
}

TEST_F(ImportKinds, KeepsTheOrderOfRowsOverManyBatches) {
  book_.max_events = 7;
  std::string content = "customer,products\n";
  for (int i = 0; i < 100; ++i) content += "c," + std::to_string(i) + "\n";
  EXPECT_EQ(Import(ImportKind::kCustomers, content).taken, 100U);
  const auto customers = book_.All<wire::CustomerSetT>();
  ASSERT_THAT(customers, SizeIs(100));
  for (uint32_t i = 0; i < 100; ++i) EXPECT_EQ(customers[i]->products, i);
}

TEST_F(ImportKinds, SendsNothingOfAFileThatBreaksOff) {
  std::string content = "customer,at\n";
  for (int i = 0; i < 100'000; ++i) content += "c" + std::to_string(i) + ",2010-01-01\n";
  const std::string whole = ReadWhole(folder_.WriteGz("whole.gz", content));
  const auto cut =
      TryImport(ImportKind::kVisits, folder_.Write("cut.gz", whole.substr(0, whole.size() - 100)));
  ASSERT_TRUE(cut.has_error());
  EXPECT_THAT(cut.error().sentence, HasSubstr("cut short"));
  EXPECT_EQ(book_.batches(), 0U);
}

TEST_F(ImportKinds, ReadsAPipeOnce) {
  const std::string path = folder_.path() + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&path] { std::ofstream(path) << "customer,at\nc,2010-01-01\n"; });
  const auto answer = TryImport(ImportKind::kVisits, path);
  writer.join();
  ASSERT_TRUE(answer.has_value()) << answer.error().sentence;
  EXPECT_EQ(answer->taken, 1U);
}

}  // namespace
}  // namespace kundig::tools
