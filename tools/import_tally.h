// What an import counts and tells: rows, what was skipped and why, and the first few skips of each
// sort by file and line.
//
// Thread safety: all methods may be called from any thread.

#ifndef KUNDIG_TOOLS_IMPORT_TALLY_H_
#define KUNDIG_TOOLS_IMPORT_TALLY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace kundig::tools {

// Reasons of our own; the server's are the names of its errors.
inline constexpr std::string_view kBadRow = "bad_row";
inline constexpr std::string_view kNoCustomer = "no_customer";
inline constexpr std::string_view kOtherCustomer = "other_customer";

// So many bad rows, and so many refused events, are shown with line and reason.
inline constexpr uint64_t kShownSkips = 10;

class Tally {
 public:
  // `say` gets one line without its end for each skip that is shown.
  explicit Tally(std::function<void(const std::string&)> say) : say_(std::move(say)) {}

  // The file that lines are counted in from here on.
  void StartFile(std::string name);

  void CountRow();
  // A row that names nobody, or the wrong customer: no mistake of the file, so only counted.
  void Skip(std::string_view why);
  void BadRow(uint64_t line, std::string_view reason);
  void Refused(std::string_view file, uint64_t line, std::string_view error,
               std::string_view message);

  uint64_t rows() const;
  std::map<std::string, uint64_t> skipped() const;
  std::string file() const;

 private:
  void Count(std::string_view why);  // mutex_ held

  mutable std::mutex mutex_;
  std::function<void(const std::string&)> say_;
  std::string file_;
  uint64_t rows_ = 0;
  uint64_t bad_rows_ = 0;
  uint64_t refused_ = 0;
  std::map<std::string, uint64_t, std::less<>> skipped_;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_TALLY_H_
