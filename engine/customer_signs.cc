#include "engine/customer_signs.h"

#include <algorithm>
#include <vector>

#include "engine/history.h"
#include "engine/rules.h"

namespace kundig::engine {
namespace {

struct Notice {
  TimeMs at;
  ColumnDay given = kNoDay, effective = kNoDay;  // effective kNoDay: taken back
};

std::vector<Notice> NoticesOf(const History& history) {
  std::vector<Notice> notices;
  history.ForEachOf(EntryKind::kTermination, [&](const HistoryEntry& entry) {
    notices.push_back(
        {entry.at, ToColumn(entry.day), entry.effective ? ToColumn(*entry.effective) : kNoDay});
  });
  std::sort(notices.begin(), notices.end(),
            [](const Notice& a, const Notice& b) { return a.at < b.at; });
  return notices;
}

// The first of the days behind `than`; kNoDay where there is none or nothing to be behind of.
ColumnDay FirstAfter(std::span<const ColumnDay> days, ColumnDay than) {
  if (than == kNoDay) return kNoDay;
  const auto found = std::upper_bound(days.begin(), days.end(), than);
  return found == days.end() ? kNoDay : *found;
}

CloseDays CloseDaysOf(const History& history, EntryKind kind, int32_t count, int32_t within_days) {
  const auto as_count = static_cast<uint32_t>(count);
  return FindCloseDays(history.DaysOf(kind, as_count), as_count, within_days);
}

}  // namespace

CloseDays FindCloseDays(std::span<const ColumnDay> days, uint32_t count, int32_t within_days) {
  CloseDays close;
  if (days.size() < count) return close;
  close.last = days[days.size() - count];
  // Each day from the count-th on makes them close from itself until within_days after the one that
  // lies count - 1 before it, if that is not over yet. These spans are followed back to a break.
  for (size_t at = days.size(); at-- >= count;) {
    const int32_t end = days[at + 1 - count] + within_days;
    if (end <= days[at] || (close.since != kNoDay && end < close.since)) break;
    close.since = days[at];
  }
  return close;
}

void AddOwnerChange(ColumnDay today, ColumnDay first_order, const RuleSettings& rules,
                    CustomerSigns* signs) {
  auto& days = signs->owner_changes;
  if (days.back() == today) return;
  const auto early = [&](ColumnDay day) {
    return IsEarlyChange(day, first_order, rules.risk.handover_days);
  };
  // What ends a handover is its time, not how often the owner changes afterwards.
  const auto gone = days.begin() + (early(days[0]) && !early(days[1]) ? 1 : 0);
  std::move(gone + 1, days.end(), gone);
  days.back() = today;
}

void SettleNotices(const History& history, CustomerSigns* signs) {
  signs->notice = signs->older_notice = kNoDay;
  for (const Notice& notice : NoticesOf(history)) {
    if (notice.effective != kNoDay && signs->notice < notice.given) {
      signs->older_notice = std::max(signs->older_notice, signs->notice);
    }
    signs->notice = notice.effective;
  }
}

void SettlePurchases(const History& history, const RuleSettings& rules, CustomerSigns* signs) {
  const std::vector<ColumnDay> days = history.PurchaseDays();
  signs->come_back = kNoDay;
  for (size_t at = days.size(); at-- > 1;) {
    if (days[at] - days[at - 1] < rules.activity.inactive_after) continue;
    signs->come_back = days[at];
    break;
  }
  signs->back_after_notice = FirstAfter(days, signs->notice);
  signs->back_after_older = FirstAfter(days, signs->older_notice);
}

void SettleContacts(const History& history, ColumnDay first_order, const RuleSettings& rules,
                    CustomerSigns* signs) {
  const int32_t many = rules.risk.contacts_per_30_days + 1;
  const int32_t early_many = rules.risk.contacts_after_first_order + 1;
  const std::vector<ColumnDay> days =
      history.DaysOf(EntryKind::kContact, static_cast<uint32_t>(std::max(many, early_many)));
  signs->contacts = FindCloseDays(days, static_cast<uint32_t>(many), kCrowdDays);
  signs->early_contact = kNoDay;
  if (first_order == kNoDay) return;
  const auto first = std::lower_bound(days.begin(), days.end(), first_order);
  if (days.end() - first < early_many) return;
  const ColumnDay day = first[early_many - 1];
  if (day - first_order < kNewCustomerDays) signs->early_contact = day;
}

void SettleService(const History& history, const RuleSettings& rules, CustomerSigns* signs) {
  signs->service =
      CloseDaysOf(history, EntryKind::kServiceRequest, rules.risk.service_requests, kCrowdDays);
}

void SettlePayments(const History& history, const RuleSettings& rules, CustomerSigns* signs) {
  signs->late_payments =
      CloseDaysOf(history, EntryKind::kLatePayment, 1, rules.risk.late_payment_days);
}

void SettleComplaints(const History& history, CustomerSigns* signs) {
  signs->complaint = kNoDay;
  history.ForEachOf(EntryKind::kComplaint, [&](const HistoryEntry& entry) {
    if (entry.closed) return;
    const ColumnDay day = ToColumn(entry.day);
    signs->complaint = signs->complaint == kNoDay ? day : std::min(signs->complaint, day);
  });
}

void SettleSigns(const History& history, ColumnDay first_order, const RuleSettings& rules,
                 CustomerSigns* signs) {
  const auto has = [kinds = history.Kinds()](EntryKind kind) {
    return (kinds >> static_cast<int>(kind) & 1) != 0;
  };
  if (has(EntryKind::kTermination)) SettleNotices(history, signs);
  if (has(EntryKind::kOrder)) SettlePurchases(history, rules, signs);
  if (has(EntryKind::kContact)) SettleContacts(history, first_order, rules, signs);
  if (has(EntryKind::kServiceRequest)) SettleService(history, rules, signs);
  if (has(EntryKind::kLatePayment)) SettlePayments(history, rules, signs);
  if (has(EntryKind::kComplaint)) SettleComplaints(history, signs);
}

}  // namespace kundig::engine
