#include "tools/show.h"

#include <fmt/format.h>

#include <cstdio>

namespace kundig::tools {

int RefuseCsv(const GlobalOptions& options, std::string_view command) {
  if (!options.csv) return kExitDone;
  fmt::print(stderr, "kundig: {} answers no rows, so take --json instead of --csv\n", command);
  return kExitUsage;
}

}  // namespace kundig::tools
