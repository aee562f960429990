// What the lock promises: a lookup goes on while a scan runs and a writer waits; scans and writes
// exclude each other; neither starves.

#include "engine/state_lock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace kundig::engine {
namespace {

void WaitUntil(const std::atomic<bool>& flag) {
  while (!flag.load()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(StateLockTest, LookupsPassAWriterThatWaitsForAScan) {
  StateLock lock;
  std::atomic<bool> writer_started{false}, written{false};
  std::thread writer;
  {
    StateLock::Scan scan(&lock);
    writer = std::thread([&] {
      writer_started = true;
      StateLock::Write write(&lock);
      written = true;
    });
    WaitUntil(writer_started);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    for (int lookup = 0; lookup < 100; ++lookup) StateLock::Lookup hold(&lock);
    EXPECT_FALSE(written.load());
  }
  writer.join();
  EXPECT_TRUE(written.load());
}

TEST(StateLockTest, AScanThatComesBehindAWaitingWriterSeesItsWrite) {
  StateLock lock;
  int value = 0;  // guarded by lock
  std::atomic<bool> writer_started{false}, scanner_started{false};
  std::thread writer, scanner;
  int seen = 0;
  {
    StateLock::Scan scan(&lock);
    writer = std::thread([&] {
      writer_started = true;
      StateLock::Write write(&lock);
      value = 1;
    });
    WaitUntil(writer_started);
    // So that the writer waits already: a scan that comes before it may go first.
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    scanner = std::thread([&] {
      scanner_started = true;
      StateLock::Scan hold(&lock);
      seen = value;
    });
    WaitUntil(scanner_started);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  writer.join();
  scanner.join();
  EXPECT_EQ(seen, 1);
}

TEST(StateLockTest, ScansAndLookupsNeverSeeHalfAWrite) {
  StateLock lock;
  int64_t left = 0, right = 0;  // guarded by lock; equal between writes
  std::atomic<bool> stop{false};
  std::atomic<int> torn{0}, lookups{0}, scans{0};
  std::vector<std::thread> threads;
  for (int reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&] {
      while (!stop) {
        StateLock::Lookup hold(&lock);
        torn += left != right;
        ++lookups;
      }
    });
    threads.emplace_back([&] {
      while (!stop) {
        StateLock::Scan hold(&lock);
        torn += left != right;
        ++scans;
      }
    });
  }
  for (int turn = 0; turn < 500; ++turn) {
    StateLock::Write hold(&lock);
    ++left;
    ++right;
  }
  while (lookups == 0 || scans == 0) std::this_thread::yield();
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(torn.load(), 0);
}

}  // namespace
}  // namespace kundig::engine
