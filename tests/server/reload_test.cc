// Reading the configuration again: other rules as a whole, or none.

#include "server/reload.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace kundig::server {
namespace {

class ReloadTest : public testing::Test {
 protected:
  // What the file says from now on. Each test has a file of its own: tests run side by side.
  static std::string PathOf(const std::string& text) {
    const std::string path = testing::TempDir() + "/reload_test-" +
                             testing::UnitTest::GetInstance()->current_test_info()->name() +
                             std::to_string(getpid()) + ".toml";
    std::FILE* file = std::fopen(path.c_str(), "w");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
    return path;
  }

  void Start(const std::string& text) {
    const std::string path = PathOf(text);
    const char* argv[] = {"kundigd", "--config", path.c_str()};
    auto configuration =
        LoadConfiguration(3, argv, [](const std::string&) { return std::optional<std::string>(); });
    ASSERT_TRUE(configuration.has_value()) << configuration.error().message;
    book_ = engine::DurableBook::InMemory(configuration->rules,
                                          engine::BookOptions{.today = engine::Day{14'000}});
    reload_ = std::make_unique<Reload>(
        *std::move(configuration), book_.get(),
        Reload::Callbacks{.rules_changed = [this](const Configuration&) { ++changes_; },
                          .storage_failed = {}});
  }

  engine::Result<ReloadOutcome> With(const std::string& text) {
    PathOf(text);
    return reload_->Run();
  }
  int32_t WaitingDays() const { return book_->book().rules()->settings().waiting_days; }

  std::unique_ptr<engine::DurableBook> book_;
  std::unique_ptr<Reload> reload_;
  int changes_ = 0;
};

TEST_F(ReloadTest, PutsOtherRulesInForce) {
  Start("[reactivation]\nwaiting_days = 10\n");
  auto outcome = With("[reactivation]\nwaiting_days = 10\n# a comment\n");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_FALSE(outcome->changed || outcome->needs_restart);
  EXPECT_EQ(outcome->state.rules_version, 1u);
  EXPECT_EQ(changes_, 0);
  outcome = With("[reactivation]\nwaiting_days = 20\n");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->changed);
  EXPECT_FALSE(outcome->needs_restart);
  EXPECT_EQ(outcome->state.rules_version, 2u);
  EXPECT_EQ(WaitingDays(), 20);
  EXPECT_EQ(changes_, 1);
  // Compared with those in force, not with those of the start.
  outcome = With("[reactivation]\nwaiting_days = 10\n");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->changed);
  EXPECT_EQ(WaitingDays(), 10);
}

TEST_F(ReloadTest, RefusesAMistakeWithItsPlaceAndChangesNothing) {
  Start("[reactivation]\nwaiting_days = 10\n");
  const auto outcome = With("[reactivation]\nwaiting_days = 20\n[abc]\na = 101\n");
  ASSERT_TRUE(outcome.has_error());
  EXPECT_EQ(outcome.error().code, engine::ErrorCode::kInvalidValue);
  EXPECT_NE(outcome.error().message.find(".toml:4"), std::string::npos) << outcome.error().message;
  EXPECT_EQ(WaitingDays(), 10);
  EXPECT_EQ(changes_, 0);
}

TEST_F(ReloadTest, RefusesWhatOnlyANewBookTakes) {
  Start("[book]\ncurrency = \"EUR\"\ntime_zone = \"Europe/Berlin\"\n");
  auto outcome = With("[book]\ncurrency = \"EUR\"\ntime_zone = \"Europe/London\"\n");
  ASSERT_TRUE(outcome.has_error());
  EXPECT_EQ(outcome.error().field, "book.time_zone");
  outcome = With("[book]\ncurrency = \"GBP\"\ntime_zone = \"Europe/Berlin\"\n");
  ASSERT_TRUE(outcome.has_error());
  EXPECT_EQ(outcome.error().field, "book.currency");
  EXPECT_EQ(changes_, 0);
}

TEST_F(ReloadTest, SaysWhatCountsFromAStartOnOnly) {
  Start("");
  const auto outcome = With("[server]\nmax_connections = 7\n[reactivation]\nwaiting_days = 3\n");
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(outcome->changed);
  EXPECT_TRUE(outcome->needs_restart);
}

}  // namespace
}  // namespace kundig::server
