#include "tools/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "tools/command.h"

namespace kundig::tools {

bool Output::Write(std::string_view text) {
  if (error_ == 0 && std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
    error_ = errno;
  }
  return error_ == 0;
}

bool Output::Flush() {
  if (error_ == 0 && std::fflush(file_) != 0) error_ = errno;
  return error_ == 0;
}

int Output::Finish() {
  if (Flush() || error_ == EPIPE) return kExitDone;
  fmt::print(stderr, "kundig: the answer could not be written: {}\n", std::strerror(error_));
  return kExitRefused;
}

}  // namespace kundig::tools
