// The signs of a customer: what phase and risks (customer_phase.h) need and no other figure tells.
//
// All but two follow from the history and the rules: the sums move with every order and every day
// (shard_measures.cc), the days here are days of entries, which no day change moves. What holds
// today is judged when it is asked, so that nothing has to be gone through when a day ends.
// `owner_changes` are told by nothing else; `lead_opened` follows from the leads.
//
// Thread safety: plain values; the functions are pure.

#ifndef KUNDIG_ENGINE_CUSTOMER_SIGNS_H_
#define KUNDIG_ENGINE_CUSTOMER_SIGNS_H_

#include <array>
#include <cstdint>
#include <span>

#include "engine/column_day.h"

namespace kundig::engine {

class History;
struct RuleSettings;

// Contacts, service requests or late payments that lie as close as a rule asks about: so many of
// them within so many days.
struct CloseDays {
  ColumnDay last = kNoDay;   // of the latest so many the earliest: close until so long after it
  ColumnDay since = kNoDay;  // when they began to be, without a break up to the latest
};

// Days on which an owner was followed by another or by none that are kept of a customer.
inline constexpr size_t kKeptOwnerChanges = 4;

// One cache line.
struct alignas(64) CustomerSigns {
  // Orders minus returns of the last phase.span_days days, and of as many before those; and costs
  // of all time. As of today.
  int64_t recent = 0, before = 0, costs_total = 0;

  // The latest purchase day with activity.inactive_after days or more since the one before it.
  ColumnDay come_back = kNoDay;
  // The effective day of the last notice, if it was not taken back; and the latest one of a notice
  // that a later one found passed. Behind each: the first purchase day after it.
  ColumnDay notice = kNoDay, back_after_notice = kNoDay;
  ColumnDay older_notice = kNoDay, back_after_older = kNoDay;

  ColumnDay complaint = kNoDay;  // the oldest open one
  CloseDays contacts;            // one more than risk.contacts_per_30_days
  // The contact that was one too many in kNewCustomerDays from the first order on.
  ColumnDay early_contact = kNoDay;
  CloseDays service;        // risk.service_requests
  CloseDays late_payments;  // one within risk.late_payment_days

  // Ascending, kNoDay first: the latest ones, and of those before them the last that lay within
  // risk.handover_days of the first order when another took its place.
  std::array<ColumnDay, kKeptOwnerChanges> owner_changes{};
  // Of the open leads opened after the last contact the oldest.
  ColumnDay lead_opened = kNoDay;
  uint16_t reserved[2]{};
};
static_assert(sizeof(CustomerSigns) == 64);

// Days that "in 30 days" and "in the 30 days after the first order" mean.
inline constexpr int32_t kCrowdDays = 30;
inline constexpr int32_t kNewCustomerDays = 30;

// `days` ascend, and may repeat.
CloseDays FindCloseDays(std::span<const ColumnDay> days, uint32_t count, int32_t within_days);

// Of today, which is no earlier than any change before.
void AddOwnerChange(ColumnDay today, ColumnDay first_order, const RuleSettings& rules,
                    CustomerSigns* signs);
// Whether an owner changed so soon after the first order.
inline bool IsEarlyChange(ColumnDay change, ColumnDay first_order, int32_t handover_days) {
  return first_order != kNoDay && change >= first_order && change - first_order < handover_days;
}

// Each sets what its name says from the history. SettlePurchases needs the notices.
void SettleNotices(const History& history, CustomerSigns* signs);
void SettlePurchases(const History& history, const RuleSettings& rules, CustomerSigns* signs);
void SettleContacts(const History& history, ColumnDay first_order, const RuleSettings& rules,
                    CustomerSigns* signs);
void SettleService(const History& history, const RuleSettings& rules, CustomerSigns* signs);
void SettlePayments(const History& history, const RuleSettings& rules, CustomerSigns* signs);
void SettleComplaints(const History& history, CustomerSigns* signs);
// All days that follow from a history; the sums are not touched.
void SettleSigns(const History& history, ColumnDay first_order, const RuleSettings& rules,
                 CustomerSigns* signs);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_SIGNS_H_
