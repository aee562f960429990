// Request frames made once, in which only the ids and the checksum change from one to the next: the
// way in which redis-benchmark makes its commands, so that neither side's client is the slower one.
//
// Thread safety: a FrameTemplate belongs to one thread; NextOrders is shared by all.

#ifndef KUNDIG_BENCH_VERSUS_LEAN_FRAMES_H_
#define KUNDIG_BENCH_VERSUS_LEAN_FRAMES_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "schemas/admin_generated.h"
#include "tools/bench_keys.h"

namespace kundig::bench {

// What is asked.
enum class Ask : uint8_t {
  kRecords,   // customers as fixed-size records
  kProfiles,  // customers as whole profiles
  kOrders,    // new orders, column by column
  kEvents,    // new orders, one event each
};

struct FramePlan {
  Ask ask = Ask::kRecords;
  uint32_t batch = 1;  // ids or orders in each frame
  std::string prefix;  // of the customer ids; empty: those of a generated shop
  std::string tag;     // begins the ids of orders
  int64_t at_ms = 0;   // of orders
};

class FrameTemplate {
 public:
  explicit FrameTemplate(const FramePlan& plan);

  size_t bytes() const { return frame_.size(); }
  wire::MessageType reply_type() const { return reply_type_; }
  // Writes the next frame to `out`, which has room for bytes(); draws a customer for each id and
  // takes the order numbers from `next_order`.
  void Write(const tools::KeyDraw& keys, tools::RandomStream* random,
             std::atomic<uint64_t>* next_order, uint8_t* out);

 private:
  // Digits of a number in the frame.
  static constexpr size_t kCustomerDigits = 8;
  static constexpr size_t kOrderDigits = 12;

  std::vector<uint8_t> frame_;
  std::vector<size_t> customers_, orders_;  // where their digits begin
  wire::MessageType reply_type_ = wire::MessageType::none;
};

}  // namespace kundig::bench

#endif  // KUNDIG_BENCH_VERSUS_LEAN_FRAMES_H_
