#include "engine/history_entry.h"

#include "engine/day_length.h"
#include "engine/hash.h"

namespace kundig::engine {
namespace {

constexpr uint8_t kHasOptional = 0x10;   // a margin; a last, effective or closing day
constexpr uint8_t kMilliseconds = 0x40;  // the time is no whole second
constexpr uint32_t kIdOffset = 4;        // behind kind, size and day
class EntryReader {
 public:
  explicit EntryReader(const uint8_t* at) : at_(at) {}
  uint8_t Byte() { return *at_++; }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const uint8_t byte = Byte();
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  int64_t Zigzag() {
    const uint64_t value = Varint();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  std::string_view Id() {
    const size_t size = Byte();
    std::string_view id(reinterpret_cast<const char*>(at_), size);
    at_ += size;
    return id;
  }

 private:
  const uint8_t* at_;
};

bool HasId(EntryKind kind) {
  return kind == EntryKind::kOrder || kind == EntryKind::kReturn || kind == EntryKind::kComplaint ||
         kind == EntryKind::kCost;
}

bool HasOptional(const HistoryEntry& entry) {
  switch (entry.kind) {
    case EntryKind::kConsent:
      return entry.until.has_value();
    case EntryKind::kTermination:
      return entry.effective.has_value();
    case EntryKind::kComplaint:
      return entry.closed.has_value();
    default:
      return entry.margin.has_value();
  }
}

}  // namespace

void PackedEntry::Varint(uint64_t value) {
  while (value >= 0x80) {
    Byte(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  Byte(static_cast<uint8_t>(value));
}

void PackedEntry::Zigzag(int64_t value) {
  Varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
}

PackedEntry::PackedEntry(const HistoryEntry& entry) {
  const int64_t time_ms = entry.at.since_epoch - int64_t{entry.day.since_epoch} * kDayMs;
  const bool milliseconds = time_ms % 1000 != 0;
  Byte(static_cast<uint8_t>(static_cast<uint8_t>(entry.kind) |
                            (HasOptional(entry) ? kHasOptional : 0) |
                            (milliseconds ? kMilliseconds : 0)));
  Byte(0);  // the size, below
  const auto day = static_cast<uint16_t>(entry.day - kDayBeforeFirst);
  Byte(static_cast<uint8_t>(day));
  Byte(static_cast<uint8_t>(day >> 8));
  if (HasId(entry.kind)) {
    Byte(static_cast<uint8_t>(entry.id.size()));
    std::memcpy(bytes_.data() + size_, entry.id.data(), entry.id.size());
    size_ += static_cast<uint32_t>(entry.id.size());
  }
  Zigzag(milliseconds ? time_ms : time_ms / 1000);
  switch (entry.kind) {
    case EntryKind::kOrder:
    case EntryKind::kReturn:
      Varint(static_cast<uint64_t>(entry.amount.units));
      if (entry.margin) Zigzag(entry.margin->units);
      if (entry.kind == EntryKind::kOrder) Varint(entry.items);
      break;
    case EntryKind::kVisit:
    case EntryKind::kServiceRequest:
    case EntryKind::kLatePayment:
      break;
    case EntryKind::kContact:
      Varint(entry.channel);
      Varint(entry.campaign);
      break;
    case EntryKind::kConsent:
      Byte(static_cast<uint8_t>(entry.consent));
      if (entry.until) Zigzag(entry.until->since_epoch);
      break;
    case EntryKind::kTermination:
      Varint(entry.reason);
      if (entry.effective) Zigzag(*entry.effective - entry.day);
      break;
    case EntryKind::kComplaint:
      if (entry.closed) Zigzag(*entry.closed - entry.day);
      break;
    case EntryKind::kCost:
      Varint(static_cast<uint64_t>(entry.amount.units));
      break;
  }
  bytes_[1] = static_cast<uint8_t>(size_ - 2);
}

bool IsRemoved(const uint8_t* packed) {
  return (packed[0] & kPackedRemoved) != 0;
}

void MarkRemoved(uint8_t* packed) {
  packed[0] = static_cast<uint8_t>(packed[0] | kPackedRemoved);
}

bool Unpack(const uint8_t* packed, HistoryEntry* entry) {
  const uint8_t head = packed[0];
  if ((head & kPackedRemoved) != 0) return false;
  EntryReader in(packed + kIdOffset);
  entry->kind = static_cast<EntryKind>(head & kPackedKindMask);
  entry->day = PackedDay(packed);
  if (HasId(entry->kind)) entry->id = in.Id();
  const int64_t time = in.Zigzag();
  entry->at = TimeMs{int64_t{entry->day.since_epoch} * kDayMs +
                     ((head & kMilliseconds) != 0 ? time : time * 1000)};
  const bool has_optional = (head & kHasOptional) != 0;
  switch (entry->kind) {
    case EntryKind::kOrder:
    case EntryKind::kReturn:
      entry->amount = Minor{static_cast<int64_t>(in.Varint())};
      if (has_optional) entry->margin = Minor{in.Zigzag()};
      if (entry->kind == EntryKind::kOrder) entry->items = static_cast<uint32_t>(in.Varint());
      break;
    case EntryKind::kVisit:
    case EntryKind::kServiceRequest:
    case EntryKind::kLatePayment:
      break;
    case EntryKind::kContact:
      entry->channel = static_cast<NameCode>(in.Varint());
      entry->campaign = static_cast<NameCode>(in.Varint());
      break;
    case EntryKind::kConsent:
      entry->consent = static_cast<ConsentState>(in.Byte());
      if (has_optional) entry->until = Day{static_cast<int32_t>(in.Zigzag())};
      break;
    case EntryKind::kTermination:
      entry->reason = static_cast<NameCode>(in.Varint());
      if (has_optional) entry->effective = entry->day + static_cast<int32_t>(in.Zigzag());
      break;
    case EntryKind::kComplaint:
      if (has_optional) entry->closed = entry->day + static_cast<int32_t>(in.Zigzag());
      break;
    case EntryKind::kCost:
      entry->amount = Minor{static_cast<int64_t>(in.Varint())};
      break;
  }
  return true;
}

bool HasIdentityOfKind(const uint8_t* packed, const HistoryEntry& identity) {
  if (HasId(identity.kind)) {
    // Ids of one shop mostly differ in their last byte.
    return packed[kIdOffset] == identity.id.size() &&
           packed[kIdOffset + identity.id.size()] == static_cast<uint8_t>(identity.id.back()) &&
           std::memcmp(packed + kIdOffset + 1, identity.id.data(), identity.id.size()) == 0;
  }
  HistoryEntry unpacked;
  Unpack(packed, &unpacked);
  return unpacked.at == identity.at;
}

uint64_t IdentityHash(const HistoryEntry& entry) {
  const uint64_t kind = static_cast<uint64_t>(entry.kind) * 0x9e3779b97f4a7c15u;
  if (HasId(entry.kind)) return HashBytes(entry.id) ^ kind;
  return HashBytes({reinterpret_cast<const char*>(&entry.at.since_epoch), sizeof(int64_t)}) ^ kind;
}

bool HistoryEntry::SameContent(const HistoryEntry& other) const {
  if (at != other.at) return false;
  switch (kind) {
    case EntryKind::kOrder:
      return amount == other.amount && margin == other.margin && items == other.items;
    case EntryKind::kReturn:
      return amount == other.amount && margin == other.margin;
    case EntryKind::kVisit:
    case EntryKind::kServiceRequest:
    case EntryKind::kLatePayment:
      return true;
    case EntryKind::kContact:
      return channel == other.channel && campaign == other.campaign;
    case EntryKind::kConsent:
      return consent == other.consent && until == other.until;
    case EntryKind::kTermination:
      return reason == other.reason && effective == other.effective;
    case EntryKind::kComplaint:
      return closed == other.closed;
    case EntryKind::kCost:
      return amount == other.amount;
  }
  return false;
}

}  // namespace kundig::engine
