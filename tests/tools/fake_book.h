// A book of its own behind an import: keeps every event, refuses what a test tells it to, and
// answers a batch only when the next one comes, as a server may.

#ifndef KUNDIG_TESTS_TOOLS_FAKE_BOOK_H_
#define KUNDIG_TESTS_TOOLS_FAKE_BOOK_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/import_port.h"

namespace kundig::tools {

class FakeBook : public BatchPort {
 public:
  // The error that refuses an event, or nothing.
  std::function<std::optional<wire::ErrorCode>(const wire::EventT&)> refuse =
      [](const wire::EventT&) { return std::nullopt; };
  // From this batch on (counted from 0) every batch fails as a whole.
  std::optional<size_t> fails_from;
  size_t max_events = 10'000;

  client::BatchName NextBatch() override { return {"import", ++names_}; }

  void Send(std::vector<uint8_t> batch, Done done) override {
    Drain();
    held_.emplace(std::move(batch), std::move(done));
  }

  void Drain() override {
    if (!held_) return;
    const auto [bytes, done] = *std::exchange(held_, std::nullopt);
    const size_t number = batches_++;
    if (fails_from && number >= *fails_from) {
      client::Error error;
      error.kind = client::ErrorKind::kLost;
      error.message = "the connection broke";
      done(error);
      return;
    }
    flatbuffers::Verifier verifier(bytes.data(), bytes.size(), 16, 1'000'000);
    if (!verifier.VerifyBuffer<wire::EventBatch>()) std::abort();
    wire::EventBatchT batch;
    flatbuffers::GetRoot<wire::EventBatch>(bytes.data())->UnPackTo(&batch);
    EXPECT_EQ(batch.producer, "import");
    EXPECT_EQ(batch.batch, number + 1) << "each batch has the name it was given";
    wire::EventBatchReplyT reply;
    for (size_t i = 0; i < batch.events.size(); ++i) {
      if (const auto code = refuse(*batch.events[i])) {
        auto refused = std::make_unique<wire::RefusedEventT>();
        refused->index = static_cast<uint32_t>(i);
        refused->error = std::make_unique<wire::ErrorT>();
        refused->error->code = *code;
        refused->error->message = "refused by the test";
        reply.refused.push_back(std::move(refused));
        continue;
      }
      ++reply.applied;
      events.push_back(std::move(batch.events[i]));
    }
    done(std::move(reply));
  }

  size_t max_batch_events() const override { return max_events; }
  size_t max_batch_bytes() const override { return size_t{8} << 20; }

  size_t batches() const { return batches_; }

  // The events of one sort, in the order of sending.
  template <typename T>
  std::vector<const T*> All() const {
    std::vector<const T*> found;
    for (const auto& event : events) {
      if (event->body.type == wire::EventBodyUnionTraits<T>::enum_value) {
        found.push_back(static_cast<const T*>(event->body.value));
      }
    }
    return found;
  }

  std::vector<std::unique_ptr<wire::EventT>> events;  // that were not refused

 private:
  std::optional<std::pair<std::vector<uint8_t>, Done>> held_;
  size_t batches_ = 0;
  uint64_t names_ = 0;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TESTS_TOOLS_FAKE_BOOK_H_
