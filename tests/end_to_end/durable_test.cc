// A durable book as whoever runs the server sees it: kundigd and kundig alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/end_to_end/programs.h"

namespace kundig::end_to_end {
namespace {

using testing::HasSubstr;

constexpr char kOrders[] =
    "customer,order,at,revenue\n"
    "ada,o-1,2019-12-01,10.00\n"
    "ben-who-leaves,o-2,2019-12-02,20.00\n"
    "cleo,o-3,2019-12-03,30.00\n";

std::string Toml(const std::string& data) {
  return "[server]\ndata = \"" + data + "\"\n[book]\ntoday = 2020-01-01\n";
}

Done Kundigd(const std::vector<std::string>& words) {
  return RunProgram(KUNDIG_BIN_DIR "/kundigd", words);
}

bool HasBytes(const std::string& folder, const std::string& bytes) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && ReadFile(entry.path()).find(bytes) != std::string::npos) {
      return true;
    }
  }
  return false;
}

void Import(const Server& server, const Folder& folder) {
  const Done done = server.Run({"import", "orders", folder.Write("orders.csv", kOrders)});
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
    EXPECT_THAT(server.log(), HasSubstr("the server stops"));
  }
  // From the snapshot that was saved at the end.
  Server server(Toml(folder / "data"));
  const auto status = server.One({"status"});
  EXPECT_EQ(status.at("orders"), 3);
  EXPECT_EQ(status.at("saved_sequence"), status.at("journal_sequence"));
  // The folder serves one process.
  const Done second = Kundigd({"--data", folder / "data", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr("Another kundigd"));
}

TEST(Durable, CompactingLeavesNoByteOfWhatWasErased) {
  const Folder folder;
  Server server(Toml(folder / "data"));
  Import(server, folder);
  ASSERT_EQ(server.Run({"admin", "snapshot"}).code, 0);
  const auto erased = server.One({"erase", "ben-who-leaves"});
  EXPECT_TRUE(HasBytes(folder / "data", "ben-who-leaves"));
  const auto compacted = server.One({"admin", "compact"});
  EXPECT_GE(compacted.at("journal_sequence").as_int64(), erased.at("journal_sequence").as_int64());
  EXPECT_FALSE(HasBytes(folder / "data", "ben-who-leaves"));
  const auto status = server.One({"status"});
  EXPECT_GE(status.at("erased_sequence").as_int64(), erased.at("journal_sequence").as_int64());
  EXPECT_TRUE(status.at("erased_at").is_string());
  EXPECT_EQ(status.at("customers"), 2);
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
  EXPECT_EQ(Kundigd({"--verify", "--data", folder / "backup"}).code, 0);
  const Done nothing = Kundigd({"--verify", "--data", folder / "nothing"});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("no data folder"));
  const Done restored = Kundigd({"--restore", folder / "backup", "--data", folder / "copy"});
  EXPECT_EQ(restored.code, 0) << restored.err;
  EXPECT_EQ(Kundigd({"--restore", folder / "backup", "--data", folder / "copy"}).code, 1);
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
  const Done damaged = Kundigd({"--verify", "--data", folder / "backup"});
  EXPECT_EQ(damaged.code, 1);
  EXPECT_THAT(damaged.err, HasSubstr("manifest is damaged at byte"));
  EXPECT_EQ(Kundigd({"--restore", folder / "backup", "--data", folder / "other"}).code, 1);
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
  EXPECT_EQ(Kundigd({"--verify"}).code, 1);
}

}  // namespace
}  // namespace kundig::end_to_end
