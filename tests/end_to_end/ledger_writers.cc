#include "tests/end_to_end/ledger_writers.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>

namespace kundig::end_to_end {
namespace {

using namespace std::chrono_literals;
using RawAnswer = client::AsyncClient::RawAnswer;

constexpr size_t kNamedWriters = 2, kUnnamedWriters = 2;
constexpr size_t kOnTheirWay = 4;   // of each writer
constexpr auto kDeadline = 60s;     // of an answer; reaching it is a failure of the test
constexpr size_t kTooMuchEach = 8;  // batches of a writer without names
// Writers come in bursts, so that a book of hundreds of lives stays one that is saved in moments.
constexpr size_t kBurst = 4;
constexpr uint32_t kLongestPauseMs = 40;

}  // namespace

LedgerWriters::LedgerWriters(Ledger* ledger, std::string address)
    : ledger_(ledger), address_(std::move(address)), writers_(kNamedWriters + kUnnamedWriters) {
  for (size_t i = 0; i < kNamedWriters; ++i) {
    writers_[i].named = true;
    writers_[i].client = std::make_unique<client::AsyncClient>(
        client::Options{.server = address_, .deadline = kDeadline});
  }
}

LedgerWriters::~LedgerWriters() {
  Stop();
}

void LedgerWriters::Start() {
  stopped_ = false;
  for (Writer& writer : writers_) {
    if (!writer.named) {
      writer.broken = false;
      writer.client = std::make_unique<client::AsyncClient>(
          client::Options{.server = address_, .deadline = kDeadline, .reconnect = false});
    }
    writer.thread = std::thread([this, &writer] { Write(&writer); });
  }
  saving_ = std::thread([this] { SaveSnapshots(); });
}

void LedgerWriters::Stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_.exchange(true)) return;
  }
  answered_.notify_all();
  saving_.join();
  for (Writer& writer : writers_) {
    writer.thread.join();
    if (writer.named) continue;
    // The end of the connection answers what is left.
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [&] { return writer.on_their_way == 0; });
    lock.unlock();
    writer.client.reset();
  }
}

bool LedgerWriters::WaitForAnswers(const std::function<bool()>& enough) {
  std::unique_lock lock(mutex_);
  const auto all = [&] {
    size_t count = 0;
    for (const Writer& writer : writers_) count += writer.on_their_way;
    return count == 0;
  };
  while (!all()) {
    if (enough()) return false;
    answered_.wait_for(lock, 1ms);
  }
  return true;
}

void LedgerWriters::Write(Writer* writer) {
  std::minstd_rand random(static_cast<uint32_t>(writer - writers_.data()) + 1);
  for (size_t round = 1;; ++round) {
    {
      std::unique_lock lock(mutex_);
      answered_.wait(
          lock, [&] { return stopped_ || writer->broken || writer->on_their_way < kOnTheirWay; });
      if (stopped_ || writer->broken) return;
      ++writer->on_their_way;
    }
    if (writer->named) {
      SendNamed(writer, ledger_->Begin());
    } else if (round % kTooMuchEach == 0) {
      SendTooMuch(writer);
    } else {
      SendUnnamed(writer, ledger_->Begin());
    }
    if (round % kBurst != 0) continue;
    std::unique_lock lock(mutex_);
    answered_.wait_for(lock, std::chrono::milliseconds(random() % kLongestPauseMs),
                       [&] { return stopped_.load(); });
  }
}

void LedgerWriters::SendNamed(Writer* writer, const LedgerBatch& batch) {
  const auto done = [=, this](const client::Result<wire::EventBatchReplyT>& reply) {
    if (reply) {
      if (reply->repeated) ++repeated_;
      Judge(batch, *reply);
    } else {
      ADD_FAILURE() << "a named batch was not answered: " << reply.error().message;
      ledger_->Settle(batch, Ledger::State::kLost);
    }
    Answered(writer, false);
  };
  if (batch.only_orders()) {
    writer->client->Send(batch.Orders(), done);
  } else {
    writer->client->Send(batch.Events().events(), done);
  }
}

void LedgerWriters::SendUnnamed(Writer* writer, const LedgerBatch& batch) {
  const auto done = [=, this](const client::Result<RawAnswer>& answer) {
    if (answer) {
      wire::EventBatchReplyT reply;
      flatbuffers::GetRoot<wire::EventBatchReply>(answer->data())->UnPackTo(&reply);
      EXPECT_FALSE(reply.repeated);
      Judge(batch, reply);
    } else {
      SettleUnanswered(batch, answer.error());
    }
    Answered(writer, !answer);
  };
  if (batch.only_orders()) {
    const client::OrderBatch orders = batch.Orders();
    writer->client->Request(wire::MessageType::orders, orders.Packed(orders.All()), done);
  } else {
    const client::EventBatch events = batch.Events();
    writer->client->Request(wire::MessageType::events, events.Packed(events.All()), done);
  }
}

void LedgerWriters::SendTooMuch(Writer* writer) {
  const LedgerBatch batch = ledger_->Begin();
  client::EventBatch events = batch.Events();
  events.Visit(LedgerBatch::Witness(batch.number()), 0);
  const auto done = [=, this](const client::Result<RawAnswer>& answer) {
    EXPECT_FALSE(answer) << "a batch above the limit was taken";
    const bool refused = !answer && answer.error().code == wire::ErrorCode::limit_exceeded;
    ledger_->Settle(batch, Ledger::State::kRefused);
    Answered(writer, !refused);
  };
  writer->client->Request(wire::MessageType::events, events.Packed(events.All()), done);
}

void LedgerWriters::SettleUnanswered(const LedgerBatch& batch, const client::Error& error) {
  using client::ErrorKind;
  const bool told =
      error.kind == ErrorKind::kRefused && error.code == wire::ErrorCode::shutting_down;
  EXPECT_TRUE(told || error.kind == ErrorKind::kUnreachable || error.kind == ErrorKind::kLost)
      << error.message;
  ledger_->Settle(batch,
                  error.kind == ErrorKind::kLost ? Ledger::State::kLost : Ledger::State::kRefused);
}

void LedgerWriters::Judge(const LedgerBatch& batch, const wire::EventBatchReplyT& reply) {
  EXPECT_EQ(reply.applied + reply.replaced + reply.unchanged, batch.places());
  EXPECT_EQ(reply.refused.size() + reply.refused_more, batch.refused());
  ledger_->Settle(batch, Ledger::State::kAcknowledged);
}

void LedgerWriters::Answered(Writer* writer, bool broken) {
  {
    const std::lock_guard lock(mutex_);
    --writer->on_their_way;
    writer->broken = writer->broken || broken;
  }
  answered_.notify_all();
}

void LedgerWriters::SaveSnapshots() {
  std::minstd_rand random(static_cast<uint32_t>(snapshots_.load()) + 1);
  auto client = client::Client::Connect({.server = address_, .reconnect = false});
  while (client && !stopped_) {
    if (!client->Snapshot(random() % 3 == 0)) return;
    ++snapshots_;
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 20));
  }
}

}  // namespace kundig::end_to_end
