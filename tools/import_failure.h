// Why a tool could not do its work: a sentence for the user, and the exit code that goes with it.
//
// Thread safety: plain values.

#ifndef KUNDIG_TOOLS_IMPORT_FAILURE_H_
#define KUNDIG_TOOLS_IMPORT_FAILURE_H_

#include <boost/system/result.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>

#include "tools/command.h"

namespace kundig::tools {

struct Failure {
  std::string sentence;  // names what is wrong and what to do
  int exit_code = kExitRefused;
};

// Reading the value of a failed outcome is a bug of ours.
[[noreturn]] inline void throw_exception_from_error(const Failure& failure,
                                                    const boost::source_location&) {
  throw std::logic_error("value of a failed outcome: " + failure.sentence);
}

// Prints the sentence on standard error and returns the exit code.
inline int Report(const Failure& failure) {
  std::fprintf(stderr, "kundig: %s\n", failure.sentence.c_str());
  return failure.exit_code;
}

template <typename T>
using Outcome = boost::system::result<T, Failure>;

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_FAILURE_H_
