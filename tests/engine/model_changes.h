// How every part of the model book refuses an event or a question and changes an attribute.
//
// Thread safety: free functions.

#ifndef KUNDIG_TESTS_ENGINE_MODEL_CHANGES_H_
#define KUNDIG_TESTS_ENGINE_MODEL_CHANGES_H_

#include <optional>
#include <string>
#include <utility>

#include "engine/event.h"
#include "engine/result.h"

namespace kundig::engine {

inline Error Refuse(ErrorCode code, std::string field) {
  return Error{code, "the model refuses this", std::move(field), std::nullopt};
}

template <typename To, typename From>
void Amend(std::optional<To>* attribute, const Patch<From>& patch) {
  if (patch.verb == Patch<From>::Verb::kSet) *attribute = To(patch.value);
  if (patch.verb == Patch<From>::Verb::kRemove) attribute->reset();
}

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_MODEL_CHANGES_H_
