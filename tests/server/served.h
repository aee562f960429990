// A network with the fake handler behind it, on a free port, for one test.
//
// Thread safety: belongs to the test's thread.

#ifndef KUNDIG_TESTS_SERVER_SERVED_H_
#define KUNDIG_TESTS_SERVER_SERVED_H_

#include <gtest/gtest.h>

#include <string>

#include "server/network.h"
#include "tests/server/fake_handler.h"

namespace kundig::server {

inline ServerInfo TestInfo() {
  return ServerInfo{.name = "test",
                    .version = "1.2.3",
                    .currency = "EUR",
                    .time_zone = "UTC",
                    .stages = {"Offer"},
                    .durability = "none"};
}

struct Served {
  explicit Served(const NetworkOptions& options = {.threads = 2}) : network(options) {
    const engine::Result<void> listening = network.Listen("127.0.0.1:0");
    EXPECT_TRUE(listening) << (listening ? "" : listening.error().message);
    network.Start(TestInfo(), &handler);
  }

  const std::string& address() const { return network.address(); }
  uint64_t count(Incident incident) const { return network.incidents().count(incident); }

  FakeHandler handler;
  Network network;
};

}  // namespace kundig::server

#endif  // KUNDIG_TESTS_SERVER_SERVED_H_
