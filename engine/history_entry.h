// One entry of a customer's history, and its packed form: about 20 bytes for an order.
//
// Packed, an entry is
//   u8      kind in the low 4 bits, flags above
//   u8      size of what follows
//   u16     business day, days since kDayBeforeFirst
//   where entries of the kind have ids: u8 length and bytes of the id
//   varint  time since the UTC midnight of that day, zigzag: whole seconds, or milliseconds
//   then by kind:
//     order        varint revenue, [zigzag margin], varint items
//     return       varint amount, [zigzag margin]
//     contact      varint channel, varint campaign
//     consent      u8 state, [zigzag day of until]
//     termination  varint reason, [zigzag days from the business day to the effective one]
//     complaint    [zigzag days from the business day to the closing one]
//     cost         varint amount
//   and nothing more for visits, service requests and late payments.
// An id lies at a fixed place, so that looking for it needs no unpacking.
//
// Thread safety: plain values, pure functions.

#ifndef KUNDIG_ENGINE_HISTORY_ENTRY_H_
#define KUNDIG_ENGINE_HISTORY_ENTRY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "engine/dictionary.h"
#include "engine/event.h"
#include "engine/limits.h"
#include "engine/units.h"

namespace kundig::engine {

// Numbers are part of the stored format.
enum class EntryKind : uint8_t {
  kOrder = 1,
  kReturn = 2,
  kVisit = 3,
  kContact = 4,
  kConsent = 5,
  kTermination = 6,
  kComplaint = 7,
  kServiceRequest = 8,
  kLatePayment = 9,
  kCost = 10
};

// One entry, unpacked. Which fields count depends on the kind.
struct HistoryEntry {
  EntryKind kind = EntryKind::kOrder;
  Day day;
  TimeMs at;
  std::string_view id;                             // order, return, complaint, cost
  Minor amount;                                    // order: revenue; return, cost: amount
  std::optional<Minor> margin;                     // order, return
  uint32_t items = 0;                              // order
  NameCode channel = kNoName, campaign = kNoName;  // contact
  ConsentState consent = ConsentState::kGranted;   // consent
  std::optional<Day> until;                        // consent
  NameCode reason = kNoName;                       // termination
  std::optional<Day> effective;                    // termination; absent: the notice is taken back
  std::optional<Day> closed;                       // complaint

  bool SameContent(const HistoryEntry& other) const;
};

inline constexpr size_t kMaxPackedEntryBytes = 2 + 2 + 1 + kMaxIdBytes + 4 * 10;
static_assert(kMaxPackedEntryBytes - 2 <= 255, "an entry's size is one byte");

class PackedEntry {
 public:
  explicit PackedEntry(const HistoryEntry& entry);

  const uint8_t* bytes() const { return bytes_.data(); }
  uint32_t size() const { return size_; }

 private:
  void Byte(uint8_t value) { bytes_[size_++] = value; }
  void Varint(uint64_t value);
  void Zigzag(int64_t value);

  std::array<uint8_t, kMaxPackedEntryBytes> bytes_;
  uint32_t size_ = 0;
};

// Kind and flags, size, day.
inline constexpr size_t kPackedHeadBytes = 4;
// Bytes of the packed entry that begins here.
inline uint32_t PackedSize(const uint8_t* packed) {
  return 2u + packed[1];
}
// Kind, flags and day without unpacking the rest.
inline constexpr uint8_t kPackedKindMask = 0x0f;
inline constexpr uint8_t kPackedRemoved = 0x20;
inline bool IsOfKind(const uint8_t* packed, EntryKind kind) {
  return (packed[0] & (kPackedKindMask | kPackedRemoved)) == static_cast<uint8_t>(kind);
}
inline Day PackedDay(const uint8_t* packed) {
  return kDayBeforeFirst + static_cast<int32_t>(packed[2] | uint32_t{packed[3]} << 8);
}
// False for one that was marked as removed.
bool Unpack(const uint8_t* packed, HistoryEntry* entry);
bool IsRemoved(const uint8_t* packed);
void MarkRemoved(uint8_t* packed);
// Whether it has this kind and identity (the id where entries of the kind have ids, else the time),
// and is not removed.
bool HasIdentityOfKind(const uint8_t* packed, const HistoryEntry& identity);
inline bool HasIdentity(const uint8_t* packed, const HistoryEntry& identity) {
  return IsOfKind(packed, identity.kind) && HasIdentityOfKind(packed, identity);
}
uint64_t IdentityHash(const HistoryEntry& entry);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_HISTORY_ENTRY_H_
