// Records of the journal: every field of every event comes back, and nothing that was never encoded
// is taken for a record.

#include "engine/event_codec.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/event_fields.h"
#include "tests/engine/random_history_random.h"

namespace kundig::engine {
namespace {

// The fields of an event as text, so that two events are compared without the codec.
class Printed {
 public:
  template <typename... T>
  void operator()(const T&... fields) {
    (Add(fields), ...);
  }
  const std::string& text() const { return text_; }

 private:
  void Add(std::string_view value) { text_ += "'" + std::string(value) + "' "; }
  void Add(Minor value) { text_ += std::to_string(value.units) + " "; }
  void Add(Day value) { text_ += std::to_string(value.since_epoch) + " "; }
  void Add(TimeMs value) { text_ += std::to_string(value.since_epoch) + " "; }
  template <typename T>
  void Add(const Patch<T>& patch) {
    text_ += "verb " + std::to_string(static_cast<int>(patch.verb)) + " ";
    Add(patch.value);
  }
  template <typename T>
  void Add(const std::optional<T>& value) {
    text_ += value.has_value() ? "there " : "absent ";
    if (value.has_value()) Add(*value);
  }
  template <typename T>
  void Add(const T& value) {
    text_ += std::to_string(static_cast<uint64_t>(value)) + " ";
  }

  std::string text_;
};

template <typename E>
std::string Print(const E& event) {
  Printed printed;
  Fields(printed, event);
  return printed.text();
}

std::string PrintAny(const Event& event) {
  return std::to_string(event.index()) + ": " +
         std::visit([](const auto& of_type) { return Print(of_type); }, event);
}

// Fills an event's fields at random; extremes come often.
class Filler {
 public:
  explicit Filler(Random* random) : random_(*random) {}

  template <typename... T>
  void operator()(T&... fields) {
    (Fill(fields), ...);
  }

 private:
  void Fill(std::string_view& text) {
    static const std::string letters(300, 'x');
    text = std::string_view(letters).substr(0, random_.Pick<size_t>({0, 1, 9, 64, 127, 128, 300}));
  }
  void Fill(Minor& amount) { amount.units = Number<int64_t>(); }
  void Fill(Day& day) { day.since_epoch = Number<int32_t>(); }
  void Fill(TimeMs& at) { at.since_epoch = Number<int64_t>(); }
  void Fill(bool& set) { set = random_.Chance(50); }
  template <typename T>
  requires std::is_enum_v<T>
  void Fill(T& value) {
    value = static_cast<T>(random_.Below(static_cast<uint64_t>(LastOf(T{})) + 1));
  }
  template <typename T>
  requires std::is_unsigned_v<T>
  void Fill(T& number) { number = Number<T>(); }
  template <typename T>
  void Fill(std::optional<T>& value) {
    if (random_.Chance(50)) Fill(value.emplace());
  }
  template <typename T>
  void Fill(Patch<T>& patch) {
    patch.verb =
        random_.Pick({Patch<T>::Verb::kKeep, Patch<T>::Verb::kSet, Patch<T>::Verb::kRemove});
    if (patch.verb == Patch<T>::Verb::kSet) Fill(patch.value);
  }

  template <typename T>
  T Number() {
    const auto any = static_cast<T>(random_.Below(std::numeric_limits<uint64_t>::max()));
    return random_.Pick({T{0}, T{1}, T{127}, static_cast<T>(128), std::numeric_limits<T>::min(),
                         std::numeric_limits<T>::max(), any, any});
  }

  Random& random_;
};

template <size_t kIndex>
Event RandomEventOf(Random* random) {
  Event event(std::in_place_index<kIndex>);
  Filler filler(random);
  Fields(filler, std::get<kIndex>(event));
  return event;
}

template <size_t... kIndex>
Event RandomEvent(Random* random, std::index_sequence<kIndex...>) {
  using Make = Event (*)(Random*);
  constexpr Make kMake[] = {&RandomEventOf<kIndex>...};
  return kMake[random->Below(sizeof...(kIndex))](random);
}

Event RandomEvent(Random* random) {
  return RandomEvent(random, std::make_index_sequence<std::variant_size_v<Event>>());
}

void ExpectEventsComeBack(const std::vector<Event>& events) {
  std::string bytes;
  EncodeEvents({}, Growth::kAllowed, events, &bytes);
  JournalRecord record;
  const auto error = DecodeRecord(bytes, &record);
  ASSERT_FALSE(error) << error->message;
  ASSERT_EQ(record.events.size(), events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(PrintAny(record.events[i]), PrintAny(events[i]));
  }
}

TEST(EventCodecTest, KeepsEveryFieldOfEveryEvent) {
  using Verb = Patch<Day>::Verb;
  static_assert(static_cast<int>(Verb::kRemove) == 2, "Remove has no value to keep");
  const CustomerSet customer{.customer = "C1",
                             .kind = Patch<CustomerKind>::Set(CustomerKind::kBusiness),
                             .country = Patch<std::string_view>::Set("Chile"),
                             .region = Patch<std::string_view>::Remove(),
                             .owner = Patch<std::string_view>::Set("Ann"),
                             .company_size = Patch<uint32_t>::Set(4'000'000'000),
                             .products = Patch<uint32_t>::Set(0),
                             .potential = Patch<Minor>::Set(Minor{12345}),
                             .key_account = Patch<bool>::Set(true),
                             .satisfaction = Patch<uint8_t>::Set(10),
                             .referral = Patch<uint8_t>::Remove(),
                             .bonding = Patch<uint8_t>::Set(100),
                             .pinned_class = Patch<ValueClass>::Set(ValueClass::kReview)};
  const OrderPlaced order{.customer = "C2",
                          .order = "O1",
                          .at = TimeMs{1'700'000'000'000},
                          .revenue = Minor{999},
                          .margin = Minor{-5},
                          .items = 3,
                          .currency = "EUR"};
  const LeadSet lead{.lead = "L1",
                     .status = LeadStatus::kLost,
                     .stage = "offer",
                     .revenue = Minor{1},
                     .chance = Patch<uint16_t>::Set(10'000),
                     .customer = Patch<std::string_view>::Set("C3"),
                     .owner = Patch<std::string_view>::Remove(),
                     .region = Patch<std::string_view>::Set("north"),
                     .product = Patch<std::string_view>::Set("p"),
                     .source = Patch<std::string_view>::Set("fair"),
                     .opened = Patch<Day>::Set(kFirstCivilDay),
                     .expected_close = Patch<Day>::Set(kLastCivilDay),
                     .closed = Day{0},
                     .reason = "",
                     .currency = "USD"};
  ExpectEventsComeBack({
      customer,
      order,
      ReturnReceived{.customer = "C",
                     .return_id = "R",
                     .at = TimeMs{-1},
                     .amount = Minor{7},
                     .margin = Minor{0},
                     .currency = "CHF"},
      OrderCancelled{.customer = "C", .order = "O"},
      Visit{.customer = "C", .at = TimeMs{std::numeric_limits<int64_t>::min()}},
      Contact{.customer = "C",
              .at = TimeMs{std::numeric_limits<int64_t>::max()},
              .channel = "mail",
              .campaign = "spring"},
      Consent{.customer = "C",
              .at = TimeMs{5},
              .state = ConsentState::kWithdrawn,
              .until = Day{20'000}},
      lead,
      LeadClosed{.lead = "L", .status = LeadStatus::kLost, .closed = Day{-3}, .reason = "price"},
      Erase{.customer = "C"},
      Termination{.customer = "C",
                  .at = TimeMs{9},
                  .state = TerminationState::kWithdrawn,
                  .effective = kLastDay,
                  .reason = "moved"},
      Complaint{.customer = "C", .complaint = "K", .at = TimeMs{10}, .closed = Day{11}},
      ServiceRequest{.customer = "C", .at = TimeMs{12}},
      LatePayment{.customer = "C", .at = TimeMs{-13}},
      Cost{.customer = "C", .cost = "X", .at = TimeMs{14}, .amount = Minor{15}, .currency = "EUR"},
  });
}

TEST(EventCodecTest, KeepsWhatIsAbsentAbsent) {
  ExpectEventsComeBack({CustomerSet{}, OrderPlaced{}, ReturnReceived{}, OrderCancelled{}, Visit{},
                        Contact{}, Consent{}, LeadSet{}, LeadClosed{}, Erase{}, Termination{},
                        Complaint{}, ServiceRequest{}, LatePayment{}, Cost{}});
}

TEST(EventCodecTest, KeepsRandomEventsInOneRecordThatIsUsedAgain) {
  Random random(7);
  JournalRecord record;
  std::string bytes;
  for (int turn = 0; turn < 300; ++turn) {
    std::vector<Event> events;
    for (uint64_t i = random.Below(30); i > 0; --i) events.push_back(RandomEvent(&random));
    const std::string before = random.Chance(50) ? "something in front" : "";
    bytes = before;
    const BatchName name{.producer = random.Pick({"", "shop-1"}),
                         .batch = random.Pick({uint64_t{0}, ~uint64_t{0}, uint64_t{300}})};
    const Growth growth = random.Pick({Growth::kAllowed, Growth::kRefused});
    EncodeEvents(name, growth, events, &bytes);
    ASSERT_EQ(bytes.substr(0, before.size()), before);
    const auto error = DecodeRecord(std::string_view(bytes).substr(before.size()), &record);
    ASSERT_FALSE(error) << error->message;
    EXPECT_EQ(record.kind, RecordKind::kEvents);
    EXPECT_EQ(record.name, name);
    EXPECT_EQ(record.growth, growth);
    EXPECT_TRUE(record.orders.empty());
    ASSERT_EQ(record.events.size(), events.size());
    for (size_t i = 0; i < events.size(); ++i) {
      ASSERT_EQ(PrintAny(record.events[i]), PrintAny(events[i]));
    }
  }
}

TEST(EventCodecTest, KeepsOrdersDayChangesAndRules) {
  Random random(3);
  std::vector<OrderPlaced> orders(500);
  Filler filler(&random);
  for (OrderPlaced& order : orders) Fields(filler, order);
  const BatchName name{.producer = "till", .batch = 77};
  std::string bytes;
  EncodeOrders(name, Growth::kRefused, orders, &bytes);
  JournalRecord record;
  ASSERT_FALSE(DecodeRecord(bytes, &record));
  EXPECT_EQ(record.kind, RecordKind::kOrders);
  EXPECT_EQ(record.name, name);
  EXPECT_EQ(record.growth, Growth::kRefused);
  ASSERT_EQ(record.orders.size(), orders.size());
  for (size_t i = 0; i < orders.size(); ++i) EXPECT_EQ(Print(record.orders[i]), Print(orders[i]));

  for (const Day day : {Day{0}, kFirstCivilDay, kLastCivilDay}) {
    bytes.clear();
    EncodeDayChange(day, &bytes);
    ASSERT_FALSE(DecodeRecord(bytes, &record));
    EXPECT_EQ(record.kind, RecordKind::kDayChange);
    EXPECT_EQ(record.day, day);
    EXPECT_TRUE(record.orders.empty() && record.events.empty());
  }

  for (const std::string& text : {std::string(), std::string("[book]\n\0x", 9)}) {
    bytes.clear();
    EncodeRules("Europe/London", text, &bytes);
    ASSERT_FALSE(DecodeRecord(bytes, &record));
    EXPECT_EQ(record.kind, RecordKind::kRules);
    EXPECT_EQ(record.time_zone, "Europe/London");
    EXPECT_EQ(record.rules, text);
  }
}

TEST(EventCodecTest, KeepsChurnFits) {
  AdoptedFit fit;
  fit.model = ChurnModelKind::kBgNbd;
  fit.parameters = {.r = 0.243, .alpha = 4.414, .a = 0.793, .b = 2.426};
  fit.converged = false;
  fit.at_limit = true;
  fit.fitted_through = Day{-3};
  fit.customers = 2357;
  fit.purchases = uint64_t{1} << 40;
  fit.log_likelihood = -9582.4;
  for (const bool with_spend : {false, true}) {
    if (with_spend) {
      fit.spend = AdoptedSpend{.measure = SpendMeasure::kMargin,
                               .parameters = {.p = 6.25, .q = 3.74, .gamma = 1545},
                               .log_likelihood = -4.5,
                               .customers = 946,
                               .converged = true,
                               .at_limit = true};
    }
    std::string bytes;
    EncodeChurnFit(fit, &bytes);
    JournalRecord record;
    ASSERT_FALSE(DecodeRecord(bytes, &record));
    EXPECT_EQ(record.kind, RecordKind::kChurnFit);
    const AdoptedFit& read = record.fit;
    EXPECT_EQ(read.model, fit.model);
    EXPECT_EQ(read.parameters.r, 0.243);
    EXPECT_EQ(read.parameters.alpha, 4.414);
    EXPECT_EQ(read.parameters.a, 0.793);
    EXPECT_EQ(read.parameters.b, 2.426);
    EXPECT_FALSE(read.pinned);
    EXPECT_FALSE(read.converged);
    EXPECT_TRUE(read.at_limit);
    EXPECT_EQ(read.fitted_through, Day{-3});
    EXPECT_EQ(read.customers, 2357u);
    EXPECT_EQ(read.purchases, fit.purchases);
    EXPECT_EQ(read.log_likelihood, -9582.4);
    ASSERT_EQ(read.spend.has_value(), with_spend);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(DecodeRecord(std::string_view(bytes).substr(0, size), &record)->code,
                ErrorCode::kDamaged);
    }
  }
  JournalRecord record;
  std::string bytes;
  EncodeChurnFit(fit, &bytes);
  ASSERT_FALSE(DecodeRecord(bytes, &record));
  EXPECT_EQ(record.fit.spend->measure, SpendMeasure::kMargin);
  EXPECT_EQ(record.fit.spend->parameters.p, 6.25);
  EXPECT_EQ(record.fit.spend->parameters.q, 3.74);
  EXPECT_EQ(record.fit.spend->parameters.gamma, 1545);
  EXPECT_EQ(record.fit.spend->log_likelihood, -4.5);
  EXPECT_EQ(record.fit.spend->customers, 946u);
  EXPECT_TRUE(record.fit.spend->at_limit);
}

// What nothing can be foretold by must not come into a book.
TEST(EventCodecTest, RefusesChurnFitsThatNoModelCanBeMadeOf) {
  AdoptedFit sound;
  sound.spend.emplace();
  ASSERT_TRUE(DecodeFit(EncodeFit(sound)).has_value());
  const auto refused = [&](auto&& change) {
    AdoptedFit fit = sound;
    change(&fit);
    EXPECT_FALSE(DecodeFit(EncodeFit(fit)).has_value());
  };
  refused([](AdoptedFit* fit) { fit->parameters.r = 0; });
  refused([](AdoptedFit* fit) { fit->parameters.b = std::numeric_limits<double>::quiet_NaN(); });
  refused([](AdoptedFit* fit) { fit->log_likelihood = -std::numeric_limits<double>::infinity(); });
  refused([](AdoptedFit* fit) { fit->model = static_cast<ChurnModelKind>(2); });
  refused([](AdoptedFit* fit) { fit->fitted_through = kLastDay + 1; });
  refused([](AdoptedFit* fit) { fit->spend->parameters.q = 1; });
  refused([](AdoptedFit* fit) { fit->spend->measure = static_cast<SpendMeasure>(2); });
  EXPECT_FALSE(DecodeFit("").has_value());
  EXPECT_FALSE(DecodeFit(EncodeFit(sound) + '\0').has_value());
}

TEST(EventCodecTest, ReadsFormerFormats) {
  std::string bytes;
  EncodeDayChange(Day{7}, &bytes);
  for (const char format : {'\1', '\2'}) {
    bytes[0] = format;
    JournalRecord record;
    ASSERT_FALSE(DecodeRecord(bytes, &record));
    EXPECT_EQ(record.day, Day{7});
  }
}

ErrorCode CodeOf(std::string_view bytes) {
  JournalRecord record;
  const auto error = DecodeRecord(bytes, &record);
  EXPECT_TRUE(error.has_value());
  return error.has_value() ? error->code : ErrorCode::kSyntax;
}

TEST(EventCodecTest, RefusesARecordThatIsCutAnywhereOrGoesOn) {
  Random random(11);
  std::vector<Event> events;
  for (int i = 0; i < 20; ++i) events.push_back(RandomEvent(&random));
  std::string bytes;
  EncodeEvents({.producer = "p", .batch = 1}, Growth::kAllowed, events, &bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(CodeOf(std::string_view(bytes).substr(0, size)), ErrorCode::kDamaged) << size;
  }
  EXPECT_EQ(CodeOf(bytes + '\0'), ErrorCode::kDamaged);
}

TEST(EventCodecTest, RefusesWhatNoFieldCanHold) {
  // format, kind, no producer, batch 0, one event, its type, and what follows
  const auto of_event = [](std::string_view rest) {
    return CodeOf(std::string("\1\1\0\0\1", 5) + std::string(rest));
  };
  EXPECT_EQ(of_event("\x0F"), ErrorCode::kDamaged) << "type 15";
  EXPECT_EQ(of_event(std::string_view("\x0A\0\0\0\2\0", 6)), ErrorCode::kDamaged)
      << "a termination of state 2";
  EXPECT_EQ(of_event(std::string_view("\x06\x04\0\0\0", 5)), ErrorCode::kDamaged)
      << "a bit of absence that a consent does not have";
  EXPECT_EQ(of_event(std::string_view("\x06\0\0\0\2", 5)), ErrorCode::kDamaged) << "state 2";
  EXPECT_EQ(of_event(std::string_view("\x00\x03\x00", 3)), ErrorCode::kDamaged) << "verb 3";
  EXPECT_EQ(of_event("\x09\x05"
                     "abcd"),
            ErrorCode::kDamaged)
      << "a text beyond the end";
  const std::string eleven_bytes(10, '\xFF');
  EXPECT_EQ(of_event(std::string(1, '\x09') + eleven_bytes + "\1"), ErrorCode::kDamaged)
      << "a number beyond 64 bits";
  EXPECT_EQ(CodeOf(std::string_view("\1\3\0\0\xFF\xFF\xFF\xFF\x7F", 9)), ErrorCode::kDamaged)
      << "a day beyond 32 bits";
  EXPECT_EQ(CodeOf(std::string_view("\1\1\0\0\x7F", 5)), ErrorCode::kDamaged) << "127 events";
  EXPECT_EQ(CodeOf(std::string_view("\1\6\0\0", 4)), ErrorCode::kDamaged) << "kind 6";
  EXPECT_EQ(CodeOf(std::string_view("\2\4\0\0\0\5x", 7)), ErrorCode::kDamaged) << "rules cut off";
  EXPECT_EQ(CodeOf(std::string_view("\0\1\0\0\0", 5)), ErrorCode::kDamaged) << "version 0";
}

// What a release of format 2 has written: an order and a consent of the customer "ab".
TEST(EventCodecTest, ReadsRecordsOfFormat2) {
  constexpr std::string_view kBytes(
      "\2\x81\1p\7"  // format, events that were not to grow the book, producer, batch
      "\2"           // events
      "\1\1\2"
      "ab\1o\6\x0a\1\3\0"  // order o at 3: revenue 5, margin -1, items 3, no currency
      "\6\1\2"
      "ab\2\0\x28",  // consent at 4, granted, until day 20
      26);
  JournalRecord record;
  const auto error = DecodeRecord(kBytes, &record);
  ASSERT_FALSE(error) << error->message;
  EXPECT_EQ(record.name, (BatchName{.producer = "p", .batch = 7}));
  EXPECT_EQ(record.growth, Growth::kRefused);
  ASSERT_EQ(record.events.size(), 2u);
  EXPECT_EQ(PrintAny(record.events[0]), PrintAny(OrderPlaced{.customer = "ab",
                                                             .order = "o",
                                                             .at = TimeMs{3},
                                                             .revenue = Minor{5},
                                                             .margin = Minor{-1},
                                                             .items = 3,
                                                             .currency = {}}));
  EXPECT_EQ(
      PrintAny(record.events[1]),
      PrintAny(Consent{
          .customer = "ab", .at = TimeMs{4}, .state = ConsentState::kGranted, .until = Day{20}}));
}

TEST(EventCodecTest, NamesANewerFormat) {
  std::string bytes;
  EncodeDayChange(Day{1}, &bytes);
  bytes[0] = static_cast<char>(kRecordFormat + 1);
  EXPECT_EQ(CodeOf(bytes), ErrorCode::kNewerFormat);
}

}  // namespace
}  // namespace kundig::engine
