// What is said to whoever asks for something that the book does not do: the reason as a type and in
// words, and the field or limit at fault.
//
// Thread safety: a pure function.

#ifndef KUNDIG_ENGINE_REFUSAL_H_
#define KUNDIG_ENGINE_REFUSAL_H_

#include <optional>
#include <string>
#include <utility>

#include "engine/result.h"

namespace kundig::engine {

inline Error Refusal(ErrorCode code, std::string message, std::string field) {
  return Error{code, std::move(message), std::move(field), std::nullopt};
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_REFUSAL_H_
