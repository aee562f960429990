// KUNDIG_CHECK: for our own bugs. A condition that does not hold ends the process with its text and
// place, because a book whose invariants are broken must not go on answering.

#ifndef KUNDIG_ENGINE_CHECK_H_
#define KUNDIG_ENGINE_CHECK_H_

namespace kundig::engine {

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace kundig::engine

#define KUNDIG_CHECK(condition)       \
  ((condition) ? static_cast<void>(0) \
               : ::kundig::engine::CheckFailed(#condition, __FILE__, __LINE__))

#endif  // KUNDIG_ENGINE_CHECK_H_
