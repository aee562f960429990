// Many connections: limits, descriptors running out, draining.

#include "server/network.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "tests/eventually.h"
#include "tests/server/raw_client.h"
#include "tests/server/served.h"

namespace kundig::server {
namespace {

using wire::ErrorCode;
using wire::MessageType;

TEST(NetworkTest, ASecondListenerOnTheSameAddressFailsWithASentence) {
  Served first;
  Network second({});
  const engine::Result<void> listening = second.Listen(first.address());
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().field, "listen");
  EXPECT_EQ(listening.error().message, "Cannot listen on " + first.address() +
                                           ": another program listens there; stop it or choose "
                                           "another address with --listen.");
}

TEST(NetworkTest, AnAddressThatCannotBeReadFailsWithASentence) {
  for (const char* address :
       {"", "7400", ":7400", "localhost:", "127.0.0.1:many", "127.0.0.1:99999", "::1:7400"}) {
    Network network({});
    const engine::Result<void> listening = network.Listen(address);
    ASSERT_FALSE(listening) << address;
    EXPECT_NE(listening.error().message.find("Cannot listen on"), std::string::npos);
  }
}

TEST(NetworkTest, ListensOnIpVersion6InBrackets) {
  Network network({});
  const engine::Result<void> listening = network.Listen("[::1]:0");
  if (!listening) GTEST_SKIP() << "no IPv6 here: " << listening.error().message;
  EXPECT_EQ(network.address().substr(0, 6), "[::1]:");
}

TEST(NetworkTest, TheConnectionAboveTheLimitIsToldSoAndTheOthersGoOn) {
  Served served({.threads = 2, .max_connections = 8});
  std::vector<std::unique_ptr<RawClient>> open;
  for (int i = 0; i < 8; ++i) {
    open.push_back(std::make_unique<RawClient>());
    ASSERT_TRUE(open.back()->Open(served.address()));
  }
  // A flood: most are told why, none is served.
  for (int i = 0; i < 200; ++i) {
    RawClient refused;
    ASSERT_TRUE(refused.Connect(served.address()));
    refused.Send(MessageType::hello, 1, HelloPayload());
    const std::optional<RawReply> reply = refused.Receive();
    ASSERT_TRUE(reply || i > 0);
    if (!reply) continue;
    ASSERT_EQ(reply->type, MessageType::error);
    EXPECT_EQ(reply->code(), ErrorCode::limit_exceeded);
    EXPECT_EQ(reply->field(), "max_connections");
    EXPECT_TRUE(refused.AtEnd());
  }
  EXPECT_EQ(served.count(Incident::kConnectionRefused), 200U);
  for (const auto& client : open) {
    ASSERT_TRUE(client->Send(MessageType::ping, 3, PingPayload()));
    EXPECT_EQ(client->Receive()->type, MessageType::ping_reply);
  }
  open.pop_back();
  ASSERT_TRUE(Eventually([&] { return served.network.open_connections() == 7; }));
  RawClient next;
  EXPECT_TRUE(next.Open(served.address()));
}

TEST(NetworkTest, AFloodThatNeverReadsIsBounded) {
  Served served({.threads = 2, .max_connections = 4});
  std::vector<std::unique_ptr<RawClient>> flood;
  for (int i = 0; i < 300; ++i) {
    flood.push_back(std::make_unique<RawClient>());
    ASSERT_TRUE(flood.back()->Connect(served.address()));
  }
  EXPECT_TRUE(Eventually([&] { return served.count(Incident::kConnectionRefused) == 296; }));
  EXPECT_EQ(served.network.open_connections(), 4U);
  flood.clear();
  ASSERT_TRUE(Eventually([&] { return served.network.open_connections() == 0; }));
  RawClient next;
  EXPECT_TRUE(next.Open(served.address()));
}

TEST(NetworkTest, AcceptingPausesWhileDescriptorsAreOut) {
#if defined(__SANITIZE_ADDRESS__)
  // The undefined-behaviour sanitizer opens a pipe to look at an object, and takes it for broken
  // when there is no descriptor left.
  GTEST_SKIP() << "needs every descriptor, and so does the sanitizer";
#endif
  Served served;
  RawClient early, late;
  ASSERT_TRUE(early.Open(served.address()));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{.rlim_cur = 200, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<int> held;
  for (int descriptor = dup(0); descriptor >= 0; descriptor = dup(0)) held.push_back(descriptor);
  ASSERT_TRUE(late.Connect(served.address()));
  EXPECT_TRUE(Eventually([&] { return served.count(Incident::kAcceptFailed) >= 1; }));
  ASSERT_TRUE(early.Send(MessageType::ping, 1, PingPayload()));
  EXPECT_EQ(early.Receive()->type, MessageType::ping_reply);
  for (const int descriptor : held) close(descriptor);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(late.Send(MessageType::hello, 1, HelloPayload()));
  const std::optional<RawReply> reply = late.Receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->type, MessageType::hello_reply);
}

TEST(NetworkDrainTest, AnIdleNetworkDrainsAtOnceAndTakesNobodyNew) {
  Served served;
  RawClient shaken, silent;
  ASSERT_TRUE(shaken.Open(served.address()));
  ASSERT_TRUE(silent.Connect(served.address()));
  ASSERT_TRUE(Eventually([&] { return served.network.open_connections() == 2; }));
  std::thread drain([&] { EXPECT_TRUE(served.network.Drain(std::chrono::seconds(10))); });
  EXPECT_TRUE(shaken.AtEnd());
  EXPECT_TRUE(silent.AtEnd());
  shaken.Close();
  silent.Close();
  drain.join();
  RawClient late;
  EXPECT_FALSE(late.Connect(served.address()));
}

TEST(NetworkDrainTest, WhatIsInFlightIsAnsweredAndWhatComesIsRefused) {
  Served served;
  RawClient client;
  ASSERT_TRUE(client.Open(served.address()));
  ASSERT_TRUE(client.Send(MessageType::count, 1, NumberedPayload(1)));
  ASSERT_TRUE(client.Send(MessageType::list, 2, PayloadOf({.chunks = 50, .chunk_bytes = 50'000})));
  served.handler.AwaitHeld(1);
  std::thread drain([&] { EXPECT_TRUE(served.network.Drain(std::chrono::seconds(10))); });
  ASSERT_TRUE(Eventually([&] {
    RawClient late;
    return !late.Connect(served.address());
  }));
  std::this_thread::sleep_for(std::chrono::milliseconds(2 * kDrainQuiet.count()));
  ASSERT_TRUE(client.Send(MessageType::profiles, 3, NumberedPayload(3)));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  served.handler.Release();
  EXPECT_EQ(client.Receive()->type, MessageType::count_reply);
  for (uint32_t i = 0; i < 50; ++i) EXPECT_EQ(NumberOf(client.Receive()->payload), i);
  const std::optional<RawReply> refused = client.Receive();
  ASSERT_TRUE(refused);
  ASSERT_EQ(refused->type, MessageType::error);
  EXPECT_EQ(refused->code(), ErrorCode::shutting_down);
  EXPECT_EQ(refused->request_id, 3U);
  EXPECT_TRUE(client.AtEnd());
  client.Close();
  drain.join();
  EXPECT_EQ(served.handler.handled(), 2U);
}

TEST(NetworkDrainTest, UnderLoadEveryExecutedRequestIsAnswered) {
  Served served;
  std::atomic<uint64_t> answered{0}, refused{0};
  std::atomic<int> running{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([&] {
      RawClient client;
      ASSERT_TRUE(client.Open(served.address()));
      running.fetch_add(1);
      constexpr uint32_t kDepth = 16;
      uint32_t sent = 0, received = 0;
      bool told = false;
      while (!told || received < sent) {
        while (!told && sent - received < kDepth) {
          ASSERT_TRUE(client.Send(sent % 3 == 0 ? MessageType::events : MessageType::profiles, sent,
                                  NumberedPayload(sent)));
          ++sent;
        }
        const std::optional<RawReply> reply = client.Receive();
        // A client that the machine did not let ask for kDrainQuiet finds the end.
        if (!reply) return;
        ASSERT_EQ(reply->request_id, received++);
        if (reply->type == MessageType::error) {
          ASSERT_EQ(reply->code(), ErrorCode::shutting_down);
          told = true;
          refused.fetch_add(1);
        } else {
          ASSERT_FALSE(told) << "executed behind a refused request";
          answered.fetch_add(1);
        }
      }
      EXPECT_TRUE(client.AtEnd());
    });
  }
  EXPECT_TRUE(Eventually([&] { return running == 4 && answered > 500; }));
  EXPECT_TRUE(served.network.Drain(std::chrono::seconds(10)));
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(served.handler.handled(), answered);
  EXPECT_GE(refused, 1U);
}

TEST(NetworkDrainTest, EndsWithItsTimeAndAtOnceWithCutOff) {
  for (const bool cut_off : {false, true}) {
    Served served;
    RawClient client;
    ASSERT_TRUE(client.Open(served.address()));
    ASSERT_TRUE(client.Send(MessageType::count, 1, NumberedPayload(1)));
    served.handler.AwaitHeld(1);
    const auto begin = std::chrono::steady_clock::now();
    std::thread impatient([&] {
      if (!cut_off) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      served.network.CutOff();
    });
    EXPECT_FALSE(served.network.Drain(std::chrono::milliseconds(cut_off ? 60'000 : 200)));
    impatient.join();
    served.network.Stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
    EXPECT_TRUE(client.IsOver());
    // The answer comes when everything is gone.
    served.handler.Release();
  }
}

}  // namespace
}  // namespace kundig::server
