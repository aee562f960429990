// One question to one block of columns: which rows have a field in a range, and what do rows sum up
// to. Fields that are columns are compared many rows at a time (scan_kernels.h); the others, and
// the rare values that do not fit their column, row by row by the definition in customer_view.h.
//
// Thread safety: needs the book's scan lock.

#ifndef KUNDIG_ENGINE_BLOCK_SCAN_H_
#define KUNDIG_ENGINE_BLOCK_SCAN_H_

#include <cstdint>

#include "engine/customer_block.h"
#include "engine/customer_field.h"
#include "engine/customer_view.h"
#include "engine/selection.h"
#include "engine/wide.h"

namespace kundig::engine {

// The rows that belong to a customer.
Selection LiveRows(const CustomerBlock& block);

// The rows of `among` that have the field and low <= value <= high. Not for kCustomer.
Selection FieldInRange(const BookView& view, const CustomerBlock& block, CustomerField field,
                       int64_t low, int64_t high, const Selection& among);

// A column of money and the field of the row that has what does not fit.
struct MoneyColumn {
  Column<int32_t> CustomerColumns::*column;
  int64_t CustomerFigures::*field;
};
inline constexpr MoneyColumn kRevenueColumn{&CustomerColumns::revenue, &CustomerFigures::revenue};
inline constexpr MoneyColumn kRevenueTotalColumn{&CustomerColumns::revenue_total,
                                                 &CustomerFigures::revenue_total};
inline constexpr MoneyColumn kMarginColumn{&CustomerColumns::margin, &CustomerFigures::margin};
inline constexpr MoneyColumn kMarginTotalColumn{&CustomerColumns::margin_total,
                                                &CustomerFigures::margin_total};
inline constexpr MoneyColumn kAbcColumn{&CustomerColumns::abc_value, &CustomerFigures::abc_value};

// The rows with low <= value <= high; also those of nobody.
Selection MoneyInRange(const CustomerBlock& block, const MoneyColumn& money, int64_t low,
                       int64_t high);
Wide SumOfMoney(const CustomerBlock& block, const MoneyColumn& money, const Selection& rows);

// The RFM cell of each row (scan_kernels.h), kNoCell where it is unscored.
void ScoreCells(const BookView& view, const CustomerBlock& block, Column<uint8_t>* cells);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_BLOCK_SCAN_H_
