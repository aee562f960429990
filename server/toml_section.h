// One table of a TOML file, read key by key; what nobody asked for is an error.
//
// The first mistake of a file is kept, with its line, and ends the reading: every call after it
// does nothing. Ranges that the engine checks are left to it; here a value must have the right type
// and fit its variable.
//
// Thread safety: belongs to one thread.

#ifndef KUNDIG_SERVER_TOML_SECTION_H_
#define KUNDIG_SERVER_TOML_SECTION_H_

#include <toml++/toml.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/result.h"
#include "engine/units.h"

namespace kundig::server {

// A parsed file and the first mistake in it.
class TomlFile {
 public:
  // Error: the file cannot be read or is no TOML.
  static engine::Result<TomlFile> Read(const std::string& path);
  // `path` is what errors call the file.
  static engine::Result<TomlFile> Parse(const std::string& text, const std::string& path);

  const toml::table& root() const { return root_; }
  const std::optional<engine::Error>& error() const { return error_; }

  // The error of a setting: `FILE:LINE: name: expected`. The line is that of the setting or, where
  // the file does not have it, of the nearest table around it.
  engine::Error ErrorAt(const std::string& name, const std::string& expected) const;
  void Fail(const toml::node& node, const std::string& name, const std::string& expected);

 private:
  TomlFile(toml::table root, std::string path) : root_(std::move(root)), path_(std::move(path)) {}
  engine::Error ErrorInLine(toml::source_index line, const std::string& name,
                            const std::string& expected) const;

  toml::table root_;
  std::string path_;
  std::optional<engine::Error> error_;
};

// A missing key leaves the variable as it is.
class TomlSection {
 public:
  // `table` may be nullptr: a section that is not there. `name` as in "value.criterion[0]".
  TomlSection(const toml::table* table, std::string name, TomlFile* file)
      : table_(table), name_(std::move(name)), file_(file) {}

  bool present() const { return table_ != nullptr; }
  // Whether the key is there.
  bool Has(std::string_view key);
  // An error where the section is there and the key is not.
  void Require(std::string_view key, const std::string& expected);
  // An error at a key that is there, or at the section as a whole.
  void Reject(std::string_view key, const std::string& expected);
  void Reject(const std::string& expected);

  void Integer(std::string_view key, int32_t* value,
               int64_t low = std::numeric_limits<int32_t>::min(),
               int64_t high = std::numeric_limits<int32_t>::max());
  // A number with up to two decimals, as hundredths.
  void Hundredths(std::string_view key, int32_t* value);
  // Any finite number.
  void Real(std::string_view key, double* value);
  void Text(std::string_view key, std::string* value);
  void Texts(std::string_view key, std::vector<std::string>* values);
  // A TOML date or a text YYYY-MM-DD.
  void Day(std::string_view key, std::optional<engine::Day>* value);
  template <typename Number, size_t kCount>
  void Integers(std::string_view key, std::array<Number, kCount>* values);
  // Pairs of whole numbers: [[0, 0], [50000, 25]].
  void Pairs(std::string_view key, std::vector<std::pair<int64_t, int32_t>>* values);
  template <typename Enum>
  void Choice(std::string_view key, std::initializer_list<std::pair<const char*, Enum>> choices,
              Enum* value);
  // A whole number or a text as the file writes it.
  std::optional<std::string> Plain(std::string_view key, bool number, const std::string& expected);

  TomlSection Section(std::string_view key);
  std::vector<TomlSection> Sections(std::string_view key);

  // After all keys: the error of the first one that nobody asked for.
  void Finish();

 private:
  const toml::node* Find(std::string_view key);
  std::string NameOf(std::string_view key) const;
  void Fail(const toml::node& node, std::string_view key, const std::string& expected);
  std::optional<std::vector<int64_t>> ReadIntegers(const toml::node& node, std::string_view key,
                                                   const std::string& expected);

  const toml::table* table_;
  std::string name_;
  TomlFile* file_;
  std::vector<std::string_view> known_;
};

template <typename Number, size_t kCount>
void TomlSection::Integers(std::string_view key, std::array<Number, kCount>* values) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  const std::string expected = "expected " + std::to_string(kCount) + " whole numbers";
  const auto numbers = ReadIntegers(*node, key, expected);
  if (!numbers.has_value()) return;
  if (numbers->size() != kCount) return Fail(*node, key, expected);
  for (size_t i = 0; i < kCount; ++i) {
    if (!std::in_range<Number>((*numbers)[i])) return Fail(*node, key, expected);
    (*values)[i] = static_cast<Number>((*numbers)[i]);
  }
}

template <typename Enum>
void TomlSection::Choice(std::string_view key,
                         std::initializer_list<std::pair<const char*, Enum>> choices, Enum* value) {
  const toml::node* node = Find(key);
  if (node == nullptr) return;
  const std::optional<std::string> text = node->value_exact<std::string>();
  std::string expected;
  for (const auto& [name, choice] : choices) {
    if (text == name) {
      *value = choice;
      return;
    }
    expected += (expected.empty() ? "expected \"" : " or \"") + std::string(name) + "\"";
  }
  Fail(*node, key, expected);
}

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_TOML_SECTION_H_
