// How error sentences speak of names: the nearest field to a mistyped one, and lists of names.
//
// Thread safety: plain functions.

#ifndef KUNDIG_ENGINE_FIELD_NAME_H_
#define KUNDIG_ENGINE_FIELD_NAME_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/field.h"

namespace kundig::engine {

// The field whose name is nearest by single-letter slips, case aside; nullopt where none is near.
std::optional<FieldIndex> NearestField(std::string_view name, const FieldCatalog& catalog);

// "there is no field 'revenu'; did you mean 'revenue'?", or else all fields by name. A name that is
// long or not printable ASCII is not repeated, so `name` may be anything that a client sent.
std::string UnknownFieldSentence(std::string_view name, const FieldCatalog& catalog);

// "'A', 'B', 'C'"; a long list is cut short.
std::string QuotedNames(const std::vector<std::string>& names);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_FIELD_NAME_H_
