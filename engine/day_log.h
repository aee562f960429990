// Which rows have an order or return on which day, as long as the day can still enter or leave a
// window.
//
// A log in the order of arrival: an event appends six bytes at its end, and only the day change
// reads it, once and in sequence. A list for each day would be found at once, but every event would
// go to another place of memory.
//
// Thread safety: belongs to the book's writer.

#ifndef KUNDIG_ENGINE_DAY_LOG_H_
#define KUNDIG_ENGINE_DAY_LOG_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/customer_row.h"

namespace kundig::engine {

class DayLog {
 public:
  void Add(uint32_t row, ColumnDay day) {
    rows_.push_back(row);
    days_.push_back(day);
  }
  // The rows with an order or return on one of the days of a span, ascending, each once.
  struct Days {
    ColumnDay first = 0, last = 0;  // first <= last
  };
  std::vector<uint32_t> RowsOn(std::span<const Days> spans) const;
  // Days before `first_kept` are of no interest any more; they are removed now and then.
  void Forget(ColumnDay first_kept, ColumnDay today);
  void Clear();

  size_t size() const { return rows_.size(); }

 private:
  std::vector<uint32_t> rows_;
  std::vector<ColumnDay> days_;
  ColumnDay first_kept_ = 0;  // days before it were removed
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_DAY_LOG_H_
