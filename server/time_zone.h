// From the name of a time zone to its offsets, which the engine takes as plain data.
//
// The names and offsets are those of the machine's tzdata (/usr/share/zoneinfo). Its files list
// changes up to 2037; from then on the last offset of 2037 stays, because the library reads no
// further.
//
// Thread safety: a pure function of the machine's tzdata.

#ifndef KUNDIG_SERVER_TIME_ZONE_H_
#define KUNDIG_SERVER_TIME_ZONE_H_

#include <string>

#include "engine/calendar.h"
#include "engine/result.h"

namespace kundig::server {

// `name` is an IANA name (Europe/London); UTC and Etc/UTC need no tzdata. Error: kInvalidValue,
// with `field` empty, where the zone is unknown or tzdata cannot be read.
engine::Result<engine::Calendar> LoadTimeZone(const std::string& name);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_TIME_ZONE_H_
