// The CDNOW sample that the published figures were computed from: 2,357 customers who first bought
// in the first quarter of 1997, where this checkout has it beside it.
//
// Thread safety: a free function.

#ifndef KUNDIG_TESTS_ENGINE_CDNOW_SAMPLE_H_
#define KUNDIG_TESTS_ENGINE_CDNOW_SAMPLE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "engine/units.h"

namespace kundig::engine {

// Cents by purchase day.
using CdnowCustomer = std::map<Day, int64_t>;

inline constexpr Day kCdnowCalibrationEnd{10134};  // 1997-09-30, which the papers fit through

// Nothing where the file is not there.
std::optional<std::vector<CdnowCustomer>> ReadCdnowSample();

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_CDNOW_SAMPLE_H_
