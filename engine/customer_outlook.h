// What the churn model in force foretells of a customer: the same for a row and for columns
// (customer_block.h).
//
// Thread safety: needs the book's lookup, scan or write lock.

#ifndef KUNDIG_ENGINE_CUSTOMER_OUTLOOK_H_
#define KUNDIG_ENGINE_CUSTOMER_OUTLOOK_H_

#include "engine/book_view.h"
#include "engine/churn_outlook.h"
#include "engine/customer_block.h"
#include "engine/purchase_groups.h"
#include "engine/query.h"

namespace kundig::engine {

// Of a customer with a purchase day.
template <typename Fields>
PurchaseHistory PurchasesOf(const BookView& view, const Fields& c) {
  return InWeeks(PurchaseDaysOf(c.purchase_days(), FromColumn(c.first_order()),
                                FromColumn(c.last_order()), view.today));
}

// Only where there is a spend model.
template <typename Fields>
Minor ClvOf(const ChurnOutlook& churn, const Fields& c, double expected_orders) {
  const bool margin = churn.measure() == SpendMeasure::kMargin;
  return churn.Clv(expected_orders, c.orders_total(),
                   Minor{margin ? c.margin_total() : c.revenue_total()});
}

// Whether he is more likely gone than the band `medium` allows; nobody is where no model is in
// force.
template <typename Fields>
bool MayBeLost(const BookView& view, const Fields& c) {
  return view.churn != nullptr && c.purchase_days() > 0 &&
         BandOf(1 - view.churn->PAlive(PurchasesOf(view, c))) == ChurnBand::kHigh;
}

// The expected orders to come, priced; 0 without a purchase day. Only where there is a spend model.
template <typename Fields>
Minor ClvOf(const BookView& view, const Fields& c) {
  if (c.purchase_days() == 0) return Minor{};
  const PurchaseHistory purchases = PurchasesOf(view, c);
  const double p_alive = view.churn->PAlive(purchases);
  return ClvOf(*view.churn, c, view.churn->ExpectedOrders(purchases, p_alive));
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_OUTLOOK_H_
