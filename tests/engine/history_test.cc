// A history against a map of its entries: small ones, and those large enough to have an index.

#include "engine/history.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/limits.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

// The entry points to `id`.
HistoryEntry OrderEntry(std::string_view id, int32_t day, int64_t revenue) {
  HistoryEntry entry;
  entry.kind = EntryKind::kOrder;
  entry.id = id;
  entry.day = Day{day};
  entry.at = TimeMs{int64_t{day} * kDayMs + 3600'000};
  entry.amount = Minor{revenue};
  entry.items = 3;
  return entry;
}

TEST(HistoryTest, GivesBackEveryFieldOfEveryKind) {
  History history("customer 1");
  HistoryEntry order = OrderEntry("o1", 15000, 123456789012);
  order.margin = Minor{-5};
  order.items = 4'000'000'000u;
  HistoryEntry gone = order;
  gone.kind = EntryKind::kReturn;
  gone.margin = std::nullopt;
  HistoryEntry contact;
  contact.kind = EntryKind::kContact;
  contact.day = kFirstDay;
  contact.at = TimeMs{int64_t{kFirstDay.since_epoch} * kDayMs - 7200'000};  // local midnight, east
  contact.channel = 7;
  contact.campaign = 1u << 23;
  HistoryEntry consent;
  consent.kind = EntryKind::kConsent;
  consent.day = kLastDay;
  consent.at = TimeMs{int64_t{kLastDay.since_epoch} * kDayMs};
  consent.consent = ConsentState::kWithdrawn;
  consent.until = Day{2932896};  // 9999-12-31
  HistoryEntry notice;
  notice.kind = EntryKind::kTermination;
  notice.day = Day{15000};
  notice.at = TimeMs{15000 * kDayMs + 1};
  notice.reason = kMaxNames;
  notice.effective = kLastDay;
  HistoryEntry withdrawn = notice;
  withdrawn.at = TimeMs{15000 * kDayMs};
  withdrawn.reason = kNoName;
  withdrawn.effective = std::nullopt;
  HistoryEntry open;
  open.kind = EntryKind::kComplaint;
  open.day = kFirstDay;
  open.at = TimeMs{kFirstDay.since_epoch * kDayMs};
  open.id = "o1";
  HistoryEntry closed = open;
  closed.id = "o2";
  closed.closed = kLastDay;
  HistoryEntry request;
  request.kind = EntryKind::kServiceRequest;
  request.day = Day{15000};
  request.at = notice.at;
  HistoryEntry payment = request;
  payment.kind = EntryKind::kLatePayment;
  HistoryEntry cost = OrderEntry("o1", 15000, kMaxAmountMinor);
  cost.kind = EntryKind::kCost;
  const std::vector<HistoryEntry> all = {order, gone,   contact, consent, notice, withdrawn,
                                         open,  closed, request, payment, cost};
  for (const HistoryEntry& entry : all) ASSERT_TRUE(history.Add(entry));
  EXPECT_EQ(history.customer(), "customer 1");
  EXPECT_EQ(history.entries(), all.size());
  for (const HistoryEntry& entry : all) {
    const auto found = history.Find(entry);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->day, entry.day);
    EXPECT_EQ(found->at, entry.at);
    EXPECT_EQ(found->id, entry.id);
    EXPECT_TRUE(found->SameContent(entry));
  }
}

TEST(HistoryTest, KindsDoNotShareIdentities) {
  History history("c");
  ASSERT_TRUE(history.Add(OrderEntry("1", 100, 5)));
  HistoryEntry other = OrderEntry("1", 100, 5);
  for (const EntryKind kind : {EntryKind::kReturn, EntryKind::kComplaint, EntryKind::kCost}) {
    other.kind = kind;
    EXPECT_FALSE(history.Find(other).has_value());
  }
  other.kind = EntryKind::kServiceRequest;
  ASSERT_TRUE(history.Add(other));
  for (const EntryKind kind :
       {EntryKind::kVisit, EntryKind::kLatePayment, EntryKind::kTermination}) {
    other.kind = kind;
    EXPECT_FALSE(history.Find(other).has_value());
  }
}

TEST(HistoryTest, SeesWhatDiffersInOneField) {
  HistoryEntry notice;
  notice.kind = EntryKind::kTermination;
  HistoryEntry other = notice;
  EXPECT_TRUE(notice.SameContent(other));
  other.effective = Day{1};
  EXPECT_FALSE(notice.SameContent(other));
  other = notice;
  other.reason = 1;
  EXPECT_FALSE(notice.SameContent(other));
  HistoryEntry complaint;
  complaint.kind = EntryKind::kComplaint;
  other = complaint;
  other.closed = Day{0};
  EXPECT_FALSE(complaint.SameContent(other));
  HistoryEntry cost;
  cost.kind = EntryKind::kCost;
  other = cost;
  EXPECT_TRUE(cost.SameContent(other));
  other.amount = Minor{1};
  EXPECT_FALSE(cost.SameContent(other));
  other = cost;
  other.at = TimeMs{1};
  EXPECT_FALSE(cost.SameContent(other));
}

// Millions of them are kept.
TEST(HistoryTest, AUsualEntryIsSmall) {
  HistoryEntry notice;
  notice.kind = EntryKind::kTermination;
  notice.day = Day{15000};
  notice.at = TimeMs{15000 * kDayMs + 43'200'000};
  notice.reason = 5;
  notice.effective = Day{15000 + 60};
  EXPECT_LE(PackedEntry(notice).size(), 10u);
  HistoryEntry request = notice;
  request.kind = EntryKind::kServiceRequest;
  EXPECT_LE(PackedEntry(request).size(), 7u);
  HistoryEntry complaint = notice;
  complaint.kind = EntryKind::kComplaint;
  complaint.id = "k-123456";
  complaint.closed = Day{15000 + 9};
  EXPECT_LE(PackedEntry(complaint).size(), 17u);
  HistoryEntry cost = OrderEntry("x-123456", 15000, 4999);
  cost.kind = EntryKind::kCost;
  EXPECT_LE(PackedEntry(cost).size(), 18u);
}

TEST(HistoryTest, AgreesWithAMapWhileItGrowsAndShrinks) {
  std::mt19937_64 random(7);
  for (const uint32_t ids : {5u, 40u, 2000u}) {  // the last has an index and is compacted
    History history("0123456789");
    std::map<std::string, std::pair<int32_t, int64_t>> model;
    for (int step = 0; step < 6000; ++step) {
      const std::string id = "order-" + std::to_string(random() % ids);
      const auto day = static_cast<int32_t>(random() % 50);
      const auto revenue = static_cast<int64_t>(random() % 100000);
      const HistoryEntry entry = OrderEntry(id, day, revenue);
      const bool known = model.count(id) > 0;
      ASSERT_EQ(history.Find(entry).has_value(), known);
      if (known) history.Remove(entry);
      model.erase(id);
      if (!known || random() % 2 == 0) {
        ASSERT_TRUE(history.Add(entry));
        model[id] = {day, revenue};
      }
      if (step % 97 != 0) continue;
      std::map<std::string, std::pair<int32_t, int64_t>> seen;
      history.ForEach([&](const HistoryEntry& each) {
        seen[std::string(each.id)] = {each.day.since_epoch, each.amount.units};
      });
      ASSERT_EQ(seen, model);
      ASSERT_EQ(history.entries(), model.size());
      std::map<int32_t, uint32_t> on_day;
      for (const auto& [unused, order] : model) ++on_day[order.first];
      ASSERT_EQ(history.OrdersOn(Day{day}), on_day.count(day) > 0 ? on_day[day] : 0);
      const auto days = history.OrderDays();
      ASSERT_EQ(days.has_value(), !model.empty());
      if (days) {
        ASSERT_EQ(days->first.since_epoch, on_day.begin()->first);
        ASSERT_EQ(days->second.since_epoch, on_day.rbegin()->first);
      }
    }
  }
}

TEST(HistoryTest, KnowsTheLatestConsentSmallAndLarge) {
  std::mt19937_64 random(17);
  History history("c");
  int64_t latest = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(history.LatestConsent().since_epoch, latest);
  for (int step = 0; step < 600; ++step) {
    HistoryEntry consent;
    consent.kind = EntryKind::kConsent;
    consent.day = Day{static_cast<int32_t>(random() % 20'000)};
    consent.at = TimeMs{consent.day.since_epoch * kDayMs + static_cast<int64_t>(random() % 1000)};
    if (history.Find(consent)) history.Remove(consent);  // replaced by one of the same time
    ASSERT_TRUE(history.Add(consent));
    const std::string order_id = "o" + std::to_string(step);
    ASSERT_TRUE(history.Add(OrderEntry(order_id, 20000 + step, 5)));
    latest = std::max(latest, consent.at.since_epoch);
    ASSERT_EQ(history.LatestConsent().since_epoch, latest) << step;
  }
}

TEST(HistoryTest, LongestIdsFit) {
  const std::string longest(kMaxIdBytes, 'x');
  History history(longest);
  HistoryEntry entry = OrderEntry(longest, 65000 - 25567, kMaxAmountMinor);
  entry.margin = Minor{-kMaxAmountMinor};
  entry.items = UINT32_MAX;
  ASSERT_TRUE(history.Add(entry));
  EXPECT_TRUE(history.Find(entry)->SameContent(entry));
  EXPECT_EQ(history.customer(), longest);
}

}  // namespace
}  // namespace kundig::engine
