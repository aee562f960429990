// A whole server in this process: configuration, book, dispatcher and network together.

#include "server/server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "engine/data_folder.h"
#include "schemas/events_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "schemas/verified.h"
#include "schemas/watch_generated.h"
#include "tests/eventually.h"
#include "tests/server/raw_client.h"
#include "tests/server/served.h"

namespace kundig::server {
namespace {

using wire::MessageType;

Configuration Configured(std::vector<const char*> flags) {
  flags.insert(flags.begin(), "kundigd");
  engine::Result<Configuration> configuration =
      LoadConfiguration(static_cast<int>(flags.size()), flags.data(),
                        [](const std::string&) { return std::nullopt; });
  EXPECT_TRUE(configuration) << configuration.error().message;
  return *configuration;
}

template <typename Object>
std::vector<uint8_t> Packed(const Object& object) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(Object::TableType::Pack(builder, &object));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

// One order of `customer`, a day ago.
std::vector<uint8_t> OrderPayload(const std::string& customer, const std::string& order_id,
                                  int64_t revenue_minor) {
  wire::OrderT order;
  order.customer = customer;
  order.order = order_id;
  order.at = std::chrono::duration_cast<std::chrono::milliseconds>(
                 (std::chrono::system_clock::now() - std::chrono::hours(24)).time_since_epoch())
                 .count();
  order.revenue = revenue_minor;
  wire::EventBatchT batch;
  batch.events.push_back(std::make_unique<wire::EventT>());
  batch.events.back()->body.Set(std::move(order));
  return Packed(batch);
}

// The same as a batch of orders.
std::vector<uint8_t> OrdersPayload(const std::string& customer, const std::string& order_id) {
  wire::OrderBatchT batch;
  batch.at = {std::chrono::duration_cast<std::chrono::milliseconds>(
                  (std::chrono::system_clock::now() - std::chrono::hours(24)).time_since_epoch())
                  .count()};
  batch.revenue = {1};
  batch.customer_bytes = {static_cast<uint8_t>(customer.size())};
  batch.order_bytes = {static_cast<uint8_t>(order_id.size())};
  const std::string ids = customer + order_id;
  batch.ids.assign(ids.begin(), ids.end());
  return Packed(batch);
}

template <typename Request = wire::ProfilesRequestT>
std::vector<uint8_t> ProfilesPayload(const std::string& customer) {
  Request request;
  request.customers.push_back(customer);
  return Packed(request);
}

TEST(ServerTest, AnswersFromItsBook) {
  Server server(Configured({"--listen", "127.0.0.1:0"}));
  ASSERT_TRUE(server.Start());
  RawClient client;
  ASSERT_TRUE(client.Open(server.address()));
  ASSERT_TRUE(client.Send(MessageType::events, 1, OrderPayload("ada", "o1", 1250)));
  ASSERT_TRUE(client.Send(MessageType::profiles, 2, ProfilesPayload("ada")));
  ASSERT_TRUE(client.Send(MessageType::rfm, 3, Packed(wire::RfmRequestT{})));
  const std::optional<RawReply> events = client.Receive();
  ASSERT_TRUE(events && events->type == MessageType::events_reply);
  EXPECT_EQ(flatbuffers::GetRoot<wire::EventBatchReply>(events->payload.data())->applied(), 1U);
  const std::optional<RawReply> profiles = client.Receive();
  ASSERT_TRUE(profiles && profiles->type == MessageType::profiles_reply);
  const auto* profile =
      flatbuffers::GetRoot<wire::ProfilesReply>(profiles->payload.data())->profiles()->Get(0);
  EXPECT_TRUE(profile->found());
  EXPECT_EQ(profile->revenue(), 1250);
  const std::optional<RawReply> rfm = client.Receive();
  ASSERT_TRUE(rfm && rfm->type == MessageType::rfm_reply);
  EXPECT_EQ(flatbuffers::GetRoot<wire::RfmReply>(rfm->payload.data())->population(), 1U);
  client.Close();
  EXPECT_TRUE(server.Stop());
}

TEST(ServerTest, AClientThatDoesNotWaitSeesItsOwnWrites) {
  Server server(Configured({"--listen", "127.0.0.1:0"}));
  ASSERT_TRUE(server.Start());
  RawClient client;
  ASSERT_TRUE(client.Open(server.address()));
  constexpr uint32_t kOrders = 200;
  for (uint32_t order = 1; order <= kOrders; ++order) {
    const std::string order_id = "o" + std::to_string(order);
    if (order % 2 == 0) {
      ASSERT_TRUE(client.Send(MessageType::events, 3 * order, OrderPayload("ada", order_id, 1)));
    } else {
      ASSERT_TRUE(client.Send(MessageType::orders, 3 * order, OrdersPayload("ada", order_id)));
    }
    ASSERT_TRUE(client.Send(MessageType::profiles, 3 * order + 1, ProfilesPayload("ada")));
    ASSERT_TRUE(client.Send(MessageType::records, 3 * order + 2,
                            ProfilesPayload<wire::RecordsRequestT>("ada")));
  }
  for (uint32_t order = 1; order <= kOrders; ++order) {
    const std::optional<RawReply> written = client.Receive();
    ASSERT_TRUE(written && written->request_id == 3 * order);
    ASSERT_NE(written->type, MessageType::error);
    const std::optional<RawReply> profiles = client.Receive();
    ASSERT_TRUE(profiles && profiles->type == MessageType::profiles_reply);
    EXPECT_GE(flatbuffers::GetRoot<wire::ProfilesReply>(profiles->payload.data())
                  ->profiles()
                  ->Get(0)
                  ->orders(),
              order);
    const std::optional<RawReply> records = client.Receive();
    ASSERT_TRUE(records && records->type == MessageType::records_reply);
    const auto* reply = wire::VerifiedRoot<wire::RecordsReply>(records->payload);
    ASSERT_NE(reply, nullptr);
    EXPECT_GE(reply->records()->Get(0)->orders(), order);
  }
}

TEST(ServerTest, SaysItsLimitsAndStagesInTheHandshake) {
  Server server(
      Configured({"--listen", "127.0.0.1:0", "--max-in-flight", "17", "--max-profile-ids", "18"}));
  ASSERT_TRUE(server.Start());
  RawClient client;
  ASSERT_TRUE(client.Connect(server.address()));
  ASSERT_TRUE(client.Send(MessageType::hello, 1, HelloPayload()));
  const std::optional<RawReply> reply = client.Receive();
  ASSERT_TRUE(reply && reply->type == MessageType::hello_reply);
  const auto* hello = flatbuffers::GetRoot<wire::HelloReply>(reply->payload.data());
  EXPECT_EQ(hello->server_version()->str(), KUNDIG_VERSION);
  EXPECT_EQ(hello->durability()->str(), "none");
  EXPECT_EQ(hello->limits()->max_in_flight(), 17U);
  EXPECT_EQ(hello->limits()->max_profile_ids(), 18U);
  EXPECT_EQ(hello->stages()->size(), 5U);
}

TEST(ServerTest, WritesTheAddressFileOnceItAnswers) {
  const std::string path = testing::TempDir() + "/kundigd_address" + std::to_string(getpid());
  std::remove(path.c_str());
  Server server(Configured({"--listen", "127.0.0.1:0", "--address-file", path.c_str()}));
  ASSERT_TRUE(server.Start());
  std::ifstream file(path);
  std::string address;
  ASSERT_TRUE(std::getline(file, address));
  EXPECT_EQ(address, server.address());
  RawClient client;
  EXPECT_TRUE(client.Open(address));
  std::remove(path.c_str());
}

TEST(ServerTest, AnAddressFileThatCannotBeWrittenStopsTheStart) {
  Server server(
      Configured({"--listen", "127.0.0.1:0", "--address-file", "/no/such/folder/address"}));
  const engine::Result<void> started = server.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().field, "address_file");
}

TEST(ServerTest, ASecondOneOnTheSameAddressFailsAndTheFirstGoesOn) {
  Server first(Configured({"--listen", "127.0.0.1:0"}));
  ASSERT_TRUE(first.Start());
  const std::string address = first.address();
  {
    Server second(Configured({"--listen", address.c_str()}));
    const engine::Result<void> started = second.Start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message.find("another program listens there"), std::string::npos);
  }
  RawClient client;
  EXPECT_TRUE(client.Open(address));
  client.Close();
  EXPECT_TRUE(first.Stop());
  // The address is free at once for the next one.
  Server third(Configured({"--listen", address.c_str()}));
  EXPECT_TRUE(third.Start());
}

TEST(ServerTest, StopsUnderLoadWithAnAnswerForEveryWrite) {
  Server server(Configured({"--listen", "127.0.0.1:0"}));
  ASSERT_TRUE(server.Start());
  std::atomic<uint64_t> applied{0}, last_sequence{0};
  std::vector<std::thread> clients;
  for (uint32_t c = 0; c < 3; ++c) {
    clients.emplace_back([&, c] {
      RawClient client;
      ASSERT_TRUE(client.Open(server.address()));
      bool told = false;
      for (uint32_t sent = 0, received = 0; !told || received < sent;) {
        while (!told && sent - received < 8) {
          const std::string customer = std::to_string(c) + "." + std::to_string(sent);
          ASSERT_TRUE(
              sent % 4 == 3
                  ? client.Send(MessageType::rfm, sent, Packed(wire::RfmRequestT{}))
                  : client.Send(MessageType::events, sent, OrderPayload(customer, "o", 100)));
          ++sent;
        }
        const std::optional<RawReply> reply = client.Receive();
        // A client that the machine did not let ask for kDrainQuiet finds the end.
        if (!reply) return;
        ASSERT_EQ(reply->request_id, received++);
        if (reply->type == MessageType::error) {
          ASSERT_EQ(reply->code(), wire::ErrorCode::shutting_down);
          told = true;
        } else if (reply->type == MessageType::events_reply) {
          const uint64_t sequence =
              flatbuffers::GetRoot<wire::EventBatchReply>(reply->payload.data())
                  ->state()
                  ->journal_sequence();
          uint64_t last = last_sequence;
          while (sequence > last && !last_sequence.compare_exchange_weak(last, sequence)) {
          }
          applied.fetch_add(1);
        }
      }
    });
  }
  EXPECT_TRUE(Eventually([&] { return applied >= 200; }));
  EXPECT_TRUE(server.Stop());
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(applied, last_sequence) << "a write without an answer";
}

// A signal may come just when the start is through.
TEST(ServerTest, GivingUpTheStartTooLateSavesTheBookAtTheEnd) {
  const std::string data = testing::TempDir() + "kundig-late-" + std::to_string(getpid());
  Server server(Configured({"--listen", "127.0.0.1:0", "--data", data.c_str()}));
  ASSERT_TRUE(server.Start());
  RawClient client;
  ASSERT_TRUE(client.Open(server.address()));
  ASSERT_TRUE(client.Send(MessageType::events, 1, OrderPayload("ada", "o1", 100)));
  ASSERT_EQ(client.Receive()->type, MessageType::events_reply);
  client.Close();
  ASSERT_TRUE(engine::GenerationsOf(data)->empty());
  server.GiveUpStarting();
  EXPECT_TRUE(server.Stop());
  EXPECT_EQ(engine::GenerationsOf(data)->size(), 1U);
  std::filesystem::remove_all(data);
}

TEST(ServerTest, AWaitingWatchDoesNotHoldUpTheStop) {
  Server server(Configured({"--listen", "127.0.0.1:0"}));
  ASSERT_TRUE(server.Start());
  RawClient client;
  ASSERT_TRUE(client.Open(server.address()));
  wire::WatchRequestT watch;
  watch.where = "orders > 0";
  ASSERT_TRUE(client.Send(MessageType::watch, 1, Packed(watch)));
  const std::optional<RawReply> begin = client.Receive();
  ASSERT_TRUE(begin && begin->type == MessageType::watch_reply);
  watch.from = std::make_unique<wire::FeedPosition>(
      *flatbuffers::GetRoot<wire::WatchReply>(begin->payload.data())->position());
  watch.wait_ms = wire::kMaxWatchWaitMs;
  ASSERT_TRUE(client.Send(MessageType::watch, 2, Packed(watch)));
  // So that it waits already: what comes later is refused as everything else.
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto stop_begins = std::chrono::steady_clock::now();
  std::thread reader([&] {
    const std::optional<RawReply> told = client.Receive();
    ASSERT_TRUE(told && told->type == MessageType::error && told->request_id == 2);
    EXPECT_EQ(told->code(), wire::ErrorCode::shutting_down);
    EXPECT_TRUE(client.AtEnd());
    client.Close();
  });
  EXPECT_TRUE(server.Stop());
  EXPECT_LT(std::chrono::steady_clock::now() - stop_begins, kDrainTimeout / 2);
  reader.join();
}

}  // namespace
}  // namespace kundig::server
