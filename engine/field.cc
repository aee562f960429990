#include "engine/field.h"

#include <utility>

#include "engine/check.h"

namespace kundig::engine {

FieldCatalog::FieldCatalog(std::vector<FieldInfo> fields) : fields_(std::move(fields)) {
  KUNDIG_CHECK(fields_.size() <= kMaxFields);
  for (size_t i = 0; i < fields_.size(); ++i) {
    KUNDIG_CHECK(Find(fields_[i].name) == static_cast<FieldIndex>(i));
  }
}

std::optional<FieldIndex> FieldCatalog::Find(std::string_view name) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].name == name) return static_cast<FieldIndex>(i);
  }
  return std::nullopt;
}

}  // namespace kundig::engine
