#include "engine/history.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/check.h"
#include "engine/hash.h"
#include "engine/limits.h"

namespace kundig::engine {
namespace {

// An entry on the page:
//   u8      kind in the low 4 bits, flags above
//   u8      size of what follows
//   u16     business day, days since kDayBeforeFirst
//   varint  milliseconds since the UTC midnight of that day, zigzag
//   then by kind:
//     order   u8 length and bytes of the id, varint revenue, [zigzag margin], varint items
//     return  u8 length and bytes of the id, varint amount, [zigzag margin]
//     contact varint channel, varint campaign
//     consent u8 state, [zigzag day of until]
constexpr uint8_t kKindMask = 0x0f;
constexpr uint8_t kHasOptional = 0x10;  // a margin; a last day
constexpr uint8_t kRemoved = 0x20;
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

void Pack(const HistoryEntry& entry, Writer* out) {
  const bool has_optional =
      entry.kind == EntryKind::kConsent ? entry.until.has_value() : entry.margin.has_value();
  out->Byte(
      static_cast<uint8_t>(static_cast<uint8_t>(entry.kind) | (has_optional ? kHasOptional : 0)));
  out->Byte(0);  // the size, below
  const auto day = static_cast<uint16_t>(entry.day - kDayBeforeFirst);
  out->Byte(static_cast<uint8_t>(day));
  out->Byte(static_cast<uint8_t>(day >> 8));
  out->Zigzag(entry.at.since_epoch - int64_t{entry.day.since_epoch} * kDayMs);
  switch (entry.kind) {
    case EntryKind::kOrder:
    case EntryKind::kReturn:
      out->Id(entry.id);
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

bool HasId(EntryKind kind) {
  return kind == EntryKind::kOrder || kind == EntryKind::kReturn;
}

bool SameIdentity(const HistoryEntry& a, const HistoryEntry& b) {
  return a.kind == b.kind && (HasId(a.kind) ? a.id == b.id : a.at == b.at);
}

uint64_t IdentityHash(const HistoryEntry& entry) {
  const uint64_t kind = static_cast<uint64_t>(entry.kind) * 0x9e3779b97f4a7c15u;
  if (HasId(entry.kind)) return HashBytes(entry.id) ^ kind;
  return HashBytes({reinterpret_cast<const char*>(&entry.at.since_epoch), sizeof(int64_t)}) ^ kind;
}

// Frees a block and leaves nothing of it.
void Wipe(uint8_t* block, uint32_t bytes) {
  if (block != nullptr) explicit_bzero(block, bytes);
  delete[] block;
}

uint32_t Grown(uint32_t needed) {
  return (needed + needed / 5 + 15) & ~uint32_t{15};
}

}  // namespace

// By identity and by day, of a large block.
struct History::Index {
  // Hash of the identity -> offset of the entry. Two identities with one hash are both kept.
  boost::unordered_flat_map<uint64_t, std::vector<uint32_t>> by_identity;
  std::map<Day, uint32_t> orders_on;
  uint32_t removed_bytes = 0;
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
  Append(id.bytes(), static_cast<uint32_t>(id.size()));
}

History::~History() {
  // A customer that is gone leaves no bytes behind.
  Wipe(data_, capacity_);
}

History::History(History&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      used_(std::exchange(other.used_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      entries_(std::exchange(other.entries_, 0)),
      index_(std::move(other.index_)) {}

History& History::operator=(History&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(used_, other.used_);
  std::swap(capacity_, other.capacity_);
  std::swap(entries_, other.entries_);
  std::swap(index_, other.index_);
  return *this;
}

std::string_view History::customer() const {
  return Reader(data_).Id();
}

uint32_t History::FirstEntry() const {
  return 1u + data_[0];
}

bool History::Read(uint32_t* at, HistoryEntry* entry) const {
  const uint8_t* start = data_ + *at;
  const uint8_t head = start[0];
  *at += 2u + start[1];
  if ((head & kRemoved) != 0) return false;
  Reader in(start + 2);
  entry->kind = static_cast<EntryKind>(head & kKindMask);
  const uint32_t low = in.Byte();
  entry->day = kDayBeforeFirst + static_cast<int32_t>(low | static_cast<uint32_t>(in.Byte()) << 8);
  entry->at = TimeMs{int64_t{entry->day.since_epoch} * kDayMs + in.Zigzag()};
  const bool has_optional = (head & kHasOptional) != 0;
  switch (entry->kind) {
    case EntryKind::kOrder:
    case EntryKind::kReturn:
      entry->id = in.Id();
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

std::optional<uint32_t> History::Locate(const HistoryEntry& identity) const {
  if (index_ != nullptr) {
    auto found = index_->by_identity.find(IdentityHash(identity));
    if (found == index_->by_identity.end()) return std::nullopt;
    for (uint32_t offset : found->second) {
      uint32_t at = offset;
      HistoryEntry entry;
      if (Read(&at, &entry) && SameIdentity(entry, identity)) return offset;
    }
    return std::nullopt;
  }
  for (uint32_t at = FirstEntry(); at < used_;) {
    const uint32_t offset = at;
    HistoryEntry entry;
    if (Read(&at, &entry) && SameIdentity(entry, identity)) return offset;
  }
  return std::nullopt;
}

std::optional<HistoryEntry> History::Find(const HistoryEntry& identity) const {
  std::optional<uint32_t> at = Locate(identity);
  if (!at) return std::nullopt;
  HistoryEntry entry;
  Read(&*at, &entry);
  return entry;
}

bool History::Add(const HistoryEntry& entry) {
  if (entries_ >= kMaxHistoryEntries) return false;
  Writer packed;
  Pack(entry, &packed);
  const uint32_t offset = used_;
  Append(packed.bytes(), static_cast<uint32_t>(packed.size()));
  ++entries_;
  if (index_ != nullptr) {
    index_->by_identity[IdentityHash(entry)].push_back(offset);
    if (entry.kind == EntryKind::kOrder) ++index_->orders_on[entry.day];
  } else if (used_ >= kIndexedBytes) {
    BuildIndex();
  }
  return true;
}

void History::Remove(const HistoryEntry& identity) {
  const std::optional<uint32_t> offset = Locate(identity);
  KUNDIG_CHECK(offset.has_value());
  --entries_;
  const uint32_t size = 2u + data_[*offset + 1];
  if (index_ == nullptr) {
    std::memmove(data_ + *offset, data_ + *offset + size, used_ - *offset - size);
    used_ -= size;
    return;
  }
  uint32_t at = *offset;
  HistoryEntry entry;
  Read(&at, &entry);
  auto same_hash = index_->by_identity.find(IdentityHash(entry));
  std::erase(same_hash->second, *offset);
  if (same_hash->second.empty()) index_->by_identity.erase(same_hash);
  if (entry.kind == EntryKind::kOrder) {
    auto day = index_->orders_on.find(entry.day);
    if (--day->second == 0) index_->orders_on.erase(day);
  }
  data_[*offset] = static_cast<uint8_t>(data_[*offset] | kRemoved);
  index_->removed_bytes += size;
  if (index_->removed_bytes > used_ / 4) Compact();
}

uint32_t History::OrdersOn(Day day) const {
  if (index_ != nullptr) {
    auto found = index_->orders_on.find(day);
    return found == index_->orders_on.end() ? 0 : found->second;
  }
  uint32_t orders = 0;
  ForEach([&](const HistoryEntry& entry) {
    if (entry.kind == EntryKind::kOrder && entry.day == day) ++orders;
  });
  return orders;
}

std::optional<std::pair<Day, Day>> History::OrderDays() const {
  if (index_ != nullptr) {
    if (index_->orders_on.empty()) return std::nullopt;
    return std::pair(index_->orders_on.begin()->first, index_->orders_on.rbegin()->first);
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

void History::Append(const uint8_t* bytes, uint32_t size) {
  if (used_ + size > capacity_) {
    const uint32_t capacity = Grown(used_ + size);
    auto* grown = new uint8_t[capacity];
    if (used_ > 0) std::memcpy(grown, data_, used_);
    Wipe(data_, capacity_);
    data_ = grown;
    capacity_ = capacity;
  }
  std::memcpy(data_ + used_, bytes, size);
  used_ += size;
}

void History::BuildIndex() {
  index_ = std::make_unique<Index>();
  for (uint32_t at = FirstEntry(); at < used_;) {
    const uint32_t offset = at;
    HistoryEntry entry;
    if (!Read(&at, &entry)) continue;
    index_->by_identity[IdentityHash(entry)].push_back(offset);
    if (entry.kind == EntryKind::kOrder) ++index_->orders_on[entry.day];
  }
}

void History::Compact() {
  uint32_t to = FirstEntry();
  for (uint32_t from = to; from < used_;) {
    const uint32_t size = 2u + data_[from + 1];
    if ((data_[from] & kRemoved) == 0) {
      std::memmove(data_ + to, data_ + from, size);
      to += size;
    }
    from += size;
  }
  used_ = to;
  BuildIndex();
}

}  // namespace kundig::engine
