// The cursor of a list: where the next page begins, and what it must agree on with the first.
//
// Paging promises that no customer is shown twice, and that none that did not change is skipped,
// while events go on. A cursor therefore carries, besides the place after which the next page
// begins,
//   - the journal_sequence of the first page: a customer that changed since then may have moved
//   past the
//     place and is left out of later pages;
//   - the ranking that the first page was judged by: later pages use the same cuts, so that a score
//   moves no
//     customer that did not change;
//   - the place as something that does not move with the day: days since an order are kept as the
//   order's day.
// Where the order is one that time itself changes (by activity, say), a cursor ends with its day.
//
// Thread safety: plain values.

#ifndef KUNDIG_ENGINE_CURSOR_H_
#define KUNDIG_ENGINE_CURSOR_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/ranking.h"
#include "engine/result.h"
#include "engine/units.h"

namespace kundig::engine {

// Where a row stands in the order of a list, without the customer id that breaks ties.
struct ListPlace {
  bool absent = false;  // no value: last
  int64_t number = 0;
  std::string text;  // open texts
};

struct Cursor {
  uint64_t question = 0;           // hash of what was asked: filter, order, activities
  uint64_t rules_version = 0;      // of the book
  uint64_t sequence = 0;           // journal_sequence of the first page
  Day as_of;                       // its day
  ListPlace place;                 // of the last row shown
  std::string customer;            // its id
  std::optional<Ranking> ranking;  // where the list depends on one
};

// Text of letters and digits only.
std::string EncodeCursor(const Cursor& cursor);
// kBadCursor where the text is no cursor.
Result<Cursor> DecodeCursor(std::string_view text);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_CURSOR_H_
