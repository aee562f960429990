// A server whose day follows a clock that jumps by hours, days and years while writers write: the
// book's day only goes forward, what is dated too late is refused by the book's day, no connection
// ends, and the figures are those of the orders that were taken.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"
#include "client/order_batch.h"
#include "tests/end_to_end/programs.h"
#include "tests/eventually.h"

namespace kundig::end_to_end {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int64_t kDayS = 24 * 60 * 60, kHourS = 60 * 60, kYearS = 365 * kDayS;
constexpr int32_t kBegin = 19'792;  // 2024-03-10
constexpr int32_t kWindowDays = 365;
constexpr size_t kCustomers = 20, kOrdersPerBatch = 20;

// The clock that the server sees; begins at noon of kBegin.
class JumpingClock {
 public:
  JumpingClock() { Set(kBegin * kDayS + kDayS / 2 - ::time(nullptr)); }

  void Jump(int64_t seconds) { Set(offset_s_ + seconds); }
  int64_t now_s() const { return ::time(nullptr) + offset_s_; }
  int32_t day() const { return static_cast<int32_t>(now_s() / kDayS); }
  std::map<std::string, std::string> environment() const {
#ifdef KUNDIG_PRELOADED_DIR
    return {{"LD_PRELOAD", KUNDIG_PRELOADED_DIR "/clock_jumps.so"},
            {"KUNDIG_CLOCK_OFFSET", folder_ / "offset"}};
#else
    return {};
#endif
  }

 private:
  // The server has the file in its memory: it is written over in place.
  void Set(int64_t offset_s) {
    offset_s_ = offset_s;
    const int file = open((folder_ / "offset").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    EXPECT_EQ(pwrite(file, &offset_s, sizeof(offset_s), 0), static_cast<ssize_t>(sizeof(offset_s)));
    close(file);
  }

  const Folder folder_;
  std::atomic<int64_t> offset_s_{0};
};

// The orders that the book took, and what they come to.
class TakenOrders {
 public:
  void Add(size_t customer, int32_t day, int64_t revenue) {
    const std::lock_guard lock(mutex_);
    orders_.push_back({customer, day, revenue});
  }

  void Compare(client::Client* client) {
    std::vector<std::string> ids;
    for (size_t i = 0; i < kCustomers; ++i) ids.push_back("c" + std::to_string(i));
    const auto replies = client->Records(ids).value();
    ASSERT_EQ(replies.size(), 1U);
    const int32_t today = replies[0].state->as_of();
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < kCustomers; ++i) {
      uint32_t orders = 0, orders_total = 0;
      int64_t revenue = 0, revenue_total = 0;
      std::set<int32_t> days;
      for (const Order& order : orders_) {
        if (order.customer != i) continue;
        days.insert(order.day);
        if (order.day > today) continue;  // tomorrow's
        ++orders_total;
        revenue_total += order.revenue;
        if (order.day <= today - kWindowDays) continue;
        ++orders;
        revenue += order.revenue;
      }
      const wire::ProfileRecord& record = replies[0].records[i];
      EXPECT_EQ(record.found(), !days.empty());
      if (days.empty()) continue;
      EXPECT_EQ(record.orders(), orders) << ids[i] << " on day " << today;
      EXPECT_EQ(record.orders_total(), orders_total) << ids[i] << " on day " << today;
      EXPECT_EQ(record.revenue(), revenue);
      EXPECT_EQ(record.revenue_total(), revenue_total);
      EXPECT_EQ(record.first_order(), *days.begin());
      EXPECT_EQ(record.last_order(), *days.rbegin());
      EXPECT_EQ(record.recency_days(), today - *days.rbegin());
      EXPECT_EQ(record.purchase_days(), days.size());
    }
  }

 private:
  struct Order {
    size_t customer = 0;
    int32_t day = 0;
    int64_t revenue = 0;
  };
  std::mutex mutex_;
  std::vector<Order> orders_;
};

// Sends orders dated around the clock's day over one connection that must not end.
class ClockWriter {
 public:
  ClockWriter(std::string name, std::string address, const JumpingClock* clock, TakenOrders* taken)
      : name_(std::move(name)), address_(std::move(address)), clock_(clock), taken_(taken) {
    thread_ = std::thread([this] { Write(); });
  }
  ~ClockWriter() {
    stopped_ = true;
    thread_.join();
  }

  uint64_t refused() const { return refused_; }
  uint64_t batches() const { return batches_; }

 private:
  void Write() {
    auto client = client::Client::Connect({.server = address_, .reconnect = false});
    ASSERT_TRUE(client);
    std::minstd_rand random(static_cast<uint32_t>(name_.back()));
    while (!stopped_) {
      client::OrderBatch orders;
      std::vector<int32_t> days;
      const std::string prefix = name_ + "." + std::to_string(batches_) + ".";
      for (size_t i = 0; i < kOrdersPerBatch; ++i) {
        days.push_back(clock_->day() + 2 - static_cast<int32_t>(random() % 600));
        orders.Add("c" + std::to_string(i % kCustomers), prefix + std::to_string(i),
                   days.back() * kDayS * 1000, 100);
      }
      const auto reply = client->Send(orders, {name_, batches_});
      ASSERT_TRUE(reply) << reply.error().message;
      ++batches_;
      const int32_t today = reply->state->as_of();
      ASSERT_GE(today, today_) << "the day went back";
      today_ = today;
      std::set<size_t> refused;
      for (const auto& event : reply->refused) refused.insert(event->index);
      refused_ += refused.size();
      for (size_t i = 0; i < kOrdersPerBatch; ++i) {
        ASSERT_EQ(refused.contains(i), days[i] > today + 1) << "day " << days[i] << " on " << today;
        if (!refused.contains(i)) taken_->Add(i % kCustomers, days[i], 100);
      }
    }
  }

  const std::string name_, address_;
  const JumpingClock* const clock_;
  TakenOrders* const taken_;
  std::atomic<bool> stopped_{false};
  std::atomic<uint64_t> batches_{0}, refused_{0};
  int32_t today_ = 0;
  std::thread thread_;
};

class ClockTest : public testing::Test {
 protected:
  void SetUp() override {
#ifndef KUNDIG_PRELOADED_DIR
    GTEST_SKIP() << "a sanitizer wants to be loaded first, where the clock would have to be";
#endif
  }
  void Start() {
    server_ = std::make_unique<Server>(
        "[server]\ndata = \"" + (folder_ / "data") + "\"\n",
        ServerStart{.listen = "127.0.0.1:0", .environment = clock_.environment()});
  }
  client::Client Connect() const {
    return client::Client::Connect({.server = server_->address(), .reconnect = false}).value();
  }
  static int32_t Today(client::Client* client) {
    return client->Status().value().state->as_of();
  }

  // The thread that follows the clock writes when it looks.
  bool EventuallyLogs(const std::string& line) const {
    return Eventually([&] { return server_->log().find(line) != std::string::npos; });
  }

  const Folder folder_;
  JumpingClock clock_;
  std::unique_ptr<Server> server_;
};

TEST_F(ClockTest, TheBookGoesForwardOnlyWhateverTheClockDoes) {
  Start();
  ASSERT_NE(server_->address(), "") << server_->log();
  TakenOrders taken;
  client::Client client = Connect();
  ASSERT_EQ(Today(&client), kBegin) << "the library with the clock is not active";
  ClockWriter ada("ada", server_->address(), &clock_, &taken);
  ClockWriter ben("ben", server_->address(), &clock_, &taken);
  int32_t expected = kBegin;
  for (const int64_t jump : {3 * kHourS, -9 * kHourS, 30 * kHourS, -2 * kDayS, 41 * kDayS,
                             -40 * kDayS, 400 * kDayS, -3 * kYearS, 5 * kYearS, -20 * kYearS,
                             20 * kYearS, kDayS, 60 * kYearS, -60 * kYearS, 2 * kDayS}) {
    clock_.Jump(jump);
    // Beyond the last day that a book has, it stays.
    if (jump < 60 * kYearS) expected = std::max(expected, clock_.day());
    ASSERT_TRUE(Eventually([&] { return Today(&client) >= expected; }));
    // Every batch makes the server look at the clock again.
    const uint64_t before = ada.batches() + ben.batches();
    ASSERT_TRUE(Eventually([&] { return ada.batches() + ben.batches() >= before + 40; }))
        << "a writer has ended";
    ASSERT_EQ(Today(&client), expected) << "after a jump of " << jump << " s";
  }
  EXPECT_GT(ada.refused() + ben.refused(), 0U);
  EXPECT_TRUE(EventuallyLogs("changed by several days at once")) << server_->log();
  EXPECT_TRUE(EventuallyLogs("the book keeps its business day")) << server_->log();
}

TEST_F(ClockTest, TheFiguresAreThoseOfTheBooksDay) {
  Start();
  ASSERT_NE(server_->address(), "") << server_->log();
  TakenOrders taken;
  std::minstd_rand random(13);
  uint64_t batch = 0;
  for (int i = 0; i < 12; ++i) {
    {
      ClockWriter ada("ada" + std::to_string(batch++), server_->address(), &clock_, &taken);
      std::this_thread::sleep_for(30ms);
      clock_.Jump((static_cast<int64_t>(random() % 300) - 100) * kDayS);
      std::this_thread::sleep_for(50ms);
    }
    client::Client client = Connect();
    taken.Compare(&client);
    ASSERT_FALSE(HasFailure()) << "after jump " << i;
  }
}

TEST_F(ClockTest, ABookKeepsItsDayWhereTheClockIsBehindAtTheStart) {
  TakenOrders taken;
  for (const int how : {SIGTERM, SIGKILL}) {
    for (const int64_t jump : {int64_t{0}, -10 * kDayS, -5 * kYearS, 5 * kYearS + 13 * kDayS}) {
      int32_t before = kBegin;
      if (server_ != nullptr) {
        client::Client client = Connect();
        before = Today(&client);
        server_->Stop(how);
      }
      clock_.Jump(jump);
      Start();
      ASSERT_NE(server_->address(), "") << server_->log();
      client::Client client = Connect();
      EXPECT_EQ(Today(&client), std::max(before, clock_.day()));
      {
        ClockWriter ada("ada" + std::to_string(how) + "." + std::to_string(jump),
                        server_->address(), &clock_, &taken);
        ASSERT_TRUE(Eventually([&] { return ada.batches() >= 5; }));
      }
      taken.Compare(&client);
      if (jump < 0) {
        EXPECT_TRUE(EventuallyLogs("the book keeps its business day"));
      }
    }
  }
}

TEST_F(ClockTest, AClockBeyondTheLastDayStartsNothing) {
  clock_.Jump(60 * kYearS);
  Start();
  EXPECT_EQ(server_->address(), "");
  EXPECT_EQ(server_->Wait(), 1);
  EXPECT_THAT(server_->log(), HasSubstr("set the clock"));
  // And spoils nothing.
  clock_.Jump(-60 * kYearS);
  Start();
  EXPECT_NE(server_->address(), "") << server_->log();
}

}  // namespace
}  // namespace kundig::end_to_end
