#include "engine/history.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "engine/check.h"
#include "engine/history_memory.h"
#include "engine/limits.h"

namespace kundig::engine {
namespace {

constexpr TimeMs kEarliestTime{std::numeric_limits<int64_t>::min()};

// Bytes to ask for when so many are needed. Small blocks get no more: less than an entry of room
// would never be used, and an entry of room for each of many millions of customers is too much.
uint32_t Grown(uint32_t needed) {
  constexpr uint32_t kSmall = 256;
  return needed < kSmall ? needed : needed + needed / 8;
}

// What a large block counts by day besides orders.
bool HasCloseDays(EntryKind kind) {
  return kind == EntryKind::kContact || kind == EntryKind::kServiceRequest ||
         kind == EntryKind::kLatePayment;
}

// Where the entries of a customer with this id begin.
uint32_t FirstEntryOf(std::string_view customer) {
  return static_cast<uint32_t>(1 + customer.size());
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
  // Contacts, service requests and late payments, by kind and day.
  std::map<std::pair<EntryKind, Day>, uint32_t> others_on;
  TimeMs latest_consent = kEarliestTime;  // a consent never goes but for another of the same time

  ~Large() { explicit_bzero(data.data(), data.size()); }
  void Append(const HistoryEntry& entry, const uint8_t* bytes, uint32_t size);
  void Count(const HistoryEntry& entry, uint32_t offset);
  void Remove(uint32_t offset);
  // Leaves the removed entries behind.
  void Compact();
};

History::History(std::string_view customer) {
  std::array<uint8_t, 1 + kMaxIdBytes> id;
  id[0] = static_cast<uint8_t>(customer.size());
  std::copy(customer.begin(), customer.end(), id.begin() + 1);
  AppendSmall(id.data(), static_cast<uint32_t>(1 + customer.size()));
}

History::History(std::string_view customer, std::string_view entries, bool* sound) {
  const auto* packed = reinterpret_cast<const uint8_t*>(entries.data());
  uint32_t count = 0;
  size_t at = 0;
  for (; at + kPackedHeadBytes <= entries.size(); at += PackedSize(packed + at)) ++count;
  *sound = at == entries.size() && count <= kMaxHistoryEntries;
  if (!*sound) return;
  const size_t used = 1 + customer.size() + entries.size();
  const bool indexed = used >= kIndexedBytes;
  // In one step where it stays small, because there are many millions.
  Small* block = Small::Make(indexed ? FirstEntryOf(customer) : Grown(static_cast<uint32_t>(used)));
  tagged_ = reinterpret_cast<uintptr_t>(block);
  block->data()[0] = static_cast<uint8_t>(customer.size());
  std::copy(customer.begin(), customer.end(), block->data() + 1);
  block->used = static_cast<uint16_t>(FirstEntryOf(customer));
  if (indexed) {
    BecomeLarge();
    large()->data.insert(large()->data.end(), packed, packed + entries.size());
    large()->entries = count;
    large()->Compact();  // which makes the index
  } else {
    std::copy(packed, packed + entries.size(), block->data() + block->used);
    block->used = static_cast<uint16_t>(used);
    block->entries = static_cast<uint16_t>(count);
  }
}

void History::AppendEntries(std::string* bytes) const {
  const Bytes block = View();
  const uint32_t first = FirstEntry(block.data);
  const auto append = [&](uint32_t at, uint32_t size) {
    bytes->append(reinterpret_cast<const char*>(block.data + at), size);
  };
  if (!is_large() || large()->removed_bytes == 0) {
    append(first, block.used - first);
    return;
  }
  for (uint32_t at = first; at < block.used; at += PackedSize(block.data + at)) {
    if (!IsRemoved(block.data + at)) append(at, PackedSize(block.data + at));
  }
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
  static constexpr uint8_t kOfNobody = 0;  // an id of no bytes
  if (tagged_ == 0) return {&kOfNobody, 1};
  if (!is_large()) return {small()->data(), small()->used};
  return {large()->data.data(), static_cast<uint32_t>(large()->data.size())};
}

std::string_view History::customer() const {
  const uint8_t* data = View().data;
  return {reinterpret_cast<const char*>(data + 1), data[0]};
}

uint32_t History::entries() const {
  if (tagged_ == 0) return 0;
  return is_large() ? large()->entries : small()->entries;
}

std::optional<uint32_t> History::Locate(const HistoryEntry& identity) const {
  const Bytes block = View();
  if (is_large()) {
    auto found = large()->by_identity.find(IdentityHash(identity));
    if (found == large()->by_identity.end()) return std::nullopt;
    for (uint32_t offset : found->second) {
      if (HasIdentity(block.data + offset, identity)) return offset;
    }
    return std::nullopt;
  }
  for (uint32_t at = FirstEntry(block.data); at < block.used; at += PackedSize(block.data + at)) {
    if (HasIdentity(block.data + at, identity)) return at;
  }
  return std::nullopt;
}

std::optional<HistoryEntry> History::Find(const HistoryEntry& identity) const {
  const std::optional<uint32_t> at = Locate(identity);
  if (!at) return std::nullopt;
  HistoryEntry entry;
  Unpack(View().data + *at, &entry);
  return entry;
}

bool History::Add(const HistoryEntry& entry) {
  if (entries() >= kMaxHistoryEntries) return false;
  const PackedEntry packed(entry);
  const uint32_t size = packed.size();
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
  const uint32_t end = *offset + PackedSize(block->data() + *offset);
  std::memmove(block->data() + *offset, block->data() + end, block->used - end);
  block->used = static_cast<uint16_t>(block->used - (end - *offset));
}

uint32_t History::OrdersOn(Day day) const {
  if (is_large()) {
    auto found = large()->orders_on.find(day);
    return found == large()->orders_on.end() ? 0 : found->second;
  }
  const Bytes block = View();
  uint32_t orders = 0;
  for (uint32_t at = FirstEntry(block.data); at < block.used; at += PackedSize(block.data + at)) {
    const uint8_t* packed = block.data + at;
    if (IsOfKind(packed, EntryKind::kOrder) && PackedDay(packed) == day) ++orders;
  }
  return orders;
}

std::vector<ColumnDay> History::PurchaseDays() const {
  std::vector<ColumnDay> days;
  if (is_large()) {
    for (const auto& [day, orders] : large()->orders_on) days.push_back(ToColumn(day));
    return days;
  }
  // Orders mostly lie in the order of time.
  bool in_order = true;
  const Bytes block = View();
  for (uint32_t at = FirstEntry(block.data); at < block.used; at += PackedSize(block.data + at)) {
    if (!IsOfKind(block.data + at, EntryKind::kOrder)) continue;
    const ColumnDay day = ToColumn(PackedDay(block.data + at));
    if (!days.empty() && day == days.back()) continue;
    in_order = in_order && (days.empty() || day > days.back());
    days.push_back(day);
  }
  if (in_order) return days;
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  return days;
}

std::vector<ColumnDay> History::DaysOf(EntryKind kind, uint32_t most) const {
  KUNDIG_CHECK(HasCloseDays(kind));
  std::vector<ColumnDay> days;
  if (is_large()) {
    const auto& on = large()->others_on;
    for (auto at = on.lower_bound({kind, kDayBeforeFirst});
         at != on.end() && at->first.first == kind; ++at) {
      days.insert(days.end(), std::min(at->second, most), ToColumn(at->first.second));
    }
    return days;
  }
  const Bytes block = View();
  for (uint32_t at = FirstEntry(block.data); at < block.used; at += PackedSize(block.data + at)) {
    if (!IsOfKind(block.data + at, kind)) continue;
    days.push_back(ToColumn(PackedDay(block.data + at)));
  }
  std::sort(days.begin(), days.end());
  return days;
}

uint32_t History::Kinds() const {
  uint32_t kinds = 0;
  const Bytes block = View();
  for (uint32_t at = FirstEntry(block.data); at < block.used; at += PackedSize(block.data + at)) {
    if (!IsRemoved(block.data + at)) kinds |= 1u << (block.data[at] & kPackedKindMask);
  }
  return kinds;
}

TimeMs History::LatestConsent() const {
  if (is_large()) return large()->latest_consent;
  TimeMs latest = kEarliestTime;
  ForEach([&](const HistoryEntry& entry) {
    if (entry.kind == EntryKind::kConsent) latest = std::max(latest, entry.at);
  });
  return latest;
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
  if (HasCloseDays(entry.kind)) ++others_on[{entry.kind, entry.day}];
  if (entry.kind == EntryKind::kConsent) latest_consent = std::max(latest_consent, entry.at);
}

void History::Large::Remove(uint32_t offset) {
  uint8_t* packed = data.data() + offset;
  HistoryEntry entry;
  Unpack(packed, &entry);
  auto same_hash = by_identity.find(IdentityHash(entry));
  std::erase(same_hash->second, offset);
  if (same_hash->second.empty()) by_identity.erase(same_hash);
  if (entry.kind == EntryKind::kOrder) {
    auto day = orders_on.find(entry.day);
    if (--day->second == 0) orders_on.erase(day);
  }
  if (HasCloseDays(entry.kind)) --others_on[{entry.kind, entry.day}];
  MarkRemoved(packed);
  --entries;
  removed_bytes += PackedSize(packed);
  if (removed_bytes > data.size() / 4) Compact();
}

void History::Large::Compact() {
  by_identity.clear();
  orders_on.clear();
  others_on.clear();
  uint32_t to = FirstEntry(data.data());
  for (uint32_t from = to; from < data.size();) {
    const uint32_t size = PackedSize(data.data() + from);
    if (!IsRemoved(data.data() + from)) {
      std::memmove(data.data() + to, data.data() + from, size);
      HistoryEntry entry;
      Unpack(data.data() + to, &entry);
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
