// What scans do to one block's columns, many rows at a time: comparisons, sums, RFM cells.
//
// Highway, with a version for each instruction set that the processor may have, chosen at run time.
// Each kernel has a plain twin in tests/engine/scan_kernels_test.cc.
//
// Thread safety: pure functions.

#ifndef KUNDIG_ENGINE_SCAN_KERNELS_H_
#define KUNDIG_ENGINE_SCAN_KERNELS_H_

#include <array>
#include <cstdint>

#include "engine/customer_block.h"
#include "engine/selection.h"

namespace kundig::engine {

// The rows for which low <= value <= high.
Selection InRange(const Column<uint8_t>& values, uint8_t low, uint8_t high);
Selection InRange(const Column<uint16_t>& values, uint16_t low, uint16_t high);
Selection InRange(const Column<uint32_t>& values, uint32_t low, uint32_t high);
Selection InRange(const Column<int32_t>& values, int32_t low, int32_t high);
// The same of the larger of two values.
Selection LargerInRange(const Column<uint16_t>& a, const Column<uint16_t>& b, uint16_t low,
                        uint16_t high);

uint32_t CountOf(const Selection& rows);
// Sums over the selected rows.
uint64_t SumOf(const Column<uint32_t>& values, const Selection& rows);
struct MoneySum {
  int64_t narrow = 0;     // of the values that fit their column
  bool has_wide = false;  // whether a selected value is kWideMoney
};
MoneySum SumOf(const Column<int32_t>& values, const Selection& rows);

// The cell 25 * (r - 1) + 5 * (f - 1) + (m - 1) of each row by last order, orders and revenue, each
// score 1 + #{k : value > cut_k}; kNoCell for rows without orders. Rows whose revenue is kWideMoney
// get a meaningless cell: they are the caller's.
inline constexpr uint8_t kNoCell = 125;
struct NarrowCuts {
  std::array<uint16_t, 4> last_order;
  std::array<uint32_t, 4> orders;
  std::array<int32_t, 4> revenue;
};
void RfmCells(const CustomerColumns& columns, const NarrowCuts& cuts, Column<uint8_t>* cells);

// The instruction set in use, for benchmarks: "AVX2" and the like.
const char* KernelTarget();

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_SCAN_KERNELS_H_
