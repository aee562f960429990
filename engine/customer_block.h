// The customers of a shard, kBlockRows at a time: their rows, and a narrow copy of them by columns.
//
// Lookups read a row: all about one customer in three cache lines. Scans read columns: of ten
// million customers only the fields that a question names, days in 16 bits and money in 32, because
// the memory's bandwidth is what a scan costs. The row is the truth; every change of a row ends
// with copying the fields that changed into the columns, so the two never differ when the write
// lock is let go.
//
// Money that does not fit 32 bits is marked kWideMoney in its column and read from the row; so are
// items above 32 bits.
//
// Thread safety: reading needs the book's lookup, scan or write lock, writing the write lock.

#ifndef KUNDIG_ENGINE_CUSTOMER_BLOCK_H_
#define KUNDIG_ENGINE_CUSTOMER_BLOCK_H_

#include <array>
#include <cstdint>
#include <limits>

#include "engine/customer_row.h"

namespace kundig::engine {

inline constexpr uint32_t kBlockRows = 2048;

inline constexpr int32_t kWideMoney = std::numeric_limits<int32_t>::min();
inline constexpr int32_t kNoNarrowPotential = kWideMoney + 1;
inline constexpr int64_t kFirstNarrowMoney = kWideMoney + 2;
inline constexpr int64_t kLastNarrowMoney = std::numeric_limits<int32_t>::max();
inline constexpr uint32_t kWideItems = std::numeric_limits<uint32_t>::max();

template <typename T>
using Column = std::array<T, kBlockRows>;

// In the fields' order of use: what one question reads together lies together.
struct CustomerColumns {
  Column<uint8_t> live;
  Column<ColumnDay> last_order, last_visit, last_contact, first_order;
  Column<uint32_t> orders;
  Column<int32_t> revenue, revenue_total, abc_value;
  Column<uint16_t> purchase_days, purchase_days_window;
  Column<uint32_t> orders_total;
  Column<int32_t> margin, margin_total;
  Column<uint32_t> items;
  Column<NameCode> country, region, owner;
  Column<uint32_t> company_size, products;
  Column<int32_t> potential;
  Column<ColumnDay> consent_until;
  Column<ColumnConsent> consent;
  Column<uint8_t> kind;         // ColumnKind
  Column<uint8_t> key_account;  // ColumnFlag
  Column<uint8_t> satisfaction, referral, bonding;
  Column<ClassCode> pinned_class, closed_class;
};

// Lives in zeroed memory of a BlockArena. An all-zero row is that of nobody.
struct CustomerBlock {
  std::array<CustomerRow, kBlockRows> rows;
  CustomerColumns columns;

  // journal_sequence of the last entry that changed a customer's figures, which only paging reads.
  std::array<uint64_t, kBlockRows> changed_at;

  // Copy what the row at `at` says into the columns.
  void StoreAll(uint32_t at);
  void StoreMeasures(uint32_t at);  // what orders and returns change
  void StoreContacts(uint32_t at);  // what visits, contacts and consents change
  void StoreAttributes(uint32_t at);
  void StoreClosedClass(uint32_t at) { columns.closed_class[at] = rows[at].closed_class; }

  // Asks the processor for the lines that an order of this row will write.
  void PrefetchMeasures(uint32_t at) const;
};

// One customer as its row says: what field definitions (customer_view.h) read for a lookup ...
class RowFields {
 public:
  explicit RowFields(const CustomerFigures& row) : row_(row) {}

  int64_t revenue_total() const { return row_.revenue_total; }
  int64_t margin_total() const { return row_.margin_total; }
  int64_t revenue() const { return row_.revenue; }
  int64_t margin() const { return row_.margin; }
  int64_t abc_value() const { return row_.abc_value; }
  int64_t potential() const { return row_.potential; }
  uint64_t items() const { return row_.items; }
  uint32_t orders_total() const { return row_.orders_total; }
  uint32_t orders() const { return row_.orders; }
  NameCode country() const { return row_.country; }
  NameCode region() const { return row_.region; }
  NameCode owner() const { return row_.owner; }
  uint32_t company_size() const { return row_.company_size; }
  uint32_t products() const { return row_.products; }
  ColumnDay first_order() const { return row_.first_order; }
  ColumnDay last_order() const { return row_.last_order; }
  ColumnDay last_visit() const { return row_.last_visit; }
  ColumnDay last_contact() const { return row_.last_contact; }
  uint16_t purchase_days() const { return row_.purchase_days; }
  uint16_t purchase_days_window() const { return row_.purchase_days_window; }
  ColumnDay consent_until() const { return row_.consent_until; }
  ColumnConsent consent() const { return row_.consent; }
  ColumnKind kind() const { return row_.kind; }
  ColumnFlag key_account() const { return row_.key_account; }
  uint8_t satisfaction() const { return row_.satisfaction; }
  uint8_t referral() const { return row_.referral; }
  uint8_t bonding() const { return row_.bonding; }
  ClassCode pinned_class() const { return row_.pinned_class; }
  ClassCode closed_class() const { return row_.closed_class; }
  const CustomerSigns& signs() const { return row_; }

 private:
  const CustomerFigures& row_;
};

// ... and as the columns say: what they read for a scan.
class ColumnFields {
 public:
  ColumnFields(const CustomerBlock& block, uint32_t at) : block_(block), at_(at) {}

  int64_t revenue_total() const {
    return Widened(block_.columns.revenue_total, &CustomerFigures::revenue_total);
  }
  int64_t margin_total() const {
    return Widened(block_.columns.margin_total, &CustomerFigures::margin_total);
  }
  int64_t revenue() const { return Widened(block_.columns.revenue, &CustomerFigures::revenue); }
  int64_t margin() const { return Widened(block_.columns.margin, &CustomerFigures::margin); }
  int64_t abc_value() const {
    return Widened(block_.columns.abc_value, &CustomerFigures::abc_value);
  }
  int64_t potential() const {
    if (block_.columns.potential[at_] == kNoNarrowPotential) return kNoPotential;
    return Widened(block_.columns.potential, &CustomerFigures::potential);
  }
  uint64_t items() const {
    const uint32_t narrow = block_.columns.items[at_];
    return narrow == kWideItems ? block_.rows[at_].items : narrow;
  }
  uint32_t orders_total() const { return block_.columns.orders_total[at_]; }
  uint32_t orders() const { return block_.columns.orders[at_]; }
  NameCode country() const { return block_.columns.country[at_]; }
  NameCode region() const { return block_.columns.region[at_]; }
  NameCode owner() const { return block_.columns.owner[at_]; }
  uint32_t company_size() const { return block_.columns.company_size[at_]; }
  uint32_t products() const { return block_.columns.products[at_]; }
  ColumnDay first_order() const { return block_.columns.first_order[at_]; }
  ColumnDay last_order() const { return block_.columns.last_order[at_]; }
  ColumnDay last_visit() const { return block_.columns.last_visit[at_]; }
  ColumnDay last_contact() const { return block_.columns.last_contact[at_]; }
  uint16_t purchase_days() const { return block_.columns.purchase_days[at_]; }
  uint16_t purchase_days_window() const { return block_.columns.purchase_days_window[at_]; }
  ColumnDay consent_until() const { return block_.columns.consent_until[at_]; }
  ColumnConsent consent() const { return block_.columns.consent[at_]; }
  ColumnKind kind() const { return static_cast<ColumnKind>(block_.columns.kind[at_]); }
  ColumnFlag key_account() const {
    return static_cast<ColumnFlag>(block_.columns.key_account[at_]);
  }
  uint8_t satisfaction() const { return block_.columns.satisfaction[at_]; }
  uint8_t referral() const { return block_.columns.referral[at_]; }
  uint8_t bonding() const { return block_.columns.bonding[at_]; }
  ClassCode pinned_class() const { return block_.columns.pinned_class[at_]; }
  ClassCode closed_class() const { return block_.columns.closed_class[at_]; }
  // Phase and risks look at most of it, so there is no copy by columns.
  const CustomerSigns& signs() const { return block_.rows[at_]; }

 private:
  int64_t Widened(const Column<int32_t>& column, int64_t CustomerFigures::*field) const {
    const int32_t narrow = column[at_];
    return narrow == kWideMoney ? block_.rows[at_].*field : narrow;
  }

  const CustomerBlock& block_;
  const uint32_t at_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CUSTOMER_BLOCK_H_
