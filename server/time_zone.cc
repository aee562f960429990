#include "server/time_zone.h"

#include <date/tz.h>

#include <exception>
#include <optional>
#include <vector>

#include "engine/units.h"

namespace kundig::server {
namespace {

constexpr char kZoneFolder[] = "/usr/share/zoneinfo/";

using Offsets = std::vector<engine::Calendar::Offset>;

date::sys_seconds StartOf(engine::Day day) {
  return date::sys_days(date::days(day.since_epoch));
}

Offsets OffsetsOf(const date::time_zone& zone) {
  Offsets offsets;
  const date::sys_seconds end = StartOf(engine::kLastDay + 1);
  date::sys_seconds from = StartOf(engine::kFirstDay);
  while (from < end) {
    const date::sys_info info = zone.get_info(from);
    const auto offset_s = static_cast<int32_t>(info.offset.count());
    if (offsets.empty() || offsets.back().offset_s != offset_s) {
      offsets.push_back({engine::TimeMs{from.time_since_epoch().count() * 1000}, offset_s});
    }
    from = info.end;
  }
  return offsets;
}

}  // namespace

engine::Result<engine::Calendar> LoadTimeZone(const std::string& name) {
  if (name == "UTC" || name == "Etc/UTC") return engine::Calendar();
  try {
    return engine::Calendar(OffsetsOf(*date::locate_zone(name)));
  } catch (const std::exception&) {
    return engine::Error{
        .code = engine::ErrorCode::kInvalidValue,
        .message =
            "expected an IANA time zone such as \"Europe/London\" that this machine's tzdata (" +
            std::string(kZoneFolder) + ") knows, got \"" + name + "\"",
        .field = {},
        .position = std::nullopt};
  }
}

}  // namespace kundig::server
