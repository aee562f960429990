// One row of values for an expression, by field name: the simplest possible reader.
//
// Thread safety: one owner.

#ifndef KUNDIG_TESTS_ENGINE_SAMPLE_ROW_H_
#define KUNDIG_TESTS_ENGINE_SAMPLE_ROW_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "engine/field.h"

namespace kundig::engine {

class SampleRow {
 public:
  explicit SampleRow(const FieldCatalog& catalog) : catalog_(catalog) {}

  // A field that is not set is absent. `value` as the engine keeps it: minor units, codes, days.
  void Set(std::string_view field, int64_t value) { numbers_[*catalog_.Find(field)] = value; }
  void Set(std::string_view field, std::string value) {
    texts_[*catalog_.Find(field)] = std::move(value);
  }

  bool Number(FieldIndex field, int64_t* value) const {
    const auto found = numbers_.find(field);
    if (found == numbers_.end()) return false;
    *value = found->second;
    return true;
  }
  bool Text(FieldIndex field, std::string_view* value) const {
    const auto found = texts_.find(field);
    if (found == texts_.end()) return false;
    *value = found->second;
    return true;
  }

 private:
  const FieldCatalog& catalog_;
  std::map<FieldIndex, int64_t> numbers_;
  std::map<FieldIndex, std::string> texts_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_SAMPLE_ROW_H_
