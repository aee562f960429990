#include "server/toml_section.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "engine/calendar.h"

namespace kundig::server {

engine::Result<TomlFile> TomlFile::Read(const std::string& path) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(path, ignored);
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!folder) text << file.rdbuf();
  if (!file || folder) {
    return engine::Error{.code = engine::ErrorCode::kInvalidValue,
                         .message = path + ": expected a configuration file that can be read",
                         .field = {},
                         .position = std::nullopt};
  }
  return Parse(text.str(), path);
}

engine::Result<TomlFile> TomlFile::Parse(const std::string& text, const std::string& path) {
  try {
    return TomlFile(toml::parse(text, path), path);
  } catch (const toml::parse_error& error) {
    return engine::Error{.code = engine::ErrorCode::kSyntax,
                         .message = path + ":" + std::to_string(error.source().begin.line) +
                                    ": expected TOML: " + std::string(error.description()),
                         .field = {},
                         .position = std::nullopt};
  }
}

engine::Error TomlFile::ErrorInLine(toml::source_index line, const std::string& name,
                                    const std::string& expected) const {
  const std::string place = line == 0 ? path_ : path_ + ":" + std::to_string(line);
  return engine::Error{.code = engine::ErrorCode::kInvalidValue,
                       .message = place + ": " + name + ": " + expected,
                       .field = name,
                       .position = std::nullopt};
}

engine::Error TomlFile::ErrorAt(const std::string& name, const std::string& expected) const {
  std::string path = name;
  while (!path.empty()) {
    if (const auto node = root_.at_path(path)) {
      return ErrorInLine(node.node()->source().begin.line, name, expected);
    }
    const size_t end = path.find_last_of(".[");
    path.resize(end == std::string::npos ? 0 : end);
  }
  return ErrorInLine(0, name, expected);
}

void TomlFile::Fail(const toml::node& node, const std::string& name, const std::string& expected) {
  if (!error_.has_value()) error_ = ErrorInLine(node.source().begin.line, name, expected);
}

std::string TomlSection::NameOf(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

void TomlSection::Fail(const toml::node& node, std::string_view key, const std::string& expected) {
  file_->Fail(node, NameOf(key), expected);
}

const toml::node* TomlSection::Find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  return table_ == nullptr || file_->error().has_value() ? nullptr : table_->get(key);
}

bool TomlSection::Has(std::string_view key) {
  return Find(key) != nullptr;
}

void TomlSection::Require(std::string_view key, const std::string& expected) {
  if (table_ != nullptr && table_->get(key) == nullptr) Fail(*table_, key, expected);
}

void TomlSection::Reject(std::string_view key, const std::string& expected) {
  if (const toml::node* node = Find(key)) Fail(*node, key, expected);
}

void TomlSection::Reject(const std::string& expected) {
  if (table_ != nullptr) file_->Fail(*table_, name_, expected);
}

void TomlSection::Integer(std::string_view key, int32_t* value, int64_t low, int64_t high) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  const std::optional<int64_t> number = node->value_exact<int64_t>();
  if (!number.has_value() || *number < low || *number > high) {
    return Fail(
        *node, key,
        "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  *value = static_cast<int32_t>(*number);
}

void TomlSection::Hundredths(std::string_view key, int32_t* value) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  // Far above every percentage or score, far below what int32_t holds in hundredths.
  constexpr double kLargest = 1'000'000;
  // 35.57 * 100 is not 3557 in binary, but nearer to it than any number with a third decimal.
  constexpr double kTolerance = 1e-6;
  const std::optional<double> number = node->value<double>();
  const bool is_number = node->is_integer() || node->is_floating_point();
  if (is_number && number.has_value() && std::abs(*number) <= kLargest) {
    const double hundredths = std::round(*number * 100);
    if (std::abs(hundredths - *number * 100) < kTolerance) {
      *value = static_cast<int32_t>(hundredths);
      return;
    }
  }
  Fail(*node, key, "expected a number with at most two decimals");
}

void TomlSection::Real(std::string_view key, double* value) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  const bool is_number = node->is_integer() || node->is_floating_point();
  const std::optional<double> number = node->value<double>();
  if (!is_number || !number.has_value() || !std::isfinite(*number)) {
    return Fail(*node, key, "expected a number");
  }
  *value = *number;
}

void TomlSection::Text(std::string_view key, std::string* value) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  const std::optional<std::string> text = node->value_exact<std::string>();
  if (!text.has_value()) return Fail(*node, key, "expected a text in quotes");
  *value = *text;
}

void TomlSection::Texts(std::string_view key, std::vector<std::string>* values) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr || array->empty()) {
    return Fail(*node, key, "expected a list of texts in quotes");
  }
  for (const toml::node& element : *array) {
    const std::optional<std::string> text = element.value_exact<std::string>();
    if (!text.has_value()) return Fail(element, key, "expected a list of texts in quotes");
    values->push_back(*text);
  }
}

void TomlSection::Day(std::string_view key, std::optional<engine::Day>* value) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  std::optional<engine::Day> day;
  if (const auto date = node->value_exact<toml::date>()) {
    day = engine::FromCivil({date->year, date->month, date->day});
  } else if (const auto text = node->value_exact<std::string>()) {
    day = engine::ParseDay(*text);
  }
  if (!day.has_value() || *day < engine::kFirstDay || *day > engine::kLastDay) {
    return Fail(*node, key,
                "expected a date such as 2010-12-10, between 1900-01-02 and 2079-06-06");
  }
  *value = *day;
}

std::optional<std::vector<int64_t>> TomlSection::ReadIntegers(const toml::node& node,
                                                              std::string_view key,
                                                              const std::string& expected) {
  std::vector<int64_t> numbers;
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    Fail(node, key, expected);
    return std::nullopt;
  }
  for (const toml::node& element : *array) {
    const std::optional<int64_t> number = element.value_exact<int64_t>();
    if (!number.has_value()) {
      Fail(element, key, expected);
      return std::nullopt;
    }
    numbers.push_back(*number);
  }
  return numbers;
}

void TomlSection::Pairs(std::string_view key, std::vector<std::pair<int64_t, int32_t>>* values) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  const std::string expected = "expected pairs of whole numbers such as [[0, 0], [50000, 25]]";
  const toml::array* array = node->as_array();
  if (array == nullptr) return Fail(*node, key, expected);
  for (const toml::node& element : *array) {
    const auto pair = ReadIntegers(element, key, expected);
    if (!pair.has_value()) return;
    if (pair->size() != 2 || !std::in_range<int32_t>((*pair)[1])) {
      return Fail(element, key, expected);
    }
    values->emplace_back((*pair)[0], static_cast<int32_t>((*pair)[1]));
  }
}

std::optional<std::string> TomlSection::Plain(std::string_view key, bool number,
                                              const std::string& expected) {
  const toml::node* node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (number) {
    if (const auto value = node->value_exact<int64_t>()) return std::to_string(*value);
  } else if (const auto value = node->value_exact<std::string>()) {
    return *value;
  }
  Fail(*node, key, expected);
  return std::nullopt;
}

TomlSection TomlSection::Section(std::string_view key) {
  const toml::node* node = Find(key);
  const toml::table* table = node == nullptr ? nullptr : node->as_table();
  if (node != nullptr && table == nullptr) {
    Fail(*node, key, "expected a table [" + NameOf(key) + "]");
  }
  return TomlSection(table, NameOf(key), file_);
}

std::vector<TomlSection> TomlSection::Sections(std::string_view key) {
  std::vector<TomlSection> sections;
  const toml::node* node = Find(key);
  if (node == nullptr) return sections;
  const toml::array* array = node->as_array();
  const std::string expected = "expected tables [[" + NameOf(key) + "]]";
  if (array == nullptr) {
    Fail(*node, key, expected);
    return sections;
  }
  for (const toml::node& element : *array) {
    if (!element.is_table()) {
      Fail(element, key, expected);
      return {};
    }
    const std::string name = NameOf(key) + "[" + std::to_string(sections.size()) + "]";
    sections.emplace_back(element.as_table(), name, file_);
  }
  return sections;
}

void TomlSection::Finish() {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
    std::sort(known_.begin(), known_.end());
    std::ostringstream expected;
    expected << "unknown key; expected";
    for (size_t i = 0; i < known_.size(); ++i) {
      expected << (i == 0 ? " " : i + 1 < known_.size() ? ", " : " or ") << known_[i];
    }
    return file_->Fail(node, NameOf(key.str()), expected.str());
  }
}

}  // namespace kundig::server
