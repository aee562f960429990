// A progress bar on standard error, where that is a terminal; nothing otherwise. What else is
// printed there meanwhile begins with kClearLine; the bar is drawn again below it.
//
// Thread safety: belongs to one thread.

#ifndef KUNDIG_TOOLS_PROGRESS_H_
#define KUNDIG_TOOLS_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>

namespace kundig::tools {

inline constexpr const char* kClearLine = "\r\x1b[K";

bool StandardErrorIsTerminal();

class Progress {
 public:
  // `unit` is what `items` of Update counts: "rows". `total` is in the unit of `done` of Update; 0
  // where it is not known.
  Progress(std::string label, std::string unit, uint64_t total);
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Cheap enough to be called often; draws a few times a second.
  void Update(uint64_t done, uint64_t items);

 private:
  void Clear();
  void Draw(uint64_t done, uint64_t items, double seconds);

  const std::string label_;
  const std::string unit_;
  const uint64_t total_;
  const bool shown_;
  const std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point next_draw_;
  bool drawn_ = false;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_PROGRESS_H_
