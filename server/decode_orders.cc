#include "server/decode_orders.h"

#include <string_view>
#include <utility>

#include "engine/limits.h"
#include "schemas/absent.h"
#include "schemas/events_generated.h"
#include "schemas/verified.h"
#include "server/decode.h"
#include "server/take_field.h"
#include "server/text_rules.h"

namespace kundig::server {
namespace {

template <typename Column>
bool HasRows(const Column* column, uint32_t rows) {
  return column == nullptr || column->size() == rows;
}

bool ColumnsAgree(const wire::OrderBatch& batch) {
  const uint32_t rows = batch.at()->size();
  return HasRows(batch.revenue(), rows) && HasRows(batch.margin(), rows) &&
         HasRows(batch.items(), rows) && HasRows(batch.customer_bytes(), rows) &&
         HasRows(batch.order_bytes(), rows);
}

bool IdsFillTheirBytes(const wire::OrderBatch& batch) {
  uint64_t bytes = 0;
  for (const uint8_t length : *batch.customer_bytes()) bytes += length;
  for (const uint8_t length : *batch.order_bytes()) bytes += length;
  return bytes == batch.ids()->size();
}

// The rows of a batch, first to last.
class Rows {
 public:
  explicit Rows(const wire::OrderBatch& batch)
      : batch_(batch),
        ids_(reinterpret_cast<const char*>(batch.ids()->data()), batch.ids()->size()),
        plain_(IsPlain(ids_)) {}

  // The fields in the order in which an Order event is judged, so that the same one is named.
  bool TakeNext(engine::OrderPlaced* out, Refusal* refusal) {
    const uint32_t row = row_++;
    const std::string_view customer = NextId(batch_.customer_bytes()->Get(row));
    const std::string_view order = NextId(batch_.order_bytes()->Get(row));
    out->items = batch_.items() != nullptr ? batch_.items()->Get(row) : 0;
    flatbuffers::Optional<int64_t> margin = flatbuffers::nullopt;
    if (batch_.margin() != nullptr && batch_.margin()->Get(row) != wire::kNoMargin) {
      margin = batch_.margin()->Get(row);
    }
    return TakeRowId(customer, "customer", &out->customer, refusal) &&
           TakeRowId(order, "order", &out->order, refusal) &&
           TakeTime(batch_.at()->Get(row), &out->at, refusal) &&
           TakeAmount(batch_.revenue()->Get(row), 0, "revenue", &out->revenue, refusal) &&
           TakeMargin(margin, &out->margin, refusal) &&
           InRange(out->items, 0, engine::kMaxCount, "items", refusal) &&
           TakeCurrency(batch_.currency(), &out->currency, refusal);
  }

 private:
  std::string_view NextId(uint8_t bytes) {
    const std::string_view id = ids_.substr(0, bytes);
    ids_.remove_prefix(bytes);
    return id;
  }
  bool TakeRowId(std::string_view id, const char* field, std::string_view* value,
                 Refusal* refusal) const {
    *value = id;
    const bool surely = plain_ && !id.empty() && id.size() <= engine::kMaxIdBytes;
    return surely || TakeId(id, field, value, refusal);
  }

  const wire::OrderBatch& batch_;
  std::string_view ids_;  // from row_ on
  const bool plain_;      // all ids together
  uint32_t row_ = 0;
};

}  // namespace

std::optional<Refusal> DecodeOrders(std::span<const uint8_t> payload, uint32_t max_orders,
                                    DecodedOrders* batch) {
  batch->Clear();
  const auto* message = wire::VerifiedRoot<wire::OrderBatch>(payload);
  if (message == nullptr || !ColumnsAgree(*message)) return BadMessage("OrderBatch");
  const uint32_t rows = message->at()->size();
  if (rows > max_orders) return TooMany(max_orders, "max_batch_events");
  if (!IdsFillTheirBytes(*message)) return BadMessage("OrderBatch");
  Refusal refusal;
  if (!TakeBatchName(message->producer(), message->batch(), &batch->name, &refusal)) {
    return refusal;
  }

  batch->events.reserve(rows);
  batch->places.reserve(rows);
  Rows source(*message);
  for (uint32_t row = 0; row < rows; ++row) {
    engine::OrderPlaced& order = batch->events.emplace_back();
    if (source.TakeNext(&order, &refusal)) {
      batch->places.push_back(row);
    } else {
      batch->events.pop_back();
      batch->refused.push_back({row, std::move(refusal)});
    }
  }
  return std::nullopt;
}

}  // namespace kundig::server
