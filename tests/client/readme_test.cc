// The first block of client/README.md, compiled and run. What stands between the two marks below is
// compared with the README, so that the README cannot promise what does not compile.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "tests/client/fake_server.h"

// README begins
#include "client/client.h"

// Once, at the start of the back end. Any number of threads may share the client.
kundig::client::Client Connect(const std::string& server) {
  return kundig::client::Client::Connect({.server = server}).value();  // or throws ClientError
}

// For each request: "Champions", "At risk", ... and "" for a customer without a segment.
std::string SegmentOf(kundig::client::Client& kundig, const std::string& customer) {
  const auto profile = kundig.Profile(customer);
  return profile ? profile->rfm_segment : std::string();  // no answer: the shop goes on
}
// README ends

namespace kundig::client {
namespace {

std::string Text(const std::string& path) {
  std::ifstream file(std::string(KUNDIG_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string Between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t from = text.find(begin);
  const size_t to = text.find(end, from + begin.size());
  EXPECT_TRUE(from != std::string::npos && to != std::string::npos) << begin;
  return text.substr(from + begin.size(), to - from - begin.size());
}

TEST(ReadmeTest, SnippetIsTheCodeOfThisFile) {
  EXPECT_EQ(Between(Text("client/README.md"), "```cpp\n", "```\n"),
            Between(Text("tests/client/readme_test.cc"), "// README begins\n", "// README ends\n"))
      << "Change the README and this file together.";
}

TEST(ReadmeTest, SnippetAnswers) {
  FakeServer server(AnswerAsAShop);
  Client client = ::Connect(server.address());
  EXPECT_EQ(SegmentOf(client, "17850"), "segment of 17850");
}

}  // namespace
}  // namespace kundig::client
