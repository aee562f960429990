// What a command prints on standard output, with the failures that a terminal never has and a file
// or a pipe may have.
//
// Thread safety: used by one thread.

#ifndef KUNDIG_TOOLS_OUTPUT_H_
#define KUNDIG_TOOLS_OUTPUT_H_

#include <cstdio>
#include <string_view>

namespace kundig::tools {

class Output {
 public:
  explicit Output(std::FILE* file = stdout) : file_(file) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // False once something could not be written: stop producing then.
  bool Write(std::string_view text);
  // Writes out what is buffered, for somebody who reads along. As Write.
  bool Flush();
  // The same. The exit code: done where all was written and also where the
  // reader went away (it has what it wanted); refused, with the reason on standard error, where the
  // text could not be kept, as on a full disk.
  int Finish();

 private:
  std::FILE* file_;
  int error_ = 0;  // errno of the first failure
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_OUTPUT_H_
