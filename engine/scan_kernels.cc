#include "engine/scan_kernels.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/scan_kernels.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep; compiles the rest once for each target
#include <hwy/highway.h>
#include <hwy/targets.h>

HWY_BEFORE_NAMESPACE();
namespace kundig::engine {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The bits of a mask, lane 0 lowest.
template <class D, class M>
HWY_INLINE uint64_t BitsOf(D d, M mask) {
  uint64_t bits = 0;
  hn::StoreMaskBits(d, mask, reinterpret_cast<uint8_t*>(&bits));
  return bits;
}

template <class D>
HWY_INLINE hn::Mask<D> MaskOf(D d, uint64_t bits) {
  return hn::LoadMaskBits(d, reinterpret_cast<const uint8_t*>(&bits));
}

// Writes a bit for each value of value_at(row, lanes' tag) that lies in the range. Comparing with
// the clamped value works for signed and unsigned lanes of every width.
template <typename T, typename ValueAt>
HWY_INLINE void Compare(T low, T high, uint64_t* words, ValueAt&& value_at) {
  const hn::CappedTag<T, 64> d;
  const size_t lanes = hn::Lanes(d);
  const auto low_v = hn::Set(d, low);
  const auto high_v = hn::Set(d, high);
  for (size_t word = 0; word < kSelectionWords; ++word) {
    uint64_t bits = 0;
    for (size_t lane = 0; lane < 64; lane += lanes) {
      const auto value = value_at(d, word * 64 + lane);
      const auto clamped = hn::Max(hn::Min(value, high_v), low_v);
      bits |= BitsOf(d, hn::Eq(clamped, value)) << lane;
    }
    words[word] = bits;
  }
}

template <typename T>
HWY_INLINE void CompareColumn(const T* values, T low, T high, uint64_t* words) {
  Compare<T>(low, high, words, [values](auto d, size_t row) { return hn::LoadU(d, values + row); });
}

void RangeU8(const uint8_t* values, uint8_t low, uint8_t high, uint64_t* words) {
  CompareColumn(values, low, high, words);
}
void RangeU16(const uint16_t* values, uint16_t low, uint16_t high, uint64_t* words) {
  CompareColumn(values, low, high, words);
}
void RangeU32(const uint32_t* values, uint32_t low, uint32_t high, uint64_t* words) {
  CompareColumn(values, low, high, words);
}
void RangeI32(const int32_t* values, int32_t low, int32_t high, uint64_t* words) {
  CompareColumn(values, low, high, words);
}
void LargerRangeU16(const uint16_t* a, const uint16_t* b, uint16_t low, uint16_t high,
                    uint64_t* words) {
  Compare<uint16_t>(low, high, words, [a, b](auto d, size_t row) {
    return hn::Max(hn::LoadU(d, a + row), hn::LoadU(d, b + row));
  });
}

// 32-bit lanes in 64 bits, the two of a pair added up.
#if HWY_TARGET == HWY_SCALAR  // one lane, no pairs
template <typename T64, class D>
using WideTag = hn::Rebind<T64, D>;
template <class D64, class V>
HWY_INLINE hn::Vec<D64> Widen(D64 d64, V lane) {
  return hn::PromoteTo(d64, lane);
}
#else
template <typename T64, class D>
using WideTag = hn::Repartition<T64, D>;
template <class D64, class V>
HWY_INLINE hn::Vec<D64> Widen(D64 d64, V lanes) {
  const auto pairs = hn::BitCast(d64, lanes);
  return hn::Add(hn::ShiftRight<32>(pairs), hn::ShiftRight<32>(hn::ShiftLeft<32>(pairs)));
}
#endif

// Calls add(lanes of the values, 0 where a row is not selected) for all rows.
template <class D, typename T, typename Add>
HWY_INLINE void ForSelected(D d, const T* values, const uint64_t* words, Add&& add) {
  const size_t lanes = hn::Lanes(d);
  for (size_t word = 0; word < kSelectionWords; ++word) {
    const uint64_t bits = words[word];
    if (bits == 0) continue;
    for (size_t lane = 0; lane < 64; lane += lanes) {
      add(hn::IfThenElseZero(MaskOf(d, bits >> lane), hn::LoadU(d, values + word * 64 + lane)));
    }
  }
}

uint64_t SumU32(const uint32_t* values, const uint64_t* words) {
  const hn::CappedTag<uint32_t, 64> d;
  const WideTag<uint64_t, decltype(d)> d64;
  auto sum = hn::Zero(d64);
  ForSelected(d, values, words, [&](auto value) { sum = hn::Add(sum, Widen(d64, value)); });
  return hn::GetLane(hn::SumOfLanes(d64, sum));
}

int64_t SumMoney(const int32_t* values, const uint64_t* words, bool* has_wide) {
  const hn::CappedTag<int32_t, 64> d;
  const WideTag<int64_t, decltype(d)> d64;
  auto sum = hn::Zero(d64);
  auto smallest = hn::Zero(d);
  ForSelected(d, values, words, [&](auto value) {
    smallest = hn::Min(smallest, value);
    sum = hn::Add(sum, Widen(d64, value));
  });
  *has_wide = hn::GetLane(hn::MinOfLanes(d, smallest)) == kWideMoney;
  if (!*has_wide) return hn::GetLane(hn::SumOfLanes(d64, sum));
  // Rare: once more, without the marks.
  const auto wide = hn::Set(d, kWideMoney);
  sum = hn::Zero(d64);
  ForSelected(d, values, words, [&](auto value) {
    sum = hn::Add(sum, Widen(d64, hn::IfThenZeroElse(hn::Eq(value, wide), value)));
  });
  return hn::GetLane(hn::SumOfLanes(d64, sum));
}

uint64_t CountBits(const uint64_t* words) {
  const hn::CappedTag<uint64_t, kSelectionWords> d;
  auto count = hn::Zero(d);
  for (size_t word = 0; word < kSelectionWords; word += hn::Lanes(d)) {
    count = hn::Add(count, hn::PopulationCount(hn::LoadU(d, words + word)));
  }
  return hn::GetLane(hn::SumOfLanes(d, count));
}

// #{k : value > cut_k}
template <class V, class C>
HWY_INLINE V Above(V value, const C& cuts) {
  const hn::DFromV<V> d;
  auto count = hn::Zero(d);
  // A true lane is -1 as a number.
  for (size_t k = 0; k < 4; ++k) {
    count = hn::Sub(count, hn::VecFromMask(d, hn::Gt(value, hn::Set(d, cuts[k]))));
  }
  return count;
}

void Cells(const uint16_t* last_order, const uint32_t* orders, const int32_t* revenue,
           const NarrowCuts& cuts, uint8_t* cells) {
  const hn::ScalableTag<uint32_t> d32;
  const hn::Rebind<int32_t, decltype(d32)> di32;
  const hn::Rebind<uint16_t, decltype(d32)> d16;
  const hn::Rebind<uint8_t, decltype(d32)> d8;
  const size_t lanes = hn::Lanes(d32);
  const auto none = hn::Set(di32, int32_t{kNoCell});
  for (size_t row = 0; row < kBlockRows; row += lanes) {
    const auto r = hn::BitCast(
        di32, hn::PromoteTo(d32, Above(hn::LoadU(d16, last_order + row), cuts.last_order)));
    const auto frequency = hn::LoadU(d32, orders + row);
    const auto f = hn::BitCast(di32, Above(frequency, cuts.orders));
    const auto m = Above(hn::LoadU(di32, revenue + row), cuts.revenue);
    const auto cell =
        hn::Add(hn::Add(hn::Mul(r, hn::Set(di32, 25)), hn::Mul(f, hn::Set(di32, 5))), m);
    const auto unscored = hn::RebindMask(di32, hn::Eq(frequency, hn::Zero(d32)));
    hn::StoreU(hn::DemoteTo(d8, hn::IfThenElse(unscored, none, cell)), d8, cells + row);
  }
}

const char* Target() {
  return hwy::TargetName(HWY_TARGET);
}

}  // namespace HWY_NAMESPACE
}  // namespace kundig::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace kundig::engine {

HWY_EXPORT(RangeU8);
HWY_EXPORT(RangeU16);
HWY_EXPORT(RangeU32);
HWY_EXPORT(RangeI32);
HWY_EXPORT(LargerRangeU16);
HWY_EXPORT(SumU32);
HWY_EXPORT(SumMoney);
HWY_EXPORT(CountBits);
HWY_EXPORT(Cells);
HWY_EXPORT(Target);

Selection InRange(const Column<uint8_t>& values, uint8_t low, uint8_t high) {
  Selection rows;
  HWY_DYNAMIC_DISPATCH(RangeU8)(values.data(), low, high, rows.words());
  return rows;
}
Selection InRange(const Column<uint16_t>& values, uint16_t low, uint16_t high) {
  Selection rows;
  HWY_DYNAMIC_DISPATCH(RangeU16)(values.data(), low, high, rows.words());
  return rows;
}
Selection InRange(const Column<uint32_t>& values, uint32_t low, uint32_t high) {
  Selection rows;
  HWY_DYNAMIC_DISPATCH(RangeU32)(values.data(), low, high, rows.words());
  return rows;
}
Selection InRange(const Column<int32_t>& values, int32_t low, int32_t high) {
  Selection rows;
  HWY_DYNAMIC_DISPATCH(RangeI32)(values.data(), low, high, rows.words());
  return rows;
}
Selection LargerInRange(const Column<uint16_t>& a, const Column<uint16_t>& b, uint16_t low,
                        uint16_t high) {
  Selection rows;
  HWY_DYNAMIC_DISPATCH(LargerRangeU16)(a.data(), b.data(), low, high, rows.words());
  return rows;
}

uint32_t CountOf(const Selection& rows) {
  return static_cast<uint32_t>(HWY_DYNAMIC_DISPATCH(CountBits)(rows.words()));
}
uint64_t SumOf(const Column<uint32_t>& values, const Selection& rows) {
  return HWY_DYNAMIC_DISPATCH(SumU32)(values.data(), rows.words());
}
MoneySum SumOf(const Column<int32_t>& values, const Selection& rows) {
  MoneySum sum;
  sum.narrow = HWY_DYNAMIC_DISPATCH(SumMoney)(values.data(), rows.words(), &sum.has_wide);
  return sum;
}

void RfmCells(const CustomerColumns& columns, const NarrowCuts& cuts, Column<uint8_t>* cells) {
  HWY_DYNAMIC_DISPATCH(Cells)
  (columns.last_order.data(), columns.orders.data(), columns.revenue.data(), cuts, cells->data());
}

const char* KernelTarget() {
  return HWY_DYNAMIC_DISPATCH(Target)();
}

}  // namespace kundig::engine

#endif  // HWY_ONCE
