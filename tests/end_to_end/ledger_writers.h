// Those who keep a server busy while it is killed: writers whose batches have names and are sent
// again until they are answered, writers without names whose batches may be lost with a connection,
// and somebody who has the book saved all the time, so that files are renamed and removed.
//
// Thread safety: used by one thread; its own threads and those of the clients write the ledger.

#ifndef KUNDIG_TESTS_END_TO_END_LEDGER_WRITERS_H_
#define KUNDIG_TESTS_END_TO_END_LEDGER_WRITERS_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "client/client.h"
#include "tests/end_to_end/ledger.h"

namespace kundig::end_to_end {

class LedgerWriters {
 public:
  // Each batch of the ledger is within the server's max_batch_events; one event more is not.
  LedgerWriters(Ledger* ledger, std::string address);
  ~LedgerWriters();
  LedgerWriters(const LedgerWriters&) = delete;
  LedgerWriters& operator=(const LedgerWriters&) = delete;

  void Start();
  // Does nothing where they are not at work. Batches with names may be without an answer
  // afterwards; the next server answers them.
  void Stop();
  // Whether all batches are answered, at the latest when `enough` says so.
  bool WaitForAnswers(const std::function<bool()>& enough);

  uint64_t snapshots() const { return snapshots_; }
  // Batches that had been applied when their connection broke, as the server said.
  uint64_t repeated() const { return repeated_; }

 private:
  struct Writer {
    bool named = false;
    std::unique_ptr<client::AsyncClient> client;
    std::thread thread;
    // Under mutex_:
    size_t on_their_way = 0;
    bool broken = false;  // a writer without names has lost its connection
  };

  void Write(Writer* writer);
  void SendNamed(Writer* writer, const LedgerBatch& batch);
  void SendUnnamed(Writer* writer, const LedgerBatch& batch);
  // More than the server takes at once.
  void SendTooMuch(Writer* writer);
  void Judge(const LedgerBatch& batch, const wire::EventBatchReplyT& reply);
  void SettleUnanswered(const LedgerBatch& batch, const client::Error& error);
  void Answered(Writer* writer, bool broken);
  void SaveSnapshots();

  Ledger* const ledger_;
  const std::string address_;
  std::atomic<bool> stopped_{true};
  std::atomic<uint64_t> snapshots_{0}, repeated_{0};
  std::thread saving_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<Writer> writers_;  // last: their clients call back
};

}  // namespace kundig::end_to_end

#endif  // KUNDIG_TESTS_END_TO_END_LEDGER_WRITERS_H_
