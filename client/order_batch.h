// Collects orders by the thousand, to be sent by Client::Send: column by column, as they go over
// the wire, without an object for each.
//
//   OrderBatch orders;
//   orders.Add("c-17", "o-4711", Now(), 1250);
//   client.Send(orders);
//
// What an EventBatch of orders does, several times faster; use that for events of other kinds.
// Ids are 1 to 64 bytes of UTF-8, times Unix milliseconds, money minor units. The batch checks none
// of this: the server answers for each order by itself.
//
// Thread safety: one thread at a time.

#ifndef KUNDIG_CLIENT_ORDER_BATCH_H_
#define KUNDIG_CLIENT_ORDER_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "client/client.h"

namespace kundig::client {

class OrderBatch {
 public:
  OrderBatch& Add(std::string_view customer, std::string_view order, int64_t at_ms,
                  int64_t revenue_minor, uint32_t items = 0,
                  std::optional<int64_t> margin_minor = std::nullopt);

  size_t size() const { return at_.size(); }
  bool empty() const { return at_.empty(); }
  // Keeps the memory.
  void Clear();

  // One request's part of a batch: orders from `begin` to before `end`, whose ids begin at byte
  // `ids_begin` and end before `ids_end`.
  struct Part {
    size_t begin = 0, end = 0;
    size_t ids_begin = 0, ids_end = 0;
  };
  // The whole batch as one part.
  Part All() const { return {0, size(), 0, ids_.size()}; }
  // Parts in order, none above either limit; an order that is larger than max_bytes by itself is a
  // part of its own. The bytes of a part are estimated from above.
  std::vector<Part> Split(uint32_t max_orders, uint32_t max_bytes) const;
  // The payload of one part; of an unnamed batch where the name has no producer.
  std::vector<uint8_t> Packed(const Part& part, const BatchName& name = {}) const;

 private:
  void AddId(std::string_view id, std::vector<uint8_t>* lengths);

  std::vector<int64_t> at_, revenue_, margin_;
  std::vector<uint32_t> items_;
  std::vector<uint8_t> customer_bytes_, order_bytes_;
  std::vector<uint8_t> ids_;
  bool any_margin_ = false, any_items_ = false;  // else the columns need not be sent
};

}  // namespace kundig::client

#endif  // KUNDIG_CLIENT_ORDER_BATCH_H_
