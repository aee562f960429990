// The book of a scripted server: takes each named batch of orders once, answers it as before when
// it comes again, and breaks the connection where the script says so.
//
// Thread safety: belongs to the server's thread; the test looks when the server is gone or within
// FakeServer::Run.

#ifndef KUNDIG_TESTS_CLIENT_BATCH_BOOK_H_
#define KUNDIG_TESTS_CLIENT_BATCH_BOOK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "client/message.h"
#include "client/order_batch.h"
#include "tests/client/fake_server.h"

namespace kundig::client {

inline OrderBatch OneOrder(size_t number) {
  OrderBatch orders;
  orders.Add("c", "o" + std::to_string(number), 0, 1);
  return orders;
}

// Those of so many batches of one order.
inline std::vector<std::string> OrderIds(size_t count) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < count; ++i) ids.push_back("o" + std::to_string(i));
  return ids;
}

class BatchBook {
 public:
  enum class Act {
    kAnswer,
    kDropBefore,     // nothing is applied
    kDropAfter,      // applied, and nobody hears of it
    kDropMidAnswer,  // applied, and the answer breaks off in the middle of its frame
    kStop,           // refused as by a server that shuts down
  };
  using Script = std::function<Act(size_t arrival)>;

  explicit BatchBook(Script script) : script_(std::move(script)) {}

  Peer::Handler Handler() {
    return [this](Peer& peer, const wire::Frame& frame) { Take(peer, frame); };
  }

  // The ids of the orders in the order in which they were applied.
  std::vector<std::string> applied;
  // What came, repeated or not.
  std::vector<BatchName> arrivals;
  size_t repeated = 0;

 private:
  void Take(Peer& peer, const wire::Frame& frame) {
    if (static_cast<wire::MessageType>(frame.header.type) != wire::MessageType::orders) {
      return AnswerAsAShop(peer, frame);
    }
    const auto batch = Unpacked<wire::OrderBatchT>(frame.payload);
    arrivals.push_back({batch.producer, batch.batch});
    const Act act = script_(arrivals.size() - 1);
    if (act == Act::kDropBefore) return peer.Close();
    if (act == Act::kStop) {
      return peer.Refuse(frame.header.request_id, wire::ErrorCode::shutting_down, "It stops.");
    }
    const std::vector<uint8_t> answer = Packed(AnswerOf(batch));
    if (act == Act::kDropAfter) return peer.Close();
    if (act == Act::kAnswer) {
      return peer.SendPayload(wire::MessageType::orders_reply, frame.header.request_id, answer);
    }
    std::vector<uint8_t> bytes;
    wire::AppendFrame(static_cast<uint8_t>(wire::MessageType::orders_reply),
                      frame.header.request_id, answer, &bytes);
    peer.SendBytes(std::span(bytes).first(bytes.size() / 2));
    peer.Close();
  }

  wire::EventBatchReplyT AnswerOf(const wire::OrderBatchT& batch) {
    wire::EventBatchReplyT reply;
    const auto [kept, is_new] = taken_.try_emplace({batch.producer, batch.batch}, batch.at.size());
    reply.repeated = !is_new && !batch.producer.empty();
    reply.state = std::make_unique<wire::State>(taken_.size(), 1, 0, 3, 2);
    reply.applied = static_cast<uint32_t>(kept->second);
    if (reply.repeated) {
      ++repeated;
      return reply;
    }
    size_t at = 0;
    for (size_t i = 0; i < batch.at.size(); ++i) {
      at += batch.customer_bytes[i];
      applied.emplace_back(batch.ids.begin() + static_cast<ptrdiff_t>(at),
                           batch.ids.begin() + static_cast<ptrdiff_t>(at + batch.order_bytes[i]));
      at += batch.order_bytes[i];
    }
    return reply;
  }

  const Script script_;
  std::map<std::pair<std::string, uint64_t>, size_t> taken_;
};

}  // namespace kundig::client

#endif  // KUNDIG_TESTS_CLIENT_BATCH_BOOK_H_
