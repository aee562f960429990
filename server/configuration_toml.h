// The sections of the TOML file, without [server], as the settings of a book.
//
// Thread safety: pure functions of their arguments.

#ifndef KUNDIG_SERVER_CONFIGURATION_TOML_H_
#define KUNDIG_SERVER_CONFIGURATION_TOML_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/rules.h"
#include "engine/units.h"
#include "server/toml_section.h"

namespace kundig::server {

struct BookSettings {
  engine::RuleSettings rules;  // of the right types, not yet checked: that is CompileRules'
  std::string time_zone = "UTC";
  std::optional<engine::Day> today;
  uint64_t memory_limit_bytes = 0;  // 0 = none named
};

// Reads every section of `root` that is the book's. The first mistake is left in the file's
// error().
BookSettings ReadBookSettings(TomlSection* root);

// The settings as a TOML file that reads back as the same ones.
std::string PrintBookSettings(const engine::RuleSettings& rules, const std::string& time_zone,
                              std::optional<engine::Day> today, uint64_t memory_limit_bytes);
// A text in quotes, as TOML writes it.
std::string Quoted(const std::string& text);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_CONFIGURATION_TOML_H_
