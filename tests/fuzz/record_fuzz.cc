// Any bytes as a record of the journal: no crash, and what is taken for a record says the same when
// it is encoded and decoded once more, with every text within the record's bytes.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "engine/check.h"
#include "engine/event_codec.h"
#include "engine/event_fields.h"

namespace kundig::engine {
namespace {

class TextsWithin {
 public:
  explicit TextsWithin(std::string_view bytes) : bytes_(bytes) {}

  template <typename... T>
  void operator()(const T&... fields) {
    (Judge(fields), ...);
  }

 private:
  void Judge(std::string_view text) const {
    if (text.empty()) return;
    const std::less_equal<const char*> not_after;
    KUNDIG_CHECK(not_after(bytes_.data(), text.data()) &&
                 not_after(text.data() + text.size(), bytes_.data() + bytes_.size()));
  }
  void Judge(const Patch<std::string_view>& patch) const { Judge(patch.value); }
  void Judge(const std::optional<std::string_view>& text) const { Judge(text.value_or("")); }
  template <typename T>
  void Judge(const T&) const {}

  std::string_view bytes_;
};

std::string Encoded(const JournalRecord& record) {
  std::string bytes;
  switch (record.kind) {
    case RecordKind::kEvents:
      EncodeEvents(record.name, record.growth, record.events, &bytes);
      break;
    case RecordKind::kOrders:
      EncodeOrders(record.name, record.growth, record.orders, &bytes);
      break;
    case RecordKind::kDayChange:
      EncodeDayChange(record.day, &bytes);
      break;
    case RecordKind::kRules:
      EncodeRules(record.time_zone, record.rules, &bytes);
      break;
    case RecordKind::kChurnFit:
      EncodeChurnFit(record.fit, &bytes);
      break;
  }
  return bytes;
}

void Check(std::string_view bytes) {
  static JournalRecord record, again;
  if (const auto error = DecodeRecord(bytes, &record)) {
    KUNDIG_CHECK(error->code == ErrorCode::kDamaged || error->code == ErrorCode::kNewerFormat);
    KUNDIG_CHECK(!error->message.empty());
    return;
  }
  TextsWithin within(bytes);
  for (const OrderPlaced& order : record.orders) Fields(within, order);
  for (const Event& event : record.events) {
    std::visit([&](const auto& of_type) { Fields(within, of_type); }, event);
  }
  // A number may be spelled longer than need be, so it is the second spelling that must stay.
  const std::string shortest = Encoded(record);
  KUNDIG_CHECK(shortest.size() <= bytes.size());
  KUNDIG_CHECK(!DecodeRecord(shortest, &again));
  KUNDIG_CHECK(Encoded(again) == shortest);
  KUNDIG_CHECK(again.events.size() == record.events.size() &&
               again.orders.size() == record.orders.size());
}

}  // namespace
}  // namespace kundig::engine

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kundig::engine::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
