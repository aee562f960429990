#include "client/order_batch.h"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <limits>

#include "schemas/absent.h"
#include "schemas/events_generated.h"

namespace kundig::client {

namespace {

// Time, revenue, margin, items and the lengths of two ids.
constexpr size_t kOrderFixedBytes = 3 * sizeof(int64_t) + sizeof(uint32_t) + 2;
// Above what the table, its vtable, and the lengths and paddings of seven vectors take.
constexpr size_t kOrderBatchFixedBytes = 352;

template <typename T>
flatbuffers::Offset<flatbuffers::Vector<T>> Column(flatbuffers::FlatBufferBuilder* builder,
                                                   const std::vector<T>& values, size_t begin,
                                                   size_t end) {
  return builder->CreateVector(values.data() + begin, end - begin);
}

}  // namespace

OrderBatch& OrderBatch::Add(std::string_view customer, std::string_view order, int64_t at_ms,
                            int64_t revenue_minor, uint32_t items,
                            std::optional<int64_t> margin_minor) {
  AddId(customer, &customer_bytes_);
  AddId(order, &order_bytes_);
  at_.push_back(at_ms);
  revenue_.push_back(revenue_minor);
  // A margin that is the mark of none must be refused as it would be in an event.
  margin_.push_back(margin_minor ? std::max(*margin_minor, wire::kNoMargin + 1) : wire::kNoMargin);
  items_.push_back(items);
  any_margin_ = any_margin_ || margin_minor.has_value();
  any_items_ = any_items_ || items != 0;
  return *this;
}

void OrderBatch::AddId(std::string_view id, std::vector<uint8_t>* lengths) {
  // A longer id has no place in a column; what is left of it is still too long for the server.
  id = id.substr(0, std::numeric_limits<uint8_t>::max());
  lengths->push_back(static_cast<uint8_t>(id.size()));
  ids_.insert(ids_.end(), id.begin(), id.end());
}

void OrderBatch::Clear() {
  at_.clear();
  revenue_.clear();
  margin_.clear();
  items_.clear();
  customer_bytes_.clear();
  order_bytes_.clear();
  ids_.clear();
  any_margin_ = any_items_ = false;
}

std::vector<OrderBatch::Part> OrderBatch::Split(uint32_t max_orders, uint32_t max_bytes) const {
  std::vector<Part> parts;
  size_t bytes = 0;
  size_t ids_end = 0;
  for (size_t i = 0; i < size(); ++i) {
    const size_t id_bytes = size_t{customer_bytes_[i]} + order_bytes_[i];
    const size_t order_bytes = kOrderFixedBytes + id_bytes;
    if (parts.empty() || i - parts.back().begin >= max_orders || bytes + order_bytes > max_bytes) {
      parts.push_back({i, i, ids_end, ids_end});
      bytes = kOrderBatchFixedBytes;
    }
    bytes += order_bytes;
    ids_end += id_bytes;
    parts.back().end = i + 1;
    parts.back().ids_end = ids_end;
  }
  return parts;
}

std::vector<uint8_t> OrderBatch::Packed(const Part& part, const BatchName& name) const {
  const size_t begin = part.begin, end = part.end;
  flatbuffers::FlatBufferBuilder builder(kOrderBatchFixedBytes + (end - begin) * kOrderFixedBytes +
                                         (part.ids_end - part.ids_begin));
  const auto producer = name.producer.empty() ? 0 : builder.CreateString(name.producer);
  const auto ids = Column(&builder, ids_, part.ids_begin, part.ids_end);
  const auto order_bytes = Column(&builder, order_bytes_, begin, end);
  const auto customer_bytes = Column(&builder, customer_bytes_, begin, end);
  const auto items = any_items_ ? Column(&builder, items_, begin, end) : 0;
  const auto margin = any_margin_ ? Column(&builder, margin_, begin, end) : 0;
  const auto revenue = Column(&builder, revenue_, begin, end);
  const auto at = Column(&builder, at_, begin, end);
  builder.Finish(wire::CreateOrderBatch(builder, at, revenue, margin, items, customer_bytes,
                                        order_bytes, ids, 0, producer, name.number));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace kundig::client
