// Terminations, complaints, service requests, late payments and costs: kept, corrected, refused and
// erased like other events. What follows from them is in book_phases_test.cc.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/book.h"
#include "engine/calendar.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

class BookEvents : public testing::Test {
 protected:
  BookEvents() {
    BookOptions options;
    options.today = kToday;
    options.shards = 2;
    options.threads = 2;
    // Its days begin an hour before those of UTC.
    RuleSettings settings;
    settings.currency = "EUR";
    book_ = std::make_unique<Book>(CompileRules(settings, Calendar({{TimeMs{0}, 3600}})).value(),
                                   options);
  }

  ApplyAnswer Take(const Event& event, Growth growth = Growth::kAllowed) {
    return book_->Apply(std::span(&event, 1), growth);
  }
  void ExpectRefused(const Event& event, ErrorCode code, std::string_view field,
                     Growth growth = Growth::kAllowed) {
    const ApplyAnswer answer = Take(event, growth);
    ASSERT_EQ(answer.refused.size(), 1u) << field;
    EXPECT_EQ(answer.refused[0].error.code, code) << answer.refused[0].error.message;
    EXPECT_EQ(answer.refused[0].error.field, field);
  }
  // All that is held about the customer but its attributes.
  std::vector<HeldEvent> Held(std::string_view customer) {
    const Result<ExportAnswer> answer = book_->Export(customer);
    EXPECT_TRUE(answer.has_value());
    texts_ = answer->texts;
    if (answer->events.empty()) return {};
    return {answer->events.begin() + 1, answer->events.end()};
  }
  Profile Ask(std::string_view customer) {
    ProfilesAnswer answer;
    book_->Profiles(std::span(&customer, 1), &answer);
    return answer.profiles[0];
  }

  std::unique_ptr<Book> book_;
  std::deque<std::string> texts_;
};

TEST_F(BookEvents, ClosingReplacesTheComplaint) {
  EXPECT_EQ(Take(Complaint{"ada", "k-1", Ago(9), std::nullopt}).applied, 1u);
  EXPECT_EQ(Take(Complaint{"ada", "k-1", Ago(9), std::nullopt}).unchanged, 1u);
  EXPECT_EQ(Take(Complaint{"ada", "k-1", Ago(9), kToday - 2}).replaced, 1u);
  EXPECT_EQ(Take(Complaint{"ada", "k-1", Ago(9), kToday - 2}).unchanged, 1u);
  EXPECT_EQ(Take(Complaint{"ada", "k-2", Ago(9), std::nullopt}).applied, 1u);
  EXPECT_EQ(Take(Complaint{"bert", "k-1", Ago(9), std::nullopt}).applied, 1u);
  const auto held = Held("ada");
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(std::get<Complaint>(held[0]).closed, kToday - 2);
  EXPECT_EQ(std::get<Complaint>(held[1]).closed, std::nullopt);
}

TEST_F(BookEvents, ANoticeIsTakenBackAtItsTimeOrLater) {
  const TimeMs at = Ago(5);
  EXPECT_EQ(Take(Termination{"ada", at, TerminationState::kGiven, kToday + 30, "moved"}).applied,
            1u);
  EXPECT_EQ(Take(Termination{"ada", at, TerminationState::kGiven, kToday + 30, "moved"}).unchanged,
            1u);
  EXPECT_EQ(Take(Termination{"ada", at, TerminationState::kGiven, kToday + 30, "price"}).replaced,
            1u);
  EXPECT_EQ(Take(Termination{"ada", at, TerminationState::kGiven, kLastDay, "price"}).replaced, 1u);
  EXPECT_EQ(
      Take(Termination{"ada", Ago(4), TerminationState::kWithdrawn, std::nullopt, ""}).applied, 1u);
  EXPECT_EQ(Held("ada").size(), 2u);
  EXPECT_EQ(
      Take(Termination{"ada", at, TerminationState::kWithdrawn, std::nullopt, "price"}).replaced,
      1u);
  const auto held = Held("ada");
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(std::get<Termination>(held[0]).state, TerminationState::kWithdrawn);
  EXPECT_EQ(std::get<Termination>(held[0]).reason, "price");
  EXPECT_EQ(std::get<Termination>(held[1]).reason, "");
}

TEST_F(BookEvents, OneOfATimeIsOne) {
  EXPECT_EQ(Take(ServiceRequest{"ada", Ago(5)}).applied, 1u);
  EXPECT_EQ(Take(ServiceRequest{"ada", Ago(5)}).unchanged, 1u);
  EXPECT_EQ(Take(ServiceRequest{"ada", Ago(5, 1)}).applied, 1u);
  EXPECT_EQ(Take(LatePayment{"ada", Ago(5)}).applied, 1u);
  EXPECT_EQ(Take(LatePayment{"ada", Ago(5)}).unchanged, 1u);
  EXPECT_EQ(Take(Visit{"ada", Ago(5)}).applied, 1u);
  EXPECT_EQ(Held("ada").size(), 4u);
}

TEST_F(BookEvents, IdsOfEachKindAreApart) {
  EXPECT_EQ(Take(OrderPlaced{"ada", "1", Ago(5), Minor{100}, {}, 1, {}}).applied, 1u);
  EXPECT_EQ(Take(ReturnReceived{"ada", "1", Ago(5), Minor{100}, {}, {}}).applied, 1u);
  EXPECT_EQ(Take(Cost{"ada", "1", Ago(5), Minor{0}, "EUR"}).applied, 1u);
  EXPECT_EQ(Take(Cost{"ada", "1", Ago(5), Minor{40}, {}}).replaced, 1u);
  EXPECT_EQ(Take(Complaint{"ada", "1", Ago(5), std::nullopt}).applied, 1u);
  EXPECT_EQ(Held("ada").size(), 4u);
  EXPECT_EQ(book_->Status().orders, 1u);
  EXPECT_EQ(book_->Status().returns, 1u);
}

TEST_F(BookEvents, JudgesAtTheEdges) {
  // The last millisecond of tomorrow, and the first behind it.
  const TimeMs last{Ago(-2).since_epoch - 3'600'001}, beyond{Ago(-2).since_epoch - 3'600'000};
  EXPECT_EQ(Take(Termination{"ada", last, TerminationState::kGiven, kFirstDay, ""}).applied, 1u);
  EXPECT_EQ(Take(Complaint{"ada", "k", last, kToday + 1}).applied, 1u);
  EXPECT_EQ(Take(ServiceRequest{"ada", last}).applied, 1u);
  EXPECT_EQ(Take(LatePayment{"ada", last}).applied, 1u);
  EXPECT_EQ(Take(Cost{"ada", "x", last, Minor{kMaxAmountMinor}, {}}).applied, 1u);
  ExpectRefused(Termination{"eve", beyond, TerminationState::kGiven, kToday, ""},
                ErrorCode::kFutureEvent, "at");
  ExpectRefused(Complaint{"eve", "k", beyond, std::nullopt}, ErrorCode::kFutureEvent, "at");
  ExpectRefused(ServiceRequest{"eve", beyond}, ErrorCode::kFutureEvent, "at");
  ExpectRefused(LatePayment{"eve", beyond}, ErrorCode::kFutureEvent, "at");
  ExpectRefused(Cost{"eve", "x", beyond, Minor{1}, {}}, ErrorCode::kFutureEvent, "at");
  ExpectRefused(Complaint{"eve", "k", last, kToday}, ErrorCode::kInvalidValue, "closed");
  ExpectRefused(Complaint{"eve", "k", last, kToday + 2}, ErrorCode::kFutureEvent, "closed");
  ExpectRefused(Cost{"eve", "x", last, Minor{-1}, {}}, ErrorCode::kInvalidValue, "amount");
  ExpectRefused(Cost{"eve", "x", last, Minor{kMaxAmountMinor + 1}, {}}, ErrorCode::kInvalidValue,
                "amount");
  ExpectRefused(Cost{"eve", "x", last, Minor{1}, "GBP"}, ErrorCode::kCurrencyMismatch, "currency");
  EXPECT_FALSE(Ask("eve").found) << "what is refused makes no customer";
}

TEST_F(BookEvents, NoneOfThemIsAMeasure) {
  ASSERT_EQ(Take(OrderPlaced{"ada", "1", Ago(50), Minor{100}, Minor{60}, 1, {}}).applied, 1u);
  ASSERT_EQ(Take(Contact{"ada", Ago(40), "mail", ""}).applied, 1u);
  const Profile before = Ask("ada");
  for (const Event& event :
       std::vector<Event>{Termination{"ada", Ago(1), TerminationState::kGiven, kToday + 1, "moved"},
                          Complaint{"ada", "k", Ago(1), kToday}, ServiceRequest{"ada", Ago(1)},
                          LatePayment{"ada", Ago(1)}, Cost{"ada", "x", Ago(1), Minor{1000}, {}}}) {
    const uint64_t sequence = book_->Status().state.journal_sequence;
    ASSERT_EQ(Take(event).applied, 1u);
    EXPECT_EQ(book_->Status().state.journal_sequence, sequence + 1);
    const Profile after = Ask("ada");
    EXPECT_EQ(after.last_activity, before.last_activity);
    EXPECT_EQ(after.inactive_days, before.inactive_days);
    EXPECT_EQ(after.recency_days, before.recency_days);
    EXPECT_EQ(after.last_contact, before.last_contact);
    EXPECT_EQ(after.orders_total, before.orders_total);
    EXPECT_EQ(after.revenue_total, before.revenue_total);
    EXPECT_EQ(after.margin_total, before.margin_total);
    EXPECT_EQ(after.activity, before.activity);
    EXPECT_EQ(after.consent, before.consent);
  }
}

TEST_F(BookEvents, AFullBookTakesOnlyCorrections) {
  ASSERT_EQ(Take(Complaint{"ada", "k", Ago(9), std::nullopt}).applied, 1u);
  const TimeMs noticed = Ago(9);
  ASSERT_EQ(Take(Termination{"ada", noticed, TerminationState::kGiven, kToday, ""}).applied, 1u);
  ASSERT_EQ(Take(Cost{"ada", "x", Ago(9), Minor{5}, {}}).applied, 1u);
  const auto expect_full = [&](const Event& event) {
    ExpectRefused(event, ErrorCode::kMemoryFull, "memory_limit", Growth::kRefused);
  };
  expect_full(Complaint{"ada", "k2", Ago(9), std::nullopt});
  expect_full(Termination{"ada", Ago(8), TerminationState::kWithdrawn, std::nullopt, ""});
  expect_full(ServiceRequest{"ada", Ago(9)});
  expect_full(LatePayment{"ada", Ago(9)});
  expect_full(Cost{"ada", "x2", Ago(9), Minor{5}, {}});
  const Growth none = Growth::kRefused;
  EXPECT_EQ(Take(Complaint{"ada", "k", Ago(9), kToday}, none).replaced, 1u);
  EXPECT_EQ(Take(Termination{"ada", noticed, TerminationState::kWithdrawn, std::nullopt, ""}, none)
                .replaced,
            1u);
  EXPECT_EQ(Take(Cost{"ada", "x", Ago(9), Minor{0}, {}}, none).replaced, 1u);
}

TEST_F(BookEvents, AnErasureTakesThemAll) {
  ASSERT_EQ(Take(Complaint{"ada", "k", Ago(9), std::nullopt}).applied, 1u);
  ASSERT_EQ(Take(ServiceRequest{"ada", Ago(9)}).applied, 1u);
  ASSERT_EQ(Take(Erase{"ada"}).applied, 1u);
  EXPECT_TRUE(Held("ada").empty());
  EXPECT_EQ(Take(Complaint{"ada", "k", Ago(9), std::nullopt}).applied, 1u) << "as if never known";
  EXPECT_EQ(Held("ada").size(), 1u);
}

}  // namespace
}  // namespace kundig::engine
