#include "bench/versus/lean_frames.h"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "client/message.h"
#include "schemas/events_generated.h"
#include "schemas/frame.h"
#include "schemas/profile_generated.h"

namespace kundig::bench {

namespace {

// Stand for digits until they are written; no id has such bytes.
constexpr char kCustomerMark = '\x01';
constexpr char kOrderMark = '\x02';

constexpr int64_t kSmallestRevenueMinor = 1, kLargestRevenueMinor = 50'000;
constexpr size_t kChecksumOffset = 4;

template <typename Message>
std::vector<uint8_t> Framed(wire::MessageType type, const Message& message) {
  std::vector<uint8_t> frame;
  wire::AppendFrame(static_cast<uint8_t>(type), 1, client::Packed(message), &frame);
  return frame;
}

// The two-digit groups of `value`, written backwards: a division for each pair of digits.
void WriteDigits(uint64_t value, size_t digits, uint8_t* out) {
  static constexpr auto kPairs = [] {
    std::array<char, 200> pairs{};
    for (size_t i = 0; i < 100; ++i) {
      pairs[2 * i] = static_cast<char>('0' + i / 10);
      pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
  }();
  for (size_t left = digits; left >= 2; left -= 2) {
    std::memcpy(out + left - 2, &kPairs[2 * (value % 100)], 2);
    value /= 100;
  }
}

// Where runs of `length` times `mark` begin.
std::vector<size_t> FindMarks(const std::vector<uint8_t>& frame, char mark, size_t length) {
  std::vector<size_t> found;
  const std::vector<uint8_t> run(length, static_cast<uint8_t>(mark));
  auto from = frame.begin();
  while (true) {
    from = std::search(from, frame.end(), run.begin(), run.end());
    if (from == frame.end()) return found;
    found.push_back(static_cast<size_t>(from - frame.begin()));
    from += static_cast<std::ptrdiff_t>(length);
  }
}

template <typename Request>
Request Asking(const std::vector<std::string>& ids) {
  Request request;
  request.customers = ids;
  return request;
}

}  // namespace

FrameTemplate::FrameTemplate(const FramePlan& plan) {
  const std::string customer = plan.prefix + "C" + std::string(kCustomerDigits, kCustomerMark);
  const std::string order = plan.tag + std::string(kOrderDigits, kOrderMark);
  tools::RandomStream random(1, tools::RandomStream::Purpose::kLoad, 0);
  const auto revenue = [&] { return random.Between(kSmallestRevenueMinor, kLargestRevenueMinor); };
  switch (plan.ask) {
    case Ask::kRecords:
      reply_type_ = wire::MessageType::records_reply;
      frame_ = Framed(wire::MessageType::records,
                      Asking<wire::RecordsRequestT>(std::vector(plan.batch, customer)));
      break;
    case Ask::kProfiles:
      reply_type_ = wire::MessageType::profiles_reply;
      frame_ = Framed(wire::MessageType::profiles,
                      Asking<wire::ProfilesRequestT>(std::vector(plan.batch, customer)));
      break;
    case Ask::kOrders: {
      wire::OrderBatchT batch;
      for (uint32_t i = 0; i < plan.batch; ++i) {
        batch.at.push_back(plan.at_ms + i);
        batch.revenue.push_back(revenue());
        batch.items.push_back(1);
        batch.customer_bytes.push_back(static_cast<uint8_t>(customer.size()));
        batch.order_bytes.push_back(static_cast<uint8_t>(order.size()));
        for (const std::string* id : {&customer, &order}) {
          batch.ids.insert(batch.ids.end(), id->begin(), id->end());
        }
      }
      reply_type_ = wire::MessageType::orders_reply;
      frame_ = Framed(wire::MessageType::orders, batch);
      break;
    }
    case Ask::kEvents: {
      wire::EventBatchT batch;
      for (uint32_t i = 0; i < plan.batch; ++i) {
        wire::OrderT body;
        body.customer = customer;
        body.order = order;
        body.at = plan.at_ms + i;
        body.revenue = revenue();
        body.items = 1;
        batch.events.push_back(std::make_unique<wire::EventT>());
        batch.events.back()->body.Set(std::move(body));
      }
      reply_type_ = wire::MessageType::events_reply;
      frame_ = Framed(wire::MessageType::events, batch);
      break;
    }
  }
  customers_ = FindMarks(frame_, kCustomerMark, kCustomerDigits);
  orders_ = FindMarks(frame_, kOrderMark, kOrderDigits);
}

void FrameTemplate::Write(const tools::KeyDraw& keys, tools::RandomStream* random,
                          std::atomic<uint64_t>* next_order, uint8_t* out) {
  for (size_t place : customers_) {
    WriteDigits(keys.Draw(random) + 1, kCustomerDigits, frame_.data() + place);
  }
  if (!orders_.empty()) {
    uint64_t number = next_order->fetch_add(orders_.size(), std::memory_order_relaxed);
    for (size_t place : orders_) WriteDigits(number++, kOrderDigits, frame_.data() + place);
  }
  const std::span<const uint8_t> frame(frame_);
  const uint32_t checksum = wire::Crc32c(frame.subspan(kChecksumOffset + sizeof(uint32_t)),
                                         wire::Crc32c(frame.first(kChecksumOffset)));
  std::memcpy(frame_.data() + kChecksumOffset, &checksum, sizeof(checksum));
  std::memcpy(out, frame_.data(), frame_.size());
}

}  // namespace kundig::bench
