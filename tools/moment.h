// Times and days as files give them.
//
// Thread safety: a MomentReader belongs to one thread (it remembers the zone's offset that it used
// last, because consecutive rows mostly share it).

#ifndef KUNDIG_TOOLS_MOMENT_H_
#define KUNDIG_TOOLS_MOMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tools/import_failure.h"

namespace kundig::tools {

// Today in UTC, as days since 1970-01-01.
int32_t TodayUtc();

class MomentReader {
 public:
  // `zone` is an IANA name: times without a zone are local to it. `format`, where not empty, is a
  // form of strptime (%f, fractions of a second, included) and replaces the forms below.
  static Outcome<MomentReader> Create(const std::string& zone, const std::string& format);
  MomentReader(MomentReader&&) noexcept;
  MomentReader& operator=(MomentReader&&) noexcept;
  ~MomentReader();

  // YYYY-MM-DD, YYYY-MM-DD HH:MM[:SS[.fraction]] (or with T), RFC 3339 with an offset.
  // -> Unix milliseconds, finer fractions cut off; nullopt where the text is no time.
  //
  // A local time that occurs twice (clocks go back) is the earlier one; one that does not occur
  // (clocks go forward) is read with the offset before the gap.
  std::optional<int64_t> ReadMs(std::string_view text);

  // A day: YYYY-MM-DD or YYYYMMDD, or a time in the format.
  std::optional<int32_t> ReadDay(std::string_view text);

 private:
  class Impl;
  explicit MomentReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_MOMENT_H_
