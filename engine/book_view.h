// What the figures of a customer are read by.
//
// Thread safety: needs the book's lookup, scan or write lock as long as it is used.

#ifndef KUNDIG_ENGINE_BOOK_VIEW_H_
#define KUNDIG_ENGINE_BOOK_VIEW_H_

#include "engine/units.h"

namespace kundig::engine {

class ChurnOutlook;
class Rules;
struct CustomerNames;
struct Ranking;

struct BookView {
  const Rules* rules = nullptr;
  const Ranking* ranking = nullptr;
  const CustomerNames* names = nullptr;
  Day today;
  const ChurnOutlook* churn = nullptr;  // null where no churn model is in force
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_BOOK_VIEW_H_
