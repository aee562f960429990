#include "engine/customer_block.h"

namespace kundig::engine {
namespace {

int32_t NarrowMoney(int64_t amount) {
  return amount < kFirstNarrowMoney || amount > kLastNarrowMoney ? kWideMoney
                                                                 : static_cast<int32_t>(amount);
}

}  // namespace

void CustomerBlock::StoreMeasures(uint32_t at) {
  const CustomerRow& row = rows[at];
  columns.first_order[at] = row.first_order;
  columns.last_order[at] = row.last_order;
  columns.purchase_days[at] = row.purchase_days;
  columns.purchase_days_window[at] = row.purchase_days_window;
  columns.orders[at] = row.orders;
  columns.orders_total[at] = row.orders_total;
  columns.revenue[at] = NarrowMoney(row.revenue);
  columns.revenue_total[at] = NarrowMoney(row.revenue_total);
  columns.margin[at] = NarrowMoney(row.margin);
  columns.margin_total[at] = NarrowMoney(row.margin_total);
  columns.abc_value[at] = NarrowMoney(row.abc_value);
  columns.items[at] = row.items < kWideItems ? static_cast<uint32_t>(row.items) : kWideItems;
}

void CustomerBlock::PrefetchMeasures(uint32_t at) const {
  constexpr int kToWrite = 1;
  __builtin_prefetch(&columns.first_order[at], kToWrite);
  __builtin_prefetch(&columns.last_order[at], kToWrite);
  __builtin_prefetch(&columns.purchase_days[at], kToWrite);
  __builtin_prefetch(&columns.purchase_days_window[at], kToWrite);
  __builtin_prefetch(&columns.orders[at], kToWrite);
  __builtin_prefetch(&columns.orders_total[at], kToWrite);
  __builtin_prefetch(&columns.revenue[at], kToWrite);
  __builtin_prefetch(&columns.revenue_total[at], kToWrite);
  __builtin_prefetch(&columns.margin[at], kToWrite);
  __builtin_prefetch(&columns.margin_total[at], kToWrite);
  __builtin_prefetch(&columns.abc_value[at], kToWrite);
  __builtin_prefetch(&columns.items[at], kToWrite);
  __builtin_prefetch(&changed_at[at], kToWrite);
}

void CustomerBlock::StoreContacts(uint32_t at) {
  const CustomerRow& row = rows[at];
  columns.last_visit[at] = row.last_visit;
  columns.last_contact[at] = row.last_contact;
  columns.consent[at] = row.consent;
  columns.consent_until[at] = row.consent_until;
}

void CustomerBlock::StoreAll(uint32_t at) {
  StoreMeasures(at);
  StoreContacts(at);
  StoreAttributes(at);
  StoreClosedClass(at);
  columns.live[at] = rows[at].live ? 1 : 0;
}

void CustomerBlock::StoreAttributes(uint32_t at) {
  const CustomerRow& row = rows[at];
  columns.country[at] = row.country;
  columns.region[at] = row.region;
  columns.owner[at] = row.owner;
  columns.company_size[at] = row.company_size;
  columns.products[at] = row.products;
  columns.potential[at] =
      row.potential == kNoPotential ? kNoNarrowPotential : NarrowMoney(row.potential);
  columns.kind[at] = static_cast<uint8_t>(row.kind);
  columns.key_account[at] = static_cast<uint8_t>(row.key_account);
  columns.satisfaction[at] = row.satisfaction;
  columns.referral[at] = row.referral;
  columns.bonding[at] = row.bonding;
  columns.pinned_class[at] = row.pinned_class;
}

}  // namespace kundig::engine
