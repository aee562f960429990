// Single values of answers as JSON: what is absent becomes null, and a decimal the number that it
// is.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_JSON_VALUES_H_
#define KUNDIG_TOOLS_JSON_VALUES_H_

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "tools/figures.h"
#include "tools/names.h"

namespace kundig::tools {

inline boost::json::value TextOrNull(const std::string& text) {
  return text.empty() ? boost::json::value(nullptr) : boost::json::value(text);
}

template <typename T>
boost::json::value NumberOrNull(const flatbuffers::Optional<T>& number) {
  return number ? boost::json::value(*number) : boost::json::value(nullptr);
}

template <typename T>
boost::json::value NameOrNull(const flatbuffers::Optional<T>& code) {
  return code ? boost::json::value(Name(*code)) : boost::json::value(nullptr);
}

inline boost::json::value DayOrNull(const flatbuffers::Optional<int32_t>& day) {
  return day ? boost::json::value(FormatDay(*day)) : boost::json::value(nullptr);
}

inline boost::json::value DecimalJson(int64_t value, int64_t parts) {
  // The nearest double prints as the exact decimal, since its shortest form has few digits.
  if (value % parts == 0) return value / parts;
  return static_cast<double>(value) / static_cast<double>(parts);
}

template <typename T>
boost::json::value ThousandthsOrNull(const flatbuffers::Optional<T>& value) {
  return value ? DecimalJson(*value, 1000) : boost::json::value(nullptr);
}

inline boost::json::value MillionthsOrNull(const flatbuffers::Optional<int32_t>& value) {
  return value ? DecimalJson(*value, 1'000'000) : boost::json::value(nullptr);
}

inline boost::json::array RiskNames(const std::vector<wire::Risk>& risks) {
  boost::json::array names;
  for (const wire::Risk risk : risks) names.emplace_back(Name(risk));
  return names;
}

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_JSON_VALUES_H_
