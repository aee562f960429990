#include "engine/event_codec.h"

#include <algorithm>
#include <concepts>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

#include "engine/event_fields.h"

namespace kundig::engine {
namespace {

constexpr size_t kVarintBytesMax = 10;

// In the kind's byte: Growth::kRefused.
constexpr uint8_t kNoGrowth = 0x80;

constexpr uint64_t Zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t Unzigzag(uint64_t value) {
  return static_cast<int64_t>((value >> 1) ^ (0 - (value & 1)));
}

template <typename T>
concept Enumeration = std::is_enum_v<T>;

// --- Writing: how large at most, what is absent, then the values ---

// An upper bound of an event's bytes, so that the writer looks for room once an event.
class SizeBound {
 public:
  template <typename... T>
  void operator()(const T&... fields) {
    (Add(fields), ...);
  }
  size_t bytes() const { return bytes_; }

 private:
  void Add(std::string_view text) { bytes_ += kVarintBytesMax + text.size(); }
  template <typename T>
  void Add(const Patch<T>& patch) {
    Add(patch.value);
  }
  template <typename T>
  void Add(const std::optional<T>& value) {
    if (value.has_value()) Add(*value);
  }
  template <typename T>
  void Add(const T&) {
    bytes_ += kVarintBytesMax;
  }

  size_t bytes_ = 1 + kVarintBytesMax;  // the type, and what is absent
};

class AbsenceWriter {
 public:
  template <typename... T>
  void operator()(const T&... fields) {
    (Add(fields), ...);
  }
  uint64_t bits() const { return bits_; }
  bool any() const { return width_ > 0; }

 private:
  template <typename T>
  void Add(const Patch<T>& patch) {
    bits_ |= static_cast<uint64_t>(patch.verb) << width_;
    width_ += 2;
  }
  template <typename T>
  void Add(const std::optional<T>& value) {
    bits_ |= uint64_t{value.has_value()} << width_;
    width_ += 1;
  }
  template <typename T>
  void Add(const T&) {}

  uint64_t bits_ = 0;
  uint32_t width_ = 0;
};

class RecordWriter {
 public:
  RecordWriter(RecordKind kind, const BatchName& name, Growth growth, std::string* bytes)
      : bytes_(*bytes), start_(bytes->size()) {
    MakeRoom(2 + kVarintBytesMax + name.producer.size() + 2 * kVarintBytesMax);
    Byte(kRecordFormat);
    Byte(static_cast<uint8_t>(static_cast<uint8_t>(kind) |
                              (growth == Growth::kRefused ? kNoGrowth : 0)));
    Value(name.producer);
    Varint(name.batch);
  }
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;
  ~RecordWriter() { bytes_.resize(static_cast<size_t>(at_ - bytes_.data())); }

  void Count(size_t count) { Varint(count); }

  void OneDay(Day day) { Value(day); }

  void Text(std::string_view text) {
    MakeRoom(kVarintBytesMax + text.size());
    Value(text);
  }

  template <typename E>
  void Event(const E& event, std::optional<uint8_t> type) {
    SizeBound bound;
    Fields(bound, event);
    MakeRoom(bound.bytes());
    if (type.has_value()) Byte(*type);
    AbsenceWriter absence;
    Fields(absence, event);
    if (absence.any()) Varint(absence.bits());
    Fields(*this, event);
  }

  template <typename... T>
  void operator()(const T&... fields) {
    (Value(fields), ...);
  }

 private:
  // Grows with this record alone: what the string holds before it, or could hold, may be far more.
  void MakeRoom(size_t count) {
    const size_t used = at_ == nullptr ? start_ : static_cast<size_t>(at_ - bytes_.data());
    if (bytes_.size() - used < count) bytes_.resize(used + std::max(count, 2 * (used - start_)));
    at_ = bytes_.data() + used;
  }

  void Byte(uint8_t value) { *at_++ = static_cast<char>(value); }
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) Byte(static_cast<uint8_t>(value | 0x80));
    Byte(static_cast<uint8_t>(value));
  }

  void Value(std::string_view text) {
    Varint(text.size());
    // An empty view may have no address, which memcpy must not be given.
    if (!text.empty()) std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void Value(std::unsigned_integral auto number) { Varint(number); }
  void Value(bool set) { Byte(set ? 1 : 0); }
  void Value(Enumeration auto value) { Byte(static_cast<uint8_t>(value)); }
  void Value(Minor amount) { Varint(Zigzag(amount.units)); }
  void Value(Day day) { Varint(Zigzag(day.since_epoch)); }
  void Value(TimeMs at) {
    const auto now = static_cast<uint64_t>(at.since_epoch);
    Varint(Zigzag(static_cast<int64_t>(now - before_)));
    before_ = now;
  }
  template <typename T>
  void Value(const Patch<T>& patch) {
    if (patch.verb == Patch<T>::Verb::kSet) Value(patch.value);
  }
  template <typename T>
  void Value(const std::optional<T>& value) {
    if (value.has_value()) Value(*value);
  }

  std::string& bytes_;
  const size_t start_;  // where the record begins in the string
  char* at_ = nullptr;
  uint64_t before_ =
      0;  // unsigned, so that a difference of any two times wraps instead of breaking
};

// --- Reading: a field that is not sound makes the reader unsound and all after it empty ---

// How many bits of absence an event has.
class AbsenceWidth {
 public:
  template <typename... T>
  constexpr void operator()(const T&... fields) {
    (Add(fields), ...);
  }
  constexpr uint32_t bits() const { return bits_; }

 private:
  template <typename T>
  constexpr void Add(const Patch<T>&) {
    bits_ += 2;
  }
  template <typename T>
  constexpr void Add(const std::optional<T>&) {
    bits_ += 1;
  }
  template <typename T>
  constexpr void Add(const T&) {}

  uint32_t bits_ = 0;
};

class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool sound() const { return sound_; }
  void Refuse() { Unsound(); }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  uint8_t Byte() {
    if (at_ == end_) return Unsound();
    return static_cast<uint8_t>(*at_++);
  }
  uint64_t Varint() {
    if (at_ != end_ && static_cast<uint8_t>(*at_) < 0x80) return static_cast<uint8_t>(*at_++);
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      const uint64_t bits = byte & 0x7FU;
      if (shift == 63 && bits > 1) return Unsound();
      value |= bits << shift;
      if (byte < 0x80) return value;
    }
    return Unsound();
  }
  template <typename T>
  T Read() {
    T value{};
    Value(value);
    return value;
  }

  template <typename E>
  void Event(E& event) {
    AbsenceWidth width;
    Fields(width, event);
    if (width.bits() > 0) {
      absence_ = Varint();
      if (absence_ >> width.bits() != 0) Unsound();
    }
    Fields(*this, event);
  }

  template <typename... T>
  void operator()(T&... fields) {
    (Value(fields), ...);
  }

 private:
  uint8_t Unsound() {
    sound_ = false;
    at_ = end_;
    return 0;
  }

  void Value(std::string_view& text) {
    const uint64_t size = Varint();
    if (size > left()) {
      Unsound();
      return;
    }
    text = {at_, static_cast<size_t>(size)};
    at_ += size;
  }
  template <std::unsigned_integral T>
  void Value(T& number) {
    const uint64_t value = Varint();
    if (value > std::numeric_limits<T>::max()) {
      Unsound();
      return;
    }
    number = static_cast<T>(value);
  }
  void Value(bool& set) {
    const uint8_t byte = Byte();
    if (byte > 1) Unsound();
    set = byte == 1;
  }
  template <Enumeration T>
  void Value(T& value) {
    const uint8_t byte = Byte();
    if (byte > static_cast<uint8_t>(LastOf(T{}))) {
      Unsound();
      return;
    }
    value = static_cast<T>(byte);
  }
  void Value(Minor& amount) { amount.units = Unzigzag(Varint()); }
  void Value(Day& day) {
    const int64_t value = Unzigzag(Varint());
    if (!std::in_range<int32_t>(value)) {
      Unsound();
      return;
    }
    day.since_epoch = static_cast<int32_t>(value);
  }
  void Value(TimeMs& at) {
    before_ += static_cast<uint64_t>(Unzigzag(Varint()));
    at.since_epoch = static_cast<int64_t>(before_);
  }
  template <typename T>
  void Value(Patch<T>& patch) {
    const uint64_t verb = absence_ & 3;
    absence_ >>= 2;
    if (verb > static_cast<uint64_t>(Patch<T>::Verb::kRemove)) {
      Unsound();
      return;
    }
    patch.verb = static_cast<typename Patch<T>::Verb>(verb);
    if (patch.verb == Patch<T>::Verb::kSet) Value(patch.value);
  }
  template <typename T>
  void Value(std::optional<T>& value) {
    const bool present = (absence_ & 1) != 0;
    absence_ >>= 1;
    if (present) Value(value.emplace());
  }

  const char* at_;
  const char* end_;
  uint64_t absence_ = 0;
  uint64_t before_ = 0;
  bool sound_ = true;
};

template <size_t... kIndex>
bool ReadEventOfType(RecordReader& reader, size_t type, Event* event,
                     std::index_sequence<kIndex...>) {
  return ((type == kIndex && (reader.Event(event->emplace<kIndex>()), true)) || ...);
}

void ReadEvent(RecordReader& reader, Event* event) {
  constexpr auto kTypes = std::make_index_sequence<std::variant_size_v<Event>>();
  const uint8_t type = reader.Byte();
  if (!ReadEventOfType(reader, type, event, kTypes)) reader.Refuse();
}

Error Damaged(std::string what) {
  return Error{.code = ErrorCode::kDamaged,
               .message = "A journal record is damaged: " + std::move(what) + ".",
               .field = {},
               .position = {}};
}

}  // namespace

void EncodeEvents(const BatchName& name, Growth growth, std::span<const Event> events,
                  std::string* bytes) {
  RecordWriter writer(RecordKind::kEvents, name, growth, bytes);
  writer.Count(events.size());
  for (const Event& event : events) {
    const auto type = static_cast<uint8_t>(event.index());
    std::visit([&](const auto& of_type) { writer.Event(of_type, type); }, event);
  }
}

void EncodeOrders(const BatchName& name, Growth growth, std::span<const OrderPlaced> orders,
                  std::string* bytes) {
  RecordWriter writer(RecordKind::kOrders, name, growth, bytes);
  writer.Count(orders.size());
  for (const OrderPlaced& order : orders) writer.Event(order, std::nullopt);
}

void EncodeDayChange(Day day, std::string* bytes) {
  RecordWriter(RecordKind::kDayChange, BatchName{}, Growth::kAllowed, bytes).OneDay(day);
}

void EncodeRules(std::string_view time_zone, std::string_view text, std::string* bytes) {
  RecordWriter writer(RecordKind::kRules, BatchName{}, Growth::kAllowed, bytes);
  writer.Text(time_zone);
  writer.Text(text);
}

void EncodeChurnFit(const AdoptedFit& fit, std::string* bytes) {
  RecordWriter(RecordKind::kChurnFit, BatchName{}, Growth::kAllowed, bytes).Text(EncodeFit(fit));
}

std::optional<Error> DecodeRecord(std::string_view bytes, JournalRecord* record) {
  record->events.clear();
  record->orders.clear();
  RecordReader reader(bytes);
  const uint8_t format = reader.Byte();
  if (format > kRecordFormat) {
    return Error{.code = ErrorCode::kNewerFormat,
                 .message = "A journal record has format " + std::to_string(format) +
                            "; this release reads up to " + std::to_string(kRecordFormat) +
                            ": start the release that wrote it or a newer one.",
                 .field = {},
                 .position = {}};
  }
  if (format == 0) return Damaged("it has no format version");
  const uint8_t kind = reader.Byte();
  record->kind = static_cast<RecordKind>(kind & ~kNoGrowth);
  record->growth = (kind & kNoGrowth) != 0 ? Growth::kRefused : Growth::kAllowed;
  record->name.producer = reader.Read<std::string_view>();
  record->name.batch = reader.Read<uint64_t>();
  switch (record->kind) {
    case RecordKind::kEvents:
    case RecordKind::kOrders: {
      const uint64_t count = reader.Varint();
      // Every event takes a byte or more, so a count cannot make us ask for memory out of nothing.
      if (count > reader.left()) return Damaged("it counts more events than it has bytes");
      const auto events = static_cast<size_t>(count);
      if (record->kind == RecordKind::kOrders) {
        record->orders.resize(events);
        for (size_t i = 0; i < events && reader.sound(); ++i) reader.Event(record->orders[i]);
      } else {
        for (size_t i = 0; i < events && reader.sound(); ++i) {
          ReadEvent(reader, &record->events.emplace_back());
        }
      }
      break;
    }
    case RecordKind::kDayChange:
      record->day = reader.Read<Day>();
      break;
    case RecordKind::kRules:
      record->time_zone = reader.Read<std::string_view>();
      record->rules = reader.Read<std::string_view>();
      break;
    case RecordKind::kChurnFit: {
      const std::optional<AdoptedFit> fit = DecodeFit(reader.Read<std::string_view>());
      if (!fit) return Damaged("its churn model cannot be read");
      record->fit = *fit;
      break;
    }
    default:
      return Damaged("it is of the unknown kind " + std::to_string(kind));
  }
  if (!reader.sound()) return Damaged("it breaks off or holds what no field can hold");
  if (reader.left() > 0) {
    return Damaged(std::to_string(reader.left()) + " bytes follow its end");
  }
  return std::nullopt;
}

}  // namespace kundig::engine
