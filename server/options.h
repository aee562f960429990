// The table behind the section [server]: one line for each option gives it its key, flag,
// environment variable, range and help.
//
// Thread safety: immutable.

#ifndef KUNDIG_SERVER_OPTIONS_H_
#define KUNDIG_SERVER_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "server/configuration.h"

namespace kundig::server {

struct OptionSpec {
  const char* name;  // the key: max_connections
  const char* help;
  std::variant<std::string ServerOptions::*, uint32_t ServerOptions::*, uint64_t ServerOptions::*>
      member;
  uint64_t low = 0, high = 0;  // of a number
  const char* form = nullptr;  // of a text, in words
  bool (*accepts)(const std::string& text) =
      nullptr;  // nullptr: the range is all there is to check
};

std::span<const OptionSpec> OptionSpecs();

std::string FlagOf(const OptionSpec& option);              // --max-connections
std::string EnvironmentVariableOf(std::string_view name);  // KUNDIGD_MAX_CONNECTIONS
bool IsNumber(const OptionSpec& option);
std::string ValueOf(const OptionSpec& option, const ServerOptions& options);
// What is expected of the option, in words.
std::string Expected(const OptionSpec& option);
// False, and nothing changed, where `text` is not what is expected.
bool SetOption(const OptionSpec& option, const std::string& text, ServerOptions* options);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_OPTIONS_H_
