// --as-of of the commands that can be asked about an earlier day.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_AS_OF_H_
#define KUNDIG_TOOLS_AS_OF_H_

#include <CLI/CLI.hpp>

#include <string>

#include "client/client.h"
#include "tools/figures.h"

namespace kundig::tools {

inline void AddAsOf(CLI::App* command, std::string* day) {
  command
      ->add_option("--as-of", *day,
                   "YYYY-MM-DD up to today: entries count up to that day; attributes and rules, "
                   "which have no day, are as they are now")
      ->check(DayMistake);
}

// Of what AddAsOf took.
inline client::AsOf AsOfDay(const std::string& day) {
  return ParseDay(day);
}

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_AS_OF_H_
