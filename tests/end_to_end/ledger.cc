#include "tests/end_to_end/ledger.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <random>

namespace kundig::end_to_end {
namespace {

constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;
constexpr uint32_t kDays = 60;  // that orders fall on; fewer than the bits of Figures::days
constexpr int32_t kTooLate = kLedgerToday + 2;

}  // namespace

LedgerBatch::LedgerBatch(uint64_t number, size_t events) : number_(number) {
  std::minstd_rand random(static_cast<uint32_t>(number) + 1);
  events_.resize(events);
  for (size_t place = 0; place < events; ++place) {
    LedgerEvent& event = events_[place];
    event.id = place;
    event.day = kLedgerToday - static_cast<int32_t>(random() % kDays);
    event.amount_minor = static_cast<int64_t>(random() % 100'000);
    if (place == 0 || place + 1 == events) continue;  // the witness's
    event.customer = random() % Ledger::kSharedCustomers;
    const LedgerEvent& earlier = events_[place - 1];
    if (place % 61 == 7) {
      event.day = kTooLate;
      event.refused = true;
    } else if (place % 16 == 5) {
      event = earlier;  // sent twice
    } else if (place % 16 == 9) {
      event.customer = earlier.customer;  // corrected
      event.id = earlier.id;
    } else if (!only_orders() && place % 16 == 12) {
      event.kind = LedgerEvent::Kind::kReturn;
      ++event.amount_minor;
    } else if (!only_orders() && place % 16 == 14) {
      event.kind = LedgerEvent::Kind::kCancelled;
      event.customer = earlier.customer;
      event.id = earlier.id;
    }
  }
  for (const LedgerEvent& event : events_) refused_ += event.refused ? 1 : 0;
}

std::string LedgerBatch::CustomerOf(const LedgerEvent& event) const {
  return event.customer == LedgerEvent::kWitness ? Witness(number_) : Shared(event.customer);
}

std::string LedgerBatch::IdOf(const LedgerEvent& event) const {
  return std::to_string(number_) + "." + std::to_string(event.id);
}

client::OrderBatch LedgerBatch::Orders() const {
  client::OrderBatch orders;
  for (const LedgerEvent& event : events_) {
    orders.Add(CustomerOf(event), IdOf(event), event.day * kDayMs, event.amount_minor);
  }
  return orders;
}

client::EventBatch LedgerBatch::Events() const {
  client::EventBatch batch;
  for (const LedgerEvent& event : events_) {
    switch (event.kind) {
      case LedgerEvent::Kind::kOrder:
        batch.Order(CustomerOf(event), IdOf(event), event.day * kDayMs, event.amount_minor);
        break;
      case LedgerEvent::Kind::kCancelled:
        batch.CancelOrder(CustomerOf(event), IdOf(event));
        break;
      case LedgerEvent::Kind::kReturn:
        batch.Return(CustomerOf(event), IdOf(event), event.day * kDayMs, event.amount_minor);
        break;
    }
  }
  return batch;
}

LedgerBatch Ledger::Begin() {
  uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = states_.size();
    states_.push_back(State::kSent);
  }
  return LedgerBatch(number, batch_events_);
}

void Ledger::Settle(const LedgerBatch& batch, State state) {
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(states_[batch.number()], State::kSent) << "batch " << batch.number() << " twice";
  states_[batch.number()] = state;
  if (state == State::kAcknowledged) acknowledged_events_ += batch.places();
  if (state == State::kLost) ++lost_batches_;
}

uint64_t Ledger::acknowledged_events() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_events_;
}

uint64_t Ledger::lost_batches() const {
  const std::lock_guard lock(mutex_);
  return lost_batches_;
}

Ledger::Figures Ledger::Fold(const LedgerBatch& batch, std::vector<Figures>* shared) {
  Figures witness;
  const auto of = [&](const LedgerEvent& event) {
    return event.customer == LedgerEvent::kWitness ? &witness : &(*shared)[event.customer];
  };
  std::map<size_t, const LedgerEvent*> orders;  // as they are in the end, by id
  for (const LedgerEvent& event : batch.events()) {
    if (event.refused) continue;
    of(event)->found = true;
    switch (event.kind) {
      case LedgerEvent::Kind::kOrder:
        orders[event.id] = &event;
        break;
      case LedgerEvent::Kind::kCancelled:
        orders.erase(event.id);
        break;
      case LedgerEvent::Kind::kReturn:
        of(event)->revenue -= event.amount_minor;
        break;
    }
  }
  for (const auto& [id, order] : orders) {
    Figures* customer = of(*order);
    ++customer->orders;
    customer->revenue += order->amount_minor;
    customer->days |= uint64_t{1} << (kLedgerToday - order->day);
  }
  return witness;
}

bool Ledger::Equal(const wire::ProfileRecord& record, const Figures& expected) {
  if (record.found() != expected.found) return false;
  if (!expected.found) return true;
  if (record.orders_total() != expected.orders || record.orders() != expected.orders ||
      record.revenue_total() != expected.revenue || record.revenue() != expected.revenue ||
      record.purchase_days() != static_cast<uint32_t>(std::popcount(expected.days))) {
    return false;
  }
  return expected.days == 0 ||
         (record.last_order() == kLedgerToday - std::countr_zero(expected.days) &&
          record.first_order() == kLedgerToday - (63 - std::countl_zero(expected.days)));
}

void Ledger::Judge(uint64_t number, const wire::ProfileRecord& witness) {
  State* state = &states_[number];
  switch (*state) {
    case State::kSent:
      ADD_FAILURE() << "batch " << number << " is still on its way";
      return;
    case State::kRefused:
    case State::kAbsent:
      EXPECT_FALSE(witness.found()) << "batch " << number << " was not to come";
      *state = State::kAbsent;
      return;
    case State::kLost:
      *state = State::kAbsent;
      if (!witness.found()) return;
      ++kept_of_lost_;
      [[fallthrough]];
    case State::kAcknowledged: {
      *state = State::kKept;
      const LedgerBatch batch(number, batch_events_);
      EXPECT_TRUE(Equal(witness, Fold(batch, &shared_))) << "batch " << number;
      places_ += batch.places();
      ++kept_batches_;
      return;
    }
    case State::kKept:
      EXPECT_EQ(witness.orders_total(), 2U) << "batch " << number;
      return;
  }
}

bool Ledger::Check(client::Client* client) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < kSharedCustomers; ++i) ids.push_back(LedgerBatch::Shared(i));
  for (uint64_t i = 0; i < states_.size(); ++i) ids.push_back(LedgerBatch::Witness(i));
  const auto replies = client->Records(ids);
  const auto status = client->Status();
  if (!replies || !status) return false;
  std::vector<wire::ProfileRecord> records;
  for (const wire::RecordsReplyT& reply : *replies) {
    records.insert(records.end(), reply.records.begin(), reply.records.end());
  }
  EXPECT_EQ(records.size(), ids.size());
  if (records.size() != ids.size()) return true;

  for (uint64_t i = 0; i < states_.size(); ++i) Judge(i, records[kSharedCustomers + i]);
  uint64_t customers = kept_batches_, orders = 2 * kept_batches_;
  for (size_t i = 0; i < kSharedCustomers; ++i) {
    EXPECT_TRUE(Equal(records[i], shared_[i]))
        << ids[i] << " has " << records[i].orders_total() << " orders of "
        << records[i].revenue_total() << " instead of " << shared_[i].orders << " of "
        << shared_[i].revenue;
    if (shared_[i].found) ++customers;
    orders += shared_[i].orders;
  }
  EXPECT_EQ(status->state->journal_sequence(), places_);
  EXPECT_EQ(status->customers, customers);
  EXPECT_EQ(status->orders, orders);
  return true;
}

}  // namespace kundig::end_to_end
