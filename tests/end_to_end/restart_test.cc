// Clients and imports beside a server that is stopped, or killed, and started again: everything is
// applied, nothing twice. What is sent is new to the book, so that an event that was applied twice
// would be answered as unchanged.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/client.h"
#include "client/order_batch.h"
#include "server/configuration.h"
#include "server/server.h"
#include "tests/end_to_end/programs.h"
#include "tools/import_client_port.h"
#include "tools/import_run.h"

namespace kundig::end_to_end {
namespace {

using namespace std::chrono_literals;

constexpr char kAnyPort[] = "127.0.0.1:0";

std::string DurableToml(const Folder& data) {
  return "[server]\ndata = \"" + (data / "data") + "\"\n[book]\ntoday = 2020-01-01\n";
}

// A server of this process, which stops as one that is asked to.
class InProcess {
 public:
  InProcess(const std::string& config, const std::string& listen) {
    const std::vector<const char*> words{"kundigd", "--config", config.c_str(), "--listen",
                                         listen.c_str()};
    auto configuration = server::LoadConfiguration(static_cast<int>(words.size()), words.data(),
                                                   [](const std::string&) { return std::nullopt; });
    EXPECT_TRUE(configuration) << (configuration ? "" : configuration.error().message);
    server_ = std::make_unique<server::Server>(*configuration);
    const auto started = server_->Start();
    EXPECT_TRUE(started) << (started ? "" : started.error().message);
  }
  std::string address() const { return server_->address(); }

 private:
  std::unique_ptr<server::Server> server_;
};

client::OrderBatch Orders(const std::string& prefix, size_t count) {
  client::OrderBatch orders;
  for (size_t i = 0; i < count; ++i) {
    orders.Add("c" + std::to_string(i % 7), prefix + "-" + std::to_string(i),
               1'500'000'000'000 + static_cast<int64_t>(i), 100);
  }
  return orders;
}

// Sends without a pause while `restart` is called again and again, and compares what was answered
// and what the book holds with what was sent.
void SendsThroughRestarts(const std::string& address, int restarts,
                          const std::function<void()>& restart) {
  constexpr int kThreads = 2;
  constexpr size_t kBatchOrders = 50;
  client::Options options;
  options.server = address;
  options.deadline = 60s;
  client::AsyncClient client(options);
  std::atomic<bool> enough = false;
  std::atomic<uint64_t> sent = 0, applied = 0, failed = 0, asked = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t round = 0; !enough; ++round) {
        // A few in flight at once.
        std::vector<std::future<bool>> answers;
        for (int k = 0; k < 8; ++k) {
          const auto orders =
              Orders(std::to_string(t) + "." + std::to_string(round) + "." + std::to_string(k),
                     kBatchOrders);
          auto answered = std::make_shared<std::promise<bool>>();
          answers.push_back(answered->get_future());
          client.Send(orders, [&, answered](const client::Result<wire::EventBatchReplyT>& reply) {
            if (reply) {
              applied += reply->applied;
            } else {
              ++failed;
            }
            answered->set_value(true);
          });
          sent += kBatchOrders;
        }
        auto asked_for = std::make_shared<std::promise<bool>>();
        answers.push_back(asked_for->get_future());
        client.Profiles({"c1"}, [&, asked_for](const client::Result<wire::ProfilesReplyT>& reply) {
          asked += reply && reply->profiles.front()->found ? 1 : 0;
          asked_for->set_value(true);
        });
        for (auto& answer : answers) answer.get();
        if (failed > 0) return;
      }
    });
  }
  std::mt19937 random(7);
  for (int i = 0; i < restarts; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 150));
    restart();
  }
  std::this_thread::sleep_for(100ms);
  enough = true;
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(failed, 0U);
  EXPECT_EQ(applied, sent);
  EXPECT_GT(asked, 0U);
  auto other = client::Client::Connect({.server = address}).value();
  EXPECT_EQ(other.Status().value().orders, sent);
}

TEST(Restart, AStoppedServerTakesEachBatchOnce) {
  const Folder data;
  const std::string config = data.Write("book.toml", DurableToml(data));
  auto server = std::make_unique<InProcess>(config, kAnyPort);
  const std::string address = server->address();
  SendsThroughRestarts(address, 6, [&] {
    server.reset();
    server = std::make_unique<InProcess>(config, address);
  });
}

TEST(Restart, AKilledServerTakesEachBatchOnce) {
  const Folder data;
  auto server = std::make_unique<Server>(DurableToml(data));
  const std::string address = server->address();
  ASSERT_FALSE(address.empty()) << server->log();
  SendsThroughRestarts(address, 6, [&] {
    server->Stop(SIGKILL);
    server = std::make_unique<Server>(DurableToml(data), address);
    EXPECT_EQ(server->address(), address) << server->log();
  });
}

TEST(Restart, RepeatedAndReorderedBatchesCountOnce) {
  const Folder data;
  const std::string config = data.Write("book.toml", DurableToml(data));
  auto server = std::make_unique<InProcess>(config, kAnyPort);
  const std::string address = server->address();
  constexpr uint64_t kBatches = 200;
  std::mt19937 random(11);
  std::vector<uint64_t> numbers;
  for (uint64_t number = 0; number < kBatches; ++number) {
    numbers.push_back(number);
    if (random() % 2 == 0) numbers.push_back(number);
  }
  std::shuffle(numbers.begin(), numbers.end(), random);
  std::vector<int> came(kBatches);
  uint64_t applied = 0;
  for (size_t i = 0; i < numbers.size();) {
    // A producer that starts again goes on where it was, with a few of which it is not sure.
    auto shop = client::Client::Connect({.server = address}).value();
    const size_t end = std::min(numbers.size(), i + 60);
    for (size_t k = i >= 10 ? i - 10 : i; k < end; ++k) {
      const uint64_t number = numbers[k];
      const auto reply = shop.Send(Orders(std::to_string(number), 5), {"shop", number}).value();
      EXPECT_EQ(reply.repeated, came[number] > 0) << number;
      EXPECT_EQ(reply.applied, 5U) << "a repeated batch is answered as before";
      if (!reply.repeated) applied += reply.applied;
      ++came[number];
    }
    i = end;
    server.reset();
    server = std::make_unique<InProcess>(config, address);
  }
  EXPECT_EQ(applied, 5 * kBatches);
  auto client = client::Client::Connect({.server = address}).value();
  EXPECT_EQ(client.Status().value().orders, 5 * kBatches);
}

// Does something between the batches of an import.
class DisturbedPort : public tools::BatchPort {
 public:
  DisturbedPort(tools::BatchPort* port, std::function<void(size_t batch)> disturb)
      : port_(port), disturb_(std::move(disturb)) {}

  client::BatchName NextBatch() override { return port_->NextBatch(); }
  void Send(std::vector<uint8_t> batch, Done done) override {
    port_->Send(std::move(batch), std::move(done));
    disturb_(++batches_);
  }
  void Drain() override { port_->Drain(); }
  size_t max_batch_events() const override { return port_->max_batch_events(); }
  size_t max_batch_bytes() const override { return port_->max_batch_bytes(); }

 private:
  tools::BatchPort* const port_;
  const std::function<void(size_t)> disturb_;
  size_t batches_ = 0;
};

constexpr size_t kImported = 30'000;

tools::ImportRequest Import(const Folder& folder) {
  std::string csv = "customer,order,at,revenue\n";
  for (size_t i = 0; i < kImported; ++i) {
    csv += "c" + std::to_string(i % 100) + ",o" + std::to_string(i) + ",2019-05-01,1.5\n";
  }
  tools::ImportRequest request;
  request.kind = tools::ImportKind::kOrders;
  request.files = {folder.Write("orders.csv", csv)};
  request.time_zone = "UTC";
  request.say = [](const std::string& line) { ADD_FAILURE() << line; };
  return request;
}

TEST(Restart, AnImportGoesOnBehindAKilledServer) {
  const Folder data;
  auto server = std::make_unique<Server>(DurableToml(data));
  const std::string address = server->address();
  auto port = tools::ClientPort::Connect(address).value();
  int kills = 0;
  DisturbedPort disturbed(port.get(), [&](size_t batch) {
    if (batch % 9 != 4) return;
    ++kills;
    server->Stop(SIGKILL);
    server = std::make_unique<Server>(DurableToml(data), address);
    EXPECT_EQ(server->address(), address) << server->log();
  });
  const auto answer = tools::RunImport(Import(data), &disturbed);
  ASSERT_TRUE(answer) << answer.error().sentence;
  EXPECT_GE(kills, 3);
  EXPECT_EQ(answer->orders, kImported);
  EXPECT_EQ(answer->applied, kImported);
  EXPECT_EQ(answer->unchanged, 0U);
  EXPECT_EQ(server->One({"status"})["orders"].as_int64(), static_cast<int64_t>(kImported));
}

TEST(Restart, AnImportEndsWhereTheServerStaysAway) {
  const Folder data;
  auto server = std::make_unique<Server>(DurableToml(data));
  auto port = tools::ClientPort::Connect(server->address(), 500ms).value();
  DisturbedPort disturbed(port.get(), [&](size_t batch) {
    if (batch == 3) server->Stop(SIGKILL);
  });
  const auto answer = tools::RunImport(Import(data), &disturbed);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().exit_code, tools::kExitNoServer) << answer.error().sentence;
}

TEST(Restart, AnImportIntoMemoryEndsWithItsServer) {
  const Folder folder;
  const std::string toml = "[book]\ntoday = 2020-01-01\n";
  auto server = std::make_unique<Server>(toml);
  const std::string address = server->address();
  auto port = tools::ClientPort::Connect(address).value();
  DisturbedPort disturbed(port.get(), [&](size_t batch) {
    if (batch != 12) return;
    server->Stop(SIGKILL);
    server = std::make_unique<Server>(toml, address);
  });
  const auto answer = tools::RunImport(Import(folder), &disturbed);
  ASSERT_FALSE(answer) << "the new server knows nothing of the first batches";
  EXPECT_EQ(answer.error().exit_code, tools::kExitNoServer) << answer.error().sentence;
  EXPECT_EQ(server->One({"status"})["orders"].as_int64(), 0);
}

}  // namespace
}  // namespace kundig::end_to_end
