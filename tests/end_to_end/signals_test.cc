// How kundigd ends, seen from outside.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <sstream>
#include <string>
#include <thread>

#include "tests/end_to_end/programs.h"
#include "tests/server/raw_client.h"

namespace kundig::end_to_end {
namespace {

using server::RawClient;
using testing::HasSubstr;

// kundigd with its defaults on a free port, whose signals the test sends itself.
class Kundigd {
 public:
  Kundigd()
      : child_(KUNDIG_BIN_DIR "/kundigd", "--listen", "127.0.0.1:0", "--address-file",
               folder_ / "address", boost::process::std_err > folder_ / "log") {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (address_.empty() && child_.running() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      address_ = ReadFile(folder_ / "address");
    }
  }
  ~Kundigd() {
    if (child_.running()) child_.terminate();
  }

  // Empty where it did not start.
  std::string address() const { return address_.substr(0, address_.find('\n')); }
  std::string log() const { return ReadFile(folder_ / "log"); }
  void Signal(int number) { ::kill(child_.id(), number); }
  // Its exit code.
  int Wait() {
    child_.wait();
    return child_.exit_code();
  }

 private:
  Folder folder_;
  boost::process::child child_;
  std::string address_;
};

TEST(Signals, AClientIsToldAndTheLogSaysSoInJson) {
  for (const int how : {SIGTERM, SIGINT}) {
    Kundigd kundigd;
    ASSERT_NE(kundigd.address(), "") << kundigd.log();
    RawClient client;
    ASSERT_TRUE(client.Open(kundigd.address()));
    kundigd.Signal(how);
    EXPECT_TRUE(client.AtEnd());
    client.Close();
    EXPECT_EQ(kundigd.Wait(), 0);
    std::istringstream log(kundigd.log());
    std::string line, last;
    while (std::getline(log, line)) {
      last = line;
      const boost::json::value value = boost::json::parse(line);
      for (const char* name : {"time", "level", "component", "message"}) {
        EXPECT_TRUE(value.at(name).is_string()) << line;
      }
    }
    EXPECT_THAT(last, HasSubstr(R"("message":"stopped","all_answered":true)"));
    EXPECT_THAT(kundigd.log(), HasSubstr("the book lives in memory only"));
  }
}

TEST(Signals, TheSecondOneCutsTheDrainShort) {
  Kundigd kundigd;
  ASSERT_NE(kundigd.address(), "") << kundigd.log();
  // A client that is told and does not close its side keeps a drain waiting for a while.
  RawClient client;
  ASSERT_TRUE(client.Open(kundigd.address()));
  kundigd.Signal(SIGTERM);
  EXPECT_TRUE(client.AtEnd());
  kundigd.Signal(SIGTERM);
  EXPECT_EQ(kundigd.Wait(), 0);
  EXPECT_THAT(kundigd.log(), HasSubstr("a second signal ends the draining"));
}

TEST(Signals, ASignalThatComesAtOnceIsNotLost) {
  for (int i = 0; i < 5; ++i) {
    Kundigd kundigd;
    ASSERT_NE(kundigd.address(), "");
    kundigd.Signal(SIGTERM);
    EXPECT_EQ(kundigd.Wait(), 0);
  }
}

}  // namespace
}  // namespace kundig::end_to_end
