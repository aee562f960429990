// What goes wrong, from outside: the exit code and a sentence on standard error.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/end_to_end/programs.h"
#include "tests/end_to_end/small_shop.h"

namespace kundig::end_to_end {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Refusals, ABadExpressionIsShownWithItsPlace) {
  const Server server(kSmallShopRules);
  ASSERT_NE(server.address(), "") << server.log();
  Done done = server.Run({"count", "--where", "revenu > 3"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, StartsWith("kundig: "));
  EXPECT_THAT(done.err, EndsWith("\n  revenu > 3\n  ^\n"));
  done = server.Run({"list", "--where", "orders > 1 and abc = 5"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, EndsWith("\n  orders > 1 and abc = 5\n                       ^\n"));
  EXPECT_EQ(done.out, "");
  done = server.Run({"inactive", "--where", "revenue >"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, EndsWith("\n  revenue >\n           ^\n"));
  done = server.Run({"pipeline", "--where", "stage = "});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, EndsWith("^\n"));
}

TEST(Refusals, WhatTheServerDoesNotKnowIsOne) {
  const Server server(kSmallShopRules);
  ASSERT_NE(server.address(), "") << server.log();
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"list", "--fields", "nosuch"},
                                             {"list", "--order-by", "nosuch"},
                                             {"list", "--cursor", "nonsense"},
                                             {"inactive", "--fields", "customer,nosuch"},
                                             {"profile", std::string(65, 'x')},
                                             {"erase", std::string(65, 'x')},
                                             {"import", "orders", "/no/such/file.csv"},
                                             {"admin", "advance-day", "2010-12-09"}}) {
    for (const bool as_json : {false, true}) {
      std::vector<std::string> all = words;
      if (as_json) all.emplace_back("--json");
      const Done done = server.Run(all);
      EXPECT_EQ(done.code, 1) << testing::PrintToString(words) << done.err;
      EXPECT_THAT(done.err, StartsWith("kundig: ")) << testing::PrintToString(words);
      EXPECT_EQ(done.out, "") << testing::PrintToString(words);
    }
  }
}

TEST(Refusals, AMistypedFieldOfAListIsAnsweredWithTheNearest) {
  const Server server(kSmallShopRules);
  ASSERT_NE(server.address(), "") << server.log();
  EXPECT_THAT(server.Run({"list", "--fields", "customer,risks"}).err,
              HasSubstr("there is no field 'risks'; did you mean 'risk'?"));
  EXPECT_THAT(server.Run({"list", "--order-by", "revenu"}).err, HasSubstr("'revenue'?"));
}

TEST(Refusals, ADayThatFollowsTheClockIsNotMoved) {
  const Server server("[book]\n");
  ASSERT_NE(server.address(), "") << server.log();
  const Done done = server.Run({"admin", "advance-day", "2079-01-01"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, HasSubstr("book.today"));
}

TEST(Refusals, ASecondServerOnThePortDoesNotStart) {
  const Server first(kSmallShopRules);
  ASSERT_NE(first.address(), "") << first.log();
  Server second(kSmallShopRules, first.address());
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_EQ(second.address(), "");
  EXPECT_THAT(second.log(), HasSubstr(first.address()));
  EXPECT_EQ(first.Run({"ping"}).code, 0);
}

TEST(Refusals, ABadConfigurationNamesItsPlace) {
  Server server("[book]\ncurrency = \"GBP\"\n[abc]\nmeasure = \"weight\"\n");
  EXPECT_EQ(server.Wait(), 1);
  EXPECT_THAT(server.log(), HasSubstr("book.toml:4"));
}

// A connection that sends what no client sends.
class RawConnection {
 public:
  explicit RawConnection(const std::string& address) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{10, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  }
  ~RawConnection() { close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  bool Send(const std::string& bytes) const {
    return connected_ && send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                             static_cast<ssize_t>(bytes.size());
  }
  // Whether the server ends the connection, whatever it says before.
  bool IsEnded() const {
    char byte = 0;
    ssize_t got = 0;
    while ((got = recv(socket_, &byte, 1, 0)) > 0) {
    }
    return got == 0 || errno == ECONNRESET;
  }

 private:
  int socket_;
  bool connected_ = false;
};

TEST(Refusals, BrokenAndVanishedClientsDisturbNobody) {
  const Server server(kSmallShopRules);
  ASSERT_NE(server.address(), "") << server.log();
  ImportSmallShop(server);
  {
    const RawConnection nonsense(server.address());
    ASSERT_TRUE(nonsense.Send("GET / HTTP/1.1\r\nHost: kundig\r\n\r\n"));
    EXPECT_TRUE(nonsense.IsEnded());
    // Half a frame header, and gone.
    const RawConnection vanished(server.address());
    ASSERT_TRUE(vanished.Send(std::string("\x10\0\0\0\1\2", 6)));
  }
  EXPECT_EQ(server.One({"status"}).at("customers"), 4);
}

TEST(Refusals, AReaderThatLeavesEndsTheListQuietly) {
  const Server server(kSmallShopRules);
  ASSERT_NE(server.address(), "") << server.log();
  std::string orders = "customer,order,at,revenue\n";
  for (int i = 0; i < 20000; ++i) {
    const std::string id = std::to_string(i);
    orders += "c" + id + ",o" + id + ",2010-12-01,1.00\n";
  }
  server.One({"import", "orders", server.folder().Write("many.csv", orders)});
  for (const char* form : {"--csv", "--json"}) {
    // The reader takes a few bytes of a list that no pipe holds.
    const Done done =
        RunProgram("/bin/bash", {"-c",
                                 R"("$1" --server "$2" list --limit 0 "$3" | head -c 10; )"
                                 R"(exit "${PIPESTATUS[0]}")",
                                 "bash", KUNDIG_BIN_DIR "/kundig", server.address(), form});
    EXPECT_EQ(done.code, 0) << form;
    EXPECT_EQ(done.err, "") << form;
    EXPECT_EQ(done.out.size(), 10u) << form;
  }
  EXPECT_EQ(server.One({"list", "--limit", "0"}).at("rows").as_array().size(), 20000u);
}

TEST(Refusals, AServerThatStoppedIsNotReached) {
  for (const int how : {SIGTERM, SIGINT}) {
    Server server(kSmallShopRules);
    ASSERT_NE(server.address(), "") << server.log();
    ASSERT_EQ(server.Run({"ping"}).code, 0);
    EXPECT_EQ(server.Stop(how), 0);
    for (const char* command : {"ping", "status", "rfm", "list"}) {
      const Done done = server.Run({command, "--json"});
      EXPECT_EQ(done.code, 3) << command;
      EXPECT_THAT(done.err, HasSubstr(server.address())) << command;
      EXPECT_EQ(done.out, "") << command;
    }
    EXPECT_EQ(server.Run({"import", "orders", server.folder().Write("o.csv", "customer\n")}).code,
              3);
  }
}

TEST(Refusals, TheEnvironmentNamesTheServerToo) {
  const Server server(kSmallShopRules);
  ASSERT_NE(server.address(), "") << server.log();
  const Done done = RunProgram("/usr/bin/env", {"KUNDIG_SERVER=" + server.address(),
                                                KUNDIG_BIN_DIR "/kundig", "ping", "--json"});
  EXPECT_EQ(done.code, 0) << done.err;
}

}  // namespace
}  // namespace kundig::end_to_end
