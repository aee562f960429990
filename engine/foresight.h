// What becomes of one customer by itself: its figures day by day, and on which day which class,
// score and risk will be another one (explain_answer.h says under which assumptions).
//
// The days are judged by the functions that judge today. What moves the figures between them are
// the windows, which take their shares from a history that is added up by days once; so a day costs
// the same for every customer.
//
// Thread safety: needs the book's scan lock: a long history takes longer than a lookup may.

#ifndef KUNDIG_ENGINE_FORESIGHT_H_
#define KUNDIG_ENGINE_FORESIGHT_H_

#include <vector>

#include "engine/customer_sums.h"
#include "engine/customer_view.h"
#include "engine/explain_answer.h"
#include "engine/ranking.h"
#include "engine/units.h"

namespace kundig::engine {

// The figures of a customer on one day after the other.
class FiguresAhead {
 public:
  // Figures as of today, and the shares that they are made of; `rules` and `shares` outlive this.
  FiguresAhead(const CustomerFigures& figures, const SharesByDay& shares, const Rules& rules,
               Day today);

  Day day() const { return day_; }
  const CustomerFigures& figures() const { return figures_; }
  void NextDay();
  // The day is over, and this was the class.
  void Close(ValueClass value_class) { figures_.closed_class = ToCode(value_class) & kClassCodes; }

 private:
  CustomerFigures figures_;
  const SharesByDay& shares_;
  const RuleSettings& rules_;
  // How long ago the days lie whose shares a new day counts otherwise.
  std::vector<int32_t> turning_days_;
  Day day_;
};

// The same ranking with ABC classes that begin at their smallest measure. Its cuts may lie below,
// where nobody is; for a customer who moves that makes a difference.
Ranking WithTightCuts(const Ranking& ranking);

Foresight Foresee(const CustomerView& customer, const SharesByDay& shares);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_FORESIGHT_H_
