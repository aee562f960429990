// A durable book as whoever runs the server sees it: kundigd and kundig alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "tests/end_to_end/programs.h"
#include "tests/engine/stored_bytes.h"

namespace kundig::end_to_end {
namespace {

using testing::HasSubstr;

constexpr char kOrdersCsv[] =
    "customer,order,at,revenue\n"
    "ada,o-1,2019-12-01,10.00\n"
    "ben-who-leaves,o-2,2019-12-02,20.00\n"
    "cleo,o-3,2019-12-03,30.00\n";

std::string Toml(const std::string& data) {
  return "[server]\ndata = \"" + data + "\"\n[book]\ntoday = 2020-01-01\n";
}

Done RunServer(const std::vector<std::string>& words) {
  return RunProgram(KUNDIG_BIN_DIR "/kundigd", words);
}

void Import(const Server& server, const Folder& folder) {
  const Done done = server.Run({"import", "orders", folder.Write("orders.csv", kOrdersCsv)});
  ASSERT_EQ(done.code, 0) << done.err;
}

TEST(Durable, KeepsTheBookAndSaysSo) {
  const Folder folder;
  {
    Server server(Toml(folder / "data"));
    Import(server, folder);
    const auto status = server.One({"status"});
    EXPECT_EQ(status.at("durability"), "sync");
    EXPECT_GT(status.at("journal_bytes").as_int64(), 0);
    EXPECT_EQ(server.Stop(SIGKILL), SIGKILL);
  }
  {
    Server server(Toml(folder / "data"));
    EXPECT_EQ(server.One({"status"}).at("orders"), 3);
    EXPECT_EQ(server.Stop(SIGTERM), 0);
    EXPECT_THAT(server.log(), HasSubstr(R"("the book was saved","why":"the server stops")"));
  }
  // From the snapshot that was saved at the end.
  Server server(Toml(folder / "data"));
  const auto status = server.One({"status"});
  EXPECT_EQ(status.at("orders"), 3);
  EXPECT_EQ(status.at("saved_sequence"), status.at("journal_sequence"));
  // The folder serves one process.
  const Done second = RunServer({"--data", folder / "data", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr("Another kundigd"));
}

// Everything that can be imported about one customer.
void ImportAllOf(const std::string& customer, const Server& server, const Folder& folder) {
  const auto import = [&](const std::string& what, const std::string& text) {
    const Done done = server.Run({"import", what, folder.Write(what + ".csv", text)});
    ASSERT_EQ(done.code, 0) << what << done.err;
  };
  import("customers", "customer,country,owner,satisfaction\n" + customer + ",Iceland,olga,9\n");
  import("orders", "customer,order,at,revenue\n" + customer + ",order-of-ben,2019-12-02,20.00\n" +
                       customer + ",return-of-ben,2019-12-03 10:30:00,-5.00\n");
  import("visits", "customer,at\n" + customer + ",2019-12-04\n");
  import("contacts", "customer,at,channel,campaign\n" + customer + ",2019-12-05,mail,spring\n");
  import("consents", "customer,at,state,until\n" + customer + ",2019-12-06,granted,2020-06-30\n");
  import("terminations",
         "customer,at,effective,reason\n" + customer + ",2019-12-07,2020-03-31,moved-away\n");
  import("complaints",
         "customer,complaint,at,closed\n" + customer + ",complaint-of-ben,2019-12-08,2019-12-09\n");
  import("service", "customer,at\n" + customer + ",2019-12-10\n");
  import("payments", "customer,at\n" + customer + ",2019-12-11\n");
  import("costs", "customer,cost,at,amount\n" + customer + ",cost-of-ben,2019-12-12,12.50\n");
  import("leads",
         "lead,stage,revenue,customer,owner\nlead-of-ben,Offer,700.00," + customer + ",olga\n");
}

TEST(Durable, AnExportHasEverythingAndAnErasureLeavesNoByte) {
  const std::string ben = "ben-who-leaves";
  const Folder folder;
  const std::string data = folder / "data";
  auto server = std::make_unique<Server>(Toml(data));
  Import(*server, folder);
  ImportAllOf(ben, *server, folder);
  ASSERT_EQ(server->Run({"admin", "snapshot"}).code, 0);

  const auto exported = server->One({"export", ben});
  EXPECT_EQ(exported.at("currency"), "EUR");
  EXPECT_EQ(exported.at("profile"), boost::json::value(server->One({"profile", ben})));
  EXPECT_EQ(exported.at("attributes").at("country"), "Iceland");
  EXPECT_EQ(exported.at("attributes").at("satisfaction"), 9);
  EXPECT_EQ(exported.at("events"), boost::json::parse(R"([
      {"type":"order","at":"2019-12-02T00:00:00.000Z","order":"o-2",
       "revenue":2000,"margin":null,"items":0},
      {"type":"order","at":"2019-12-02T00:00:00.000Z","order":"order-of-ben",
       "revenue":2000,"margin":null,"items":0},
      {"type":"return","at":"2019-12-03T10:30:00.000Z","return_id":"return-of-ben",
       "amount":500,"margin":null},
      {"type":"visit","at":"2019-12-04T00:00:00.000Z"},
      {"type":"contact","at":"2019-12-05T00:00:00.000Z","channel":"mail","campaign":"spring"},
      {"type":"consent","at":"2019-12-06T00:00:00.000Z","state":"granted","until":"2020-06-30"},
      {"type":"termination","at":"2019-12-07T00:00:00.000Z","state":"given",
       "effective":"2020-03-31","reason":"moved-away"},
      {"type":"complaint","at":"2019-12-08T00:00:00.000Z","complaint":"complaint-of-ben",
       "closed":"2019-12-09"},
      {"type":"service_request","at":"2019-12-10T00:00:00.000Z"},
      {"type":"late_payment","at":"2019-12-11T00:00:00.000Z"},
      {"type":"cost","at":"2019-12-12T00:00:00.000Z","cost":"cost-of-ben","amount":1250}])"));
  EXPECT_EQ(exported.at("leads").as_array().size(), 1u);
  EXPECT_EQ(exported.at("leads").at(0).at("lead"), "lead-of-ben");
  EXPECT_EQ(exported.at("leads").at(0).at("revenue"), 70000);
  EXPECT_THAT(server->Run({"export", ben}).out, HasSubstr("order order-of-ben, revenue 20.00"));

  const auto erased = server->One({"erase", ben});
  EXPECT_EQ(erased.at("erased"), true);
  const std::string sequence = std::to_string(erased.at("sequence").as_int64());
  const Done nothing = server->Run({"--json", "export", ben});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_EQ(nothing.out, "{\"customer\":\"ben-who-leaves\",\"found\":false}\n");
  EXPECT_THAT(nothing.err, HasSubstr("nothing is held about ben-who-leaves"));
  const std::vector<std::string> traces = {ben,           "order-of-ben",     "return-of-ben",
                                           "lead-of-ben", "complaint-of-ben", "cost-of-ben"};
  for (const std::string& trace : traces) EXPECT_TRUE(HasBytes(data, trace)) << trace;
  EXPECT_EQ(server->One({"receipt", sequence}),
            boost::json::parse("{\"sequence\":" + sequence + ",\"gone\":false,\"gone_since\":null}")
                .as_object());

  const auto compacted = server->One({"admin", "compact"});
  for (const std::string& trace : traces) EXPECT_FALSE(HasBytes(data, trace)) << trace;
  EXPECT_GE(compacted.at("erased_sequence").as_int64(), erased.at("sequence").as_int64());
  const auto receipt = server->One({"receipt", sequence});
  EXPECT_EQ(receipt.at("gone"), true);
  EXPECT_EQ(receipt.at("gone_since"), compacted.at("erased_at"));
  EXPECT_THAT(server->Run({"receipt", sequence}).out, HasSubstr("Nothing of what was erased"));
  EXPECT_GE(server->One({"status"}).at("erased_sequence").as_int64(),
            erased.at("sequence").as_int64());
  EXPECT_EQ(server->One({"status"}).at("customers"), 2);

  // A receipt stays what it was: after a crash, and when others are erased later.
  EXPECT_EQ(server->Stop(SIGKILL), SIGKILL);
  server = std::make_unique<Server>(Toml(data));
  EXPECT_EQ(server->One({"receipt", sequence}), receipt);
  const auto later = server->One({"erase", "ada"});
  ASSERT_EQ(server->Run({"admin", "compact"}).code, 0);
  EXPECT_EQ(server->Stop(SIGTERM), 0);
  server = std::make_unique<Server>(Toml(data));
  EXPECT_EQ(server->One({"receipt", sequence}), receipt);
  EXPECT_GT(server->One({"receipt", std::to_string(later.at("sequence").as_int64())})
                .at("gone_since")
                .as_string(),
            receipt.at("gone_since").as_string());
  const Done never = server->Run({"receipt", "1"});
  EXPECT_EQ(never.code, 1);
  EXPECT_THAT(never.err, HasSubstr("nothing was erased at sequence 1"));
  const Done unknown = server->Run({"receipt", "1000000"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("only come to sequence"));
}

TEST(Durable, ABackupIsVerifiedAndRestored) {
  const Folder folder;
  {
    Server server(Toml(folder / "data"));
    Import(server, folder);
    ASSERT_EQ(server.Run({"backup", folder / "backup"}).code, 0);
    const Done again = server.Run({"backup", folder / "backup"});
    EXPECT_EQ(again.code, 1);
    EXPECT_THAT(again.err, HasSubstr("already"));
    EXPECT_EQ(server.Stop(SIGTERM), 0);
  }
  EXPECT_EQ(RunServer({"--verify", "--data", folder / "backup"}).code, 0);
  const Done nothing = RunServer({"--verify", "--data", folder / "nothing"});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("no data folder"));
  const Done restored = RunServer({"--restore", folder / "backup", "--data", folder / "copy"});
  EXPECT_EQ(restored.code, 0) << restored.err;
  EXPECT_EQ(RunServer({"--restore", folder / "backup", "--data", folder / "copy"}).code, 1);
  {
    Server server(Toml(folder / "copy"));
    EXPECT_EQ(server.One({"status"}).at("orders"), 3);
  }
  // A byte in the middle of what was saved.
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder / "backup/snapshots")) {
    if (!entry.is_regular_file() || entry.path().filename() != "manifest") continue;
    std::string content = ReadFile(entry.path());
    content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 4);
    std::ofstream(entry.path(), std::ios::binary) << content;
  }
  const Done damaged = RunServer({"--verify", "--data", folder / "backup"});
  EXPECT_EQ(damaged.code, 1);
  EXPECT_THAT(damaged.err, HasSubstr("manifest is damaged at byte"));
  EXPECT_EQ(RunServer({"--restore", folder / "backup", "--data", folder / "other"}).code, 1);
  EXPECT_FALSE(std::filesystem::exists(folder / "other"));
}

TEST(Durable, ABookInMemoryHasNothingToSave) {
  Server server("[book]\ntoday = 2020-01-01\n");
  EXPECT_EQ(server.One({"status"}).at("durability"), "none");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"admin", "snapshot"}, {"admin", "compact"}, {"backup", "/x"}}) {
    const Done done = server.Run(words);
    EXPECT_EQ(done.code, 1);
    EXPECT_THAT(done.err, HasSubstr("--data"));
  }
  const Done receipt = server.Run({"receipt", "1"});
  EXPECT_EQ(receipt.code, 1);
  EXPECT_THAT(receipt.err, HasSubstr("in memory only"));
  EXPECT_EQ(RunServer({"--verify"}).code, 1);
}

}  // namespace
}  // namespace kundig::end_to_end
