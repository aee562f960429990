#include "engine/history.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/check.h"
#include "engine/hash.h"
#include "engine/history_memory.h"
#include "engine/limits.h"

namespace kundig::engine {
namespace {

// An entry on the page:
//   u8      kind in the low 4 bits, flags above
//   u8      size of what follows
//   u16     business day, days since kDayBeforeFirst
//   orders and returns: u8 length and bytes of the id
//   varint  time since the UTC midnight of that day, zigzag: whole seconds, or milliseconds
//   then by kind:
//     order   varint revenue, [zigzag margin], varint items
//     return  varint amount, [zigzag margin]
//     contact varint channel, varint campaign
//     consent u8 state, [zigzag day of until]
// An id lies at a fixed place, so that looking for it needs no unpacking.
constexpr uint8_t kKindMask = 0x0f;
constexpr uint8_t kHasOptional = 0x10;  // a margin; a last day
constexpr uint8_t kRemoved = 0x20;
constexpr uint8_t kMilliseconds = 0x40;  // the time is no whole second
constexpr uint32_t kIdOffset = 4;
constexpr int64_t kDayMs = 86'400'000;
constexpr size_t kMaxEntryBytes = 2 + 2 + 10 + 1 + kMaxIdBytes + 10 + 10 + 10;
static_assert(kMaxEntryBytes - 2 <= 255, "an entry's size is one byte");

class Writer {
 public:
  void Byte(uint8_t value) { bytes_[size_++] = value; }
  void Varint(uint64_t value) {
    while (value >= 0x80) {
      Byte(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    Byte(static_cast<uint8_t>(value));
  }
  void Zigzag(int64_t value) {
    Varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  void Id(std::string_view id) {
    Byte(static_cast<uint8_t>(id.size()));
    std::memcpy(bytes_ + size_, id.data(), id.size());
    size_ += id.size();
  }
  uint8_t* bytes() { return bytes_; }
  size_t size() const { return size_; }

 private:
  uint8_t bytes_[kMaxEntryBytes];
  size_t size_ = 0;
};

class Reader {
 public:
  explicit Reader(const uint8_t* at) : at_(at) {}
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
  return kind == EntryKind::kOrder || kind == EntryKind::kReturn;
}

void Pack(const HistoryEntry& entry, Writer* out) {
  const bool has_optional =
      entry.kind == EntryKind::kConsent ? entry.until.has_value() : entry.margin.has_value();
  const int64_t time_ms = entry.at.since_epoch - int64_t{entry.day.since_epoch} * kDayMs;
  const bool milliseconds = time_ms % 1000 != 0;
  out->Byte(static_cast<uint8_t>(static_cast<uint8_t>(entry.kind) |
                                 (has_optional ? kHasOptional : 0) |
                                 (milliseconds ? kMilliseconds : 0)));
  out->Byte(0);  // the size, below
  const auto day = static_cast<uint16_t>(entry.day - kDayBeforeFirst);
  out->Byte(static_cast<uint8_t>(day));
  out->Byte(static_cast<uint8_t>(day >> 8));
  if (HasId(entry.kind)) out->Id(entry.id);
  out->Zigzag(milliseconds ? time_ms : time_ms / 1000);
  switch (entry.kind) {
    case EntryKind::kOrder:
    case EntryKind::kReturn:
      out->Varint(static_cast<uint64_t>(entry.amount.units));
      if (entry.margin) out->Zigzag(entry.margin->units);
      if (entry.kind == EntryKind::kOrder) out->Varint(entry.items);
      break;
    case EntryKind::kVisit:
      break;
    case EntryKind::kContact:
      out->Varint(entry.channel);
      out->Varint(entry.campaign);
      break;
    case EntryKind::kConsent:
      out->Byte(static_cast<uint8_t>(entry.consent));
      if (entry.until) out->Zigzag(entry.until->since_epoch);
      break;
  }
  out->bytes()[1] = static_cast<uint8_t>(out->size() - 2);
}

uint64_t IdentityHash(const HistoryEntry& entry) {
  const uint64_t kind = static_cast<uint64_t>(entry.kind) * 0x9e3779b97f4a7c15u;
  if (HasId(entry.kind)) return HashBytes(entry.id) ^ kind;
  return HashBytes({reinterpret_cast<const char*>(&entry.at.since_epoch), sizeof(int64_t)}) ^ kind;
}

// Bytes to ask for when so many are needed. Small blocks get no more: less than an entry of room
// would never be used, and an entry of room for each of many millions of customers is too much.
uint32_t Grown(uint32_t needed) {
  constexpr uint32_t kSmall = 256;
  return needed < kSmall ? needed : needed + needed / 8;
}

}  // namespace

struct History::Small {
  uint16_t used, capacity;  // bytes of data
  uint16_t entries;

  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }

  // `bytes`, and what the heap would round away.
  static Small* Make(uint32_t bytes) {
    const size_t place = kHistoryKeptBytes + sizeof(Small) + bytes;
    const auto capacity = static_cast<uint32_t>((place + kHistoryStepBytes - 1) /
                                                    kHistoryStepBytes * kHistoryStepBytes -
                                                kHistoryKeptBytes - sizeof(Small));
    auto* block = static_cast<Small*>(AllocateHistory(sizeof(Small) + capacity));
    block->used = 0;
    block->capacity = static_cast<uint16_t>(capacity);
    block->entries = 0;
    return block;
  }
  // A customer that is gone leaves no bytes behind.
  static void Free(Small* block) {
    explicit_bzero(block->data(), block->capacity);
    FreeHistory(block);
  }
};

// A block with an index by identity and by day.
struct History::Large {
  std::vector<uint8_t> data;
  uint32_t entries = 0;
  uint32_t removed_bytes = 0;
  // Hash of the identity -> offset of the entry. Two identities with one hash are both kept.
  boost::unordered_flat_map<uint64_t, std::vector<uint32_t>> by_identity;
  std::map<Day, uint32_t> orders_on;

  ~Large() { explicit_bzero(data.data(), data.size()); }
  void Append(const HistoryEntry& entry, const uint8_t* bytes, uint32_t size);
  void Count(const HistoryEntry& entry, uint32_t offset);
  void Remove(uint32_t offset);
  // Leaves the removed entries behind.
  void Compact();
};

bool HistoryEntry::SameContent(const HistoryEntry& other) const {
  if (at != other.at) return false;
  switch (kind) {
    case EntryKind::kOrder:
      return amount == other.amount && margin == other.margin && items == other.items;
    case EntryKind::kReturn:
      return amount == other.amount && margin == other.margin;
    case EntryKind::kVisit:
      return true;
    case EntryKind::kContact:
      return channel == other.channel && campaign == other.campaign;
    case EntryKind::kConsent:
      return consent == other.consent && until == other.until;
  }
  return false;
}

History::History(std::string_view customer) {
  Writer id;
  id.Id(customer);
  AppendSmall(id.bytes(), static_cast<uint32_t>(id.size()));
}

History::~History() {
  if (tagged_ == 0) return;
  if (is_large()) {
    delete large();
  } else {
    Small::Free(small());
  }
}

History::History(History&& other) noexcept : tagged_(std::exchange(other.tagged_, 0)) {}

History& History::operator=(History&& other) noexcept {
  std::swap(tagged_, other.tagged_);
  return *this;
}

History::Bytes History::View() const {
  if (!is_large()) return {small()->data(), small()->used};
  return {large()->data.data(), static_cast<uint32_t>(large()->data.size())};
}

std::string_view History::customer() const {
  return Reader(View().data).Id();
}

uint32_t History::entries() const {
  return is_large() ? large()->entries : small()->entries;
}

bool History::Read(const uint8_t* data, uint32_t* at, HistoryEntry* entry) {
  const uint8_t* start = data + *at;
  const uint8_t head = start[0];
  *at += 2u + start[1];
  if ((head & kRemoved) != 0) return false;
  Reader in(start + 2);
  entry->kind = static_cast<EntryKind>(head & kKindMask);
  const uint32_t low = in.Byte();
  entry->day = kDayBeforeFirst + static_cast<int32_t>(low | static_cast<uint32_t>(in.Byte()) << 8);
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
      break;
    case EntryKind::kContact:
      entry->channel = static_cast<NameCode>(in.Varint());
      entry->campaign = static_cast<NameCode>(in.Varint());
      break;
    case EntryKind::kConsent:
      entry->consent = static_cast<ConsentState>(in.Byte());
      if (has_optional) entry->until = Day{static_cast<int32_t>(in.Zigzag())};
      break;
  }
  return true;
}

bool History::IsIt(const uint8_t* entry, const HistoryEntry& identity) {
  if ((entry[0] & kRemoved) != 0) return false;
  if ((entry[0] & kKindMask) != static_cast<uint8_t>(identity.kind)) return false;
  if (HasId(identity.kind)) {
    // Ids of one shop mostly differ in their last byte.
    return entry[kIdOffset] == identity.id.size() &&
           entry[kIdOffset + identity.id.size()] == static_cast<uint8_t>(identity.id.back()) &&
           std::memcmp(entry + kIdOffset + 1, identity.id.data(), identity.id.size()) == 0;
  }
  uint32_t at = 0;
  HistoryEntry unpacked;
  Read(entry, &at, &unpacked);
  return unpacked.at == identity.at;
}

std::optional<uint32_t> History::Locate(const HistoryEntry& identity) const {
  const Bytes block = View();
  if (is_large()) {
    auto found = large()->by_identity.find(IdentityHash(identity));
    if (found == large()->by_identity.end()) return std::nullopt;
    for (uint32_t offset : found->second) {
      if (IsIt(block.data + offset, identity)) return offset;
    }
    return std::nullopt;
  }
  for (uint32_t at = FirstEntry(block.data); at < block.used; at += 2u + block.data[at + 1]) {
    if (IsIt(block.data + at, identity)) return at;
  }
  return std::nullopt;
}

std::optional<HistoryEntry> History::Find(const HistoryEntry& identity) const {
  std::optional<uint32_t> at = Locate(identity);
  if (!at) return std::nullopt;
  HistoryEntry entry;
  Read(View().data, &*at, &entry);
  return entry;
}

bool History::Add(const HistoryEntry& entry) {
  if (entries() >= kMaxHistoryEntries) return false;
  Writer packed;
  Pack(entry, &packed);
  const auto size = static_cast<uint32_t>(packed.size());
  if (!is_large() && small()->used + size >= kIndexedBytes) BecomeLarge();
  if (is_large()) {
    large()->Append(entry, packed.bytes(), size);
  } else {
    AppendSmall(packed.bytes(), size);
    ++small()->entries;
  }
  return true;
}

void History::Remove(const HistoryEntry& identity) {
  const std::optional<uint32_t> offset = Locate(identity);
  KUNDIG_CHECK(offset.has_value());
  if (is_large()) {
    large()->Remove(*offset);
    return;
  }
  Small* block = small();
  --block->entries;
  const uint32_t end = *offset + 2u + block->data()[*offset + 1];
  std::memmove(block->data() + *offset, block->data() + end, block->used - end);
  block->used = static_cast<uint16_t>(block->used - (end - *offset));
}

uint32_t History::OrdersOn(Day day) const {
  if (is_large()) {
    auto found = large()->orders_on.find(day);
    return found == large()->orders_on.end() ? 0 : found->second;
  }
  uint32_t orders = 0;
  ForEach([&](const HistoryEntry& entry) {
    if (entry.kind == EntryKind::kOrder && entry.day == day) ++orders;
  });
  return orders;
}

std::optional<std::pair<Day, Day>> History::OrderDays() const {
  if (is_large()) {
    const std::map<Day, uint32_t>& orders_on = large()->orders_on;
    if (orders_on.empty()) return std::nullopt;
    return std::pair(orders_on.begin()->first, orders_on.rbegin()->first);
  }
  std::optional<std::pair<Day, Day>> days;
  ForEach([&](const HistoryEntry& entry) {
    if (entry.kind != EntryKind::kOrder) return;
    if (!days) days = std::pair(entry.day, entry.day);
    days->first = std::min(days->first, entry.day);
    days->second = std::max(days->second, entry.day);
  });
  return days;
}

void History::AppendSmall(const uint8_t* bytes, uint32_t size) {
  Small* block = tagged_ == 0 ? nullptr : small();
  const uint32_t used = block == nullptr ? 0 : block->used;
  if (block == nullptr || used + size > block->capacity) {
    Small* grown = Small::Make(Grown(used + size));
    if (block != nullptr) {
      std::memcpy(grown->data(), block->data(), used);
      grown->used = block->used;
      grown->entries = block->entries;
      Small::Free(block);
    }
    block = grown;
    tagged_ = reinterpret_cast<uintptr_t>(block);
  }
  std::memcpy(block->data() + used, bytes, size);
  block->used = static_cast<uint16_t>(used + size);
}

void History::BecomeLarge() {
  Small* block = small();
  auto grown = std::make_unique<Large>();
  grown->data.assign(block->data(), block->data() + block->used);
  grown->entries = block->entries;
  grown->Compact();
  Small::Free(block);
  tagged_ = reinterpret_cast<uintptr_t>(grown.release()) | kLargeTag;
}

void History::Large::Append(const HistoryEntry& entry, const uint8_t* bytes, uint32_t size) {
  const auto offset = static_cast<uint32_t>(data.size());
  if (data.capacity() - data.size() < size) {
    // By hand, so that what is left behind can be wiped.
    std::vector<uint8_t> grown;
    grown.reserve(Grown(offset + size));
    grown.assign(data.begin(), data.end());
    data.swap(grown);
    explicit_bzero(grown.data(), grown.size());
  }
  data.insert(data.end(), bytes, bytes + size);
  ++entries;
  Count(entry, offset);
}

void History::Large::Count(const HistoryEntry& entry, uint32_t offset) {
  by_identity[IdentityHash(entry)].push_back(offset);
  if (entry.kind == EntryKind::kOrder) ++orders_on[entry.day];
}

void History::Large::Remove(uint32_t offset) {
  const uint32_t size = 2u + data[offset + 1];
  uint32_t at = offset;
  HistoryEntry entry;
  Read(data.data(), &at, &entry);
  auto same_hash = by_identity.find(IdentityHash(entry));
  std::erase(same_hash->second, offset);
  if (same_hash->second.empty()) by_identity.erase(same_hash);
  if (entry.kind == EntryKind::kOrder) {
    auto day = orders_on.find(entry.day);
    if (--day->second == 0) orders_on.erase(day);
  }
  data[offset] = static_cast<uint8_t>(data[offset] | kRemoved);
  --entries;
  removed_bytes += size;
  if (removed_bytes > data.size() / 4) Compact();
}

void History::Large::Compact() {
  by_identity.clear();
  orders_on.clear();
  uint32_t to = FirstEntry(data.data());
  for (uint32_t from = to; from < data.size();) {
    const uint32_t size = 2u + data[from + 1];
    uint32_t at = to;
    HistoryEntry entry;
    if ((data[from] & kRemoved) == 0) {
      std::memmove(data.data() + to, data.data() + from, size);
      Read(data.data(), &at, &entry);
      Count(entry, to);
      to += size;
    }
    from += size;
  }
  explicit_bzero(data.data() + to, data.size() - to);
  data.resize(to);
  removed_bytes = 0;
}

}  // namespace kundig::engine
