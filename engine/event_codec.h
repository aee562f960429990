// One record of the journal as bytes: what the book was told in one go, and by whom.
//
//   format version, kind     a byte each; the kind's high bit: the book was not to grow
//   producer, batch          length and bytes; varint
//   events batch:  count, then for each event its type (a byte) and its fields
//   orders batch:  count, then for each order its fields
//   day change:    the day
//   rules:         the time zone of their calendar, their text
//   churn fit:     length and bytes of adopted_fit.h
//
// Numbers are varints of 7 bits a byte, signed ones zigzag; a time is the difference to the time
// before it in the record. What may be absent is said in one varint in front of an event's fields,
// one bit for each optional and two for each Patch. An order of a shop takes about 30 bytes.
//
// The checksum around a record is the journal's; nevertheless reading trusts no byte, so that a
// record from anywhere gives either its events or an error.
//
// Thread safety: pure functions; a JournalRecord is a plain value for one thread at a time.

#ifndef KUNDIG_ENGINE_EVENT_CODEC_H_
#define KUNDIG_ENGINE_EVENT_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/adopted_fit.h"
#include "engine/event.h"
#include "engine/result.h"
#include "engine/units.h"

namespace kundig::engine {

// 2: rules, and batches for a book that is not to grow. 3: terminations, complaints, service
// requests, late payments, costs; pinned value classes; churn fits. All of 1 and 2 is read as it
// was.
inline constexpr uint8_t kRecordFormat = 3;

// Numbers are part of the stored format: new kinds are added, none is used again.
enum class RecordKind : uint8_t {
  kEvents = 1,
  kOrders = 2,
  kDayChange = 3,
  kRules = 4,
  kChurnFit = 5,
};

// Who sent a batch, so that one sent again is known again. Without a name it is not.
struct BatchName {
  std::string_view producer;  // may be empty
  uint64_t batch = 0;         // the producer's own number of it

  friend bool operator==(const BatchName&, const BatchName&) = default;
};

// A decoded record. Memory is kept from record to record; texts point into the decoded bytes.
struct JournalRecord {
  RecordKind kind = RecordKind::kEvents;
  BatchName name;
  Growth growth = Growth::kAllowed;
  std::vector<Event> events;          // of kEvents
  std::vector<OrderPlaced> orders;    // of kOrders
  Day day;                            // of kDayChange
  std::string_view time_zone, rules;  // of kRules
  AdoptedFit fit;                     // of kChurnFit
};

// Each appends one record to `bytes`.
void EncodeEvents(const BatchName& name, Growth growth, std::span<const Event> events,
                  std::string* bytes);
void EncodeOrders(const BatchName& name, Growth growth, std::span<const OrderPlaced> orders,
                  std::string* bytes);
void EncodeDayChange(Day day, std::string* bytes);
void EncodeRules(std::string_view time_zone, std::string_view text, std::string* bytes);
void EncodeChurnFit(const AdoptedFit& fit, std::string* bytes);

// kNewerFormat for a record of a newer release, kDamaged for anything that was never encoded; the
// record is then of no use. Ranges that the border judged (ids, amounts) are not judged again.
std::optional<Error> DecodeRecord(std::string_view bytes, JournalRecord* record);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_EVENT_CODEC_H_
