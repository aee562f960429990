#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/book.h"
#include "engine/calendar.h"
#include "tests/engine/sample_orders.h"

namespace kundig::engine {
namespace {

std::unique_ptr<Book> BookToExport(uint64_t list_memory_bytes = uint64_t{1} << 30) {
  BookOptions options;
  options.today = kToday;
  options.shards = 4;
  options.threads = 2;
  options.list_memory_bytes = list_memory_bytes;
  return std::make_unique<Book>(CompileRules({}, Calendar()).value(), options);
}

template <typename T>
Patch<T> Set(T value) {
  return Patch<T>::Set(value);
}

// One event of every kind about Ada, and one about somebody else.
std::vector<Event> EveryKind(const Book& book) {
  CustomerSet attributes;
  attributes.customer = kAda;
  attributes.kind = Set(CustomerKind::kBusiness);
  attributes.country = Set<std::string_view>("Iceland");
  attributes.region = Set<std::string_view>("North");
  attributes.owner = Set<std::string_view>("olga");
  attributes.company_size = Set<uint32_t>(12);
  attributes.products = Set<uint32_t>(3);
  attributes.potential = Set(Minor{500});
  attributes.key_account = Set(false);
  attributes.satisfaction = Set<uint8_t>(9);
  attributes.referral = Set<uint8_t>(0);
  attributes.bonding = Set<uint8_t>(100);
  attributes.pinned_class = Set<ValueClass>(ValueClass::kStandard);
  LeadSet open;
  open.lead = "roof";
  open.stage = std::string_view(book.rules()->stages()[0].name);
  open.revenue = Minor{70'000};
  open.chance = Set<uint16_t>(1250);
  open.customer = Set(kAda);
  open.owner = Set<std::string_view>("olga");
  open.region = Set<std::string_view>("North");
  open.product = Set<std::string_view>("tiles");
  open.source = Set<std::string_view>("fair");
  open.opened = Set(kToday - 5);
  open.expected_close = Set(kToday + 30);
  LeadSet lost;
  lost.lead = "cellar";
  lost.status = LeadStatus::kLost;
  lost.customer = Set(kAda);
  lost.closed = kToday - 1;
  lost.reason = "price";
  return {Visit{kAda, Ago(1)},
          attributes,
          OrderPlaced{kAda, "order-1", Ago(9, 123), Minor{1999}, Minor{-500}, 2, {}},
          OrderPlaced{kAda, "order-2", Ago(10), Minor{1}, std::nullopt, 0, {}},
          OrderPlaced{kAda, "order-3", Ago(3), Minor{5}, std::nullopt, 1, {}},
          OrderCancelled{kAda, "order-3"},
          ReturnReceived{kAda, "return-1", Ago(8), Minor{100}, Minor{7}, {}},
          Contact{kAda, Ago(7), "mail", "spring"},
          Contact{kAda, Ago(6), "", ""},
          Consent{kAda, Ago(5), ConsentState::kGranted, kToday + 100},
          Consent{kAda, Ago(4), ConsentState::kWithdrawn, std::nullopt},
          Termination{kAda, Ago(3, 5), TerminationState::kGiven, kToday + 90, "moved"},
          Termination{kAda, Ago(2), TerminationState::kWithdrawn, std::nullopt, ""},
          Complaint{kAda, "k-1", Ago(12), kToday - 11},
          Complaint{kAda, "k-2", Ago(3, 6), std::nullopt},
          ServiceRequest{kAda, Ago(11)},
          LatePayment{kAda, Ago(11)},
          Cost{kAda, "order-1", Ago(3, 7), Minor{250}, {}},
          open,
          lost,
          OrderPlaced{"bert", "order-9", Ago(2), Minor{9}, std::nullopt, 1, {}}};
}

std::vector<Event> EventsOf(const ExportAnswer& answer) {
  std::vector<Event> events;
  for (const HeldEvent& held : answer.events) {
    std::visit([&](const auto& event) { events.emplace_back(event); }, held);
  }
  return events;
}

// What distinguishes events of one kind: a line of text.
std::string Described(const HeldEvent& held) {
  struct Describe {
    std::string operator()(const CustomerSet& e) const { return "attributes " + Text(e.country); }
    std::string operator()(const OrderPlaced& e) const { return "order " + std::string(e.order); }
    std::string operator()(const ReturnReceived& e) const {
      return "return " + std::string(e.return_id);
    }
    std::string operator()(const Visit&) const { return "visit"; }
    std::string operator()(const Contact& e) const { return "contact " + std::string(e.channel); }
    std::string operator()(const Consent& e) const { return e.until ? "consent until" : "consent"; }
    std::string operator()(const Termination& e) const {
      return (e.effective ? "notice " : "notice withdrawn ") + std::string(e.reason);
    }
    std::string operator()(const Complaint& e) const {
      return (e.closed ? "closed complaint " : "open complaint ") + std::string(e.complaint);
    }
    std::string operator()(const ServiceRequest&) const { return "service request"; }
    std::string operator()(const LatePayment&) const { return "late payment"; }
    std::string operator()(const Cost& e) const { return "cost " + std::string(e.cost); }
    std::string operator()(const LeadSet& e) const { return "lead " + std::string(e.lead); }
    static std::string Text(const Patch<std::string_view>& patch) {
      return std::string(patch.value);
    }
  };
  return std::visit(Describe(), held);
}

std::vector<std::string> Described(const ExportAnswer& answer) {
  std::vector<std::string> lines;
  for (const HeldEvent& held : answer.events) lines.push_back(Described(held));
  return lines;
}

TEST(BookExport, GivesEverythingThatIsHeldInOrder) {
  const auto book = BookToExport();
  ASSERT_TRUE(book->Apply(EveryKind(*book)).refused.empty());
  const Result<ExportAnswer> answer = book->Export(kAda);
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->state.journal_sequence, book->Status().state.journal_sequence);
  EXPECT_EQ(Described(*answer),
            (std::vector<std::string>{
                "attributes Iceland", "closed complaint k-1", "service request", "late payment",
                "order order-2", "order order-1", "return return-1", "contact mail", "contact ",
                "consent until", "consent", "notice moved", "open complaint k-2", "cost order-1",
                "notice withdrawn ", "visit", "lead cellar", "lead roof"}));
  ProfilesAnswer profiles;
  book->Profiles(std::span(&kAda, 1), &profiles);
  EXPECT_EQ(answer->profile.customer, kAda);
  EXPECT_EQ(answer->profile.revenue_total, profiles.profiles[0].revenue_total);
  EXPECT_EQ(answer->profile.consent, profiles.profiles[0].consent);

  const auto& attributes = std::get<CustomerSet>(answer->events[0]);
  EXPECT_EQ(attributes.key_account.verb, Patch<bool>::Verb::kSet);
  EXPECT_FALSE(attributes.key_account.value);
  EXPECT_EQ(attributes.referral.value, 0);
  EXPECT_EQ(attributes.referral.verb, Patch<uint8_t>::Verb::kSet);
  const auto& order = std::get<OrderPlaced>(answer->events[5]);
  EXPECT_EQ(order.customer, kAda);
  EXPECT_EQ(order.at, Ago(9, 123));
  EXPECT_EQ(order.revenue, Minor{1999});
  EXPECT_EQ(order.margin, Minor{-500});
  EXPECT_EQ(order.items, 2u);
  EXPECT_EQ(std::get<Contact>(answer->events[7]).campaign, "spring");
  EXPECT_EQ(std::get<Consent>(answer->events[9]).until, kToday + 100);
  const auto& notice = std::get<Termination>(answer->events[11]);
  EXPECT_EQ(notice.state, TerminationState::kGiven);
  EXPECT_EQ(notice.at, Ago(3, 5));
  EXPECT_EQ(notice.effective, kToday + 90);
  EXPECT_EQ(std::get<Termination>(answer->events[14]).state, TerminationState::kWithdrawn);
  EXPECT_EQ(std::get<Complaint>(answer->events[1]).closed, kToday - 11);
  EXPECT_EQ(std::get<ServiceRequest>(answer->events[2]).at, Ago(11));
  EXPECT_EQ(std::get<Cost>(answer->events[13]).amount, Minor{250});
  const auto& lost = std::get<LeadSet>(answer->events[16]);
  EXPECT_EQ(lost.status, LeadStatus::kLost);
  EXPECT_FALSE(lost.stage.has_value());
  EXPECT_EQ(lost.closed, kToday - 1);
  EXPECT_EQ(lost.reason, "price");
  const auto& open = std::get<LeadSet>(answer->events[17]);
  EXPECT_EQ(open.status, LeadStatus::kOpen);
  EXPECT_EQ(open.stage, book->rules()->stages()[0].name);
  EXPECT_EQ(open.revenue, Minor{70'000});
  EXPECT_EQ(open.chance.value, 1250);
  EXPECT_EQ(open.customer.value, kAda);
  EXPECT_EQ(open.source.value, "fair");
  EXPECT_EQ(open.opened.value, kToday - 5);
  EXPECT_EQ(open.expected_close.value, kToday + 30);
}

// Nothing is missing: another book that is told what was exported knows the same.
TEST(BookExport, MakesTheSameCustomerAgain) {
  const auto book = BookToExport();
  ASSERT_TRUE(book->Apply(EveryKind(*book)).refused.empty());
  Result<ExportAnswer> exported = book->Export(kAda);
  ASSERT_TRUE(exported.has_value());
  // The answer stands alone: it may move, and outlive what it speaks of.
  const ExportAnswer answer = *std::move(exported);
  const Event erase = Erase{kAda};
  ASSERT_EQ(book->Apply(std::span(&erase, 1)).applied, 1u);

  const auto again = BookToExport();
  ASSERT_TRUE(again->Apply(EventsOf(answer)).refused.empty());
  const Result<ExportAnswer> second = again->Export(kAda);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(Described(*second), Described(answer));
  // Told once more, nothing of it is news.
  EXPECT_EQ(again->Apply(EventsOf(answer)).unchanged, answer.events.size());
  EXPECT_EQ(second->profile.revenue_total, answer.profile.revenue_total);
  EXPECT_EQ(second->profile.margin_total, answer.profile.margin_total);
  EXPECT_EQ(second->profile.last_activity, answer.profile.last_activity);
  EXPECT_EQ(second->profile.last_contact, answer.profile.last_contact);
  EXPECT_EQ(second->profile.satisfaction, answer.profile.satisfaction);
  EXPECT_EQ(second->profile.country, answer.profile.country);
}

TEST(BookExport, HoldsNothingAfterAnErasure) {
  const auto book = BookToExport();
  EXPECT_TRUE(book->Export(kAda)->events.empty());
  ASSERT_TRUE(book->Apply(EveryKind(*book)).refused.empty());
  const Event erase = Erase{kAda};
  ASSERT_EQ(book->Apply(std::span(&erase, 1)).applied, 1u);
  const Result<ExportAnswer> answer = book->Export(kAda);
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->events.empty());
  EXPECT_FALSE(answer->profile.found);
  EXPECT_EQ(book->Export("bert")->events.size(), 2u);
}

TEST(BookExport, FindsLeadsOfWhoIsNoCustomer) {
  const auto book = BookToExport();
  LeadSet lead;
  lead.lead = "roof";
  lead.stage = std::string_view(book->rules()->stages()[0].name);
  lead.customer = Set<std::string_view>("carla");
  const Event event = lead;
  ASSERT_EQ(book->Apply(std::span(&event, 1)).applied, 1u);
  const Result<ExportAnswer> answer = book->Export("carla");
  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->profile.found);
  EXPECT_EQ(Described(*answer), std::vector<std::string>{"lead roof"});
}

TEST(BookExport, TakesALongHistoryAndHasALimit) {
  constexpr int kOrders = 20'000;
  std::vector<std::string> ids;
  std::vector<OrderPlaced> orders;
  for (int i = 0; i < kOrders; ++i) ids.push_back("order-" + std::to_string(i));
  // Newest first, every other one replaced by a later one.
  for (int i = 0; i < kOrders; ++i) {
    orders.push_back({"till", ids[static_cast<size_t>(i)], Ago(i % 300, i), Minor{i}, {}, 1, {}});
  }
  const auto book = BookToExport();
  ASSERT_TRUE(book->Apply(orders).refused.empty());
  for (int i = 0; i < kOrders; i += 2) orders[static_cast<size_t>(i)].items = 9;
  ASSERT_EQ(book->Apply(orders).replaced, static_cast<uint32_t>(kOrders / 2));
  const Result<ExportAnswer> answer = book->Export("till");
  ASSERT_TRUE(answer.has_value());
  ASSERT_EQ(answer->events.size(), static_cast<size_t>(kOrders) + 1);
  int64_t revenue = 0, items = 0;
  for (size_t place = 1; place < answer->events.size(); ++place) {
    const auto& order = std::get<OrderPlaced>(answer->events[place]);
    if (place > 1) {
      EXPECT_LE(std::get<OrderPlaced>(answer->events[place - 1]).at, order.at);
    }
    revenue += order.revenue.units;
    items += order.items;
  }
  EXPECT_EQ(revenue, int64_t{kOrders} * (kOrders - 1) / 2);
  EXPECT_EQ(items, int64_t{kOrders} * 5);

  const auto small = BookToExport(uint64_t{1} << 20);
  ASSERT_TRUE(small->Apply(orders).refused.empty());
  const Result<ExportAnswer> refused = small->Export("till");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kResultTooLarge);
  EXPECT_EQ(refused.error().field, "list_memory_bytes");
}

}  // namespace
}  // namespace kundig::engine
