#include "engine/foresight.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "engine/customer_phase.h"

namespace kundig::engine {
namespace {

struct Classes {
  Activity activity = Activity::kNever;
  Phase phase = Phase::kProspect;
  uint8_t r = 0, f = 0, m = 0;
  std::string_view rfm_segment = MovesAnswer::kNoSegment;
  AbcClass abc = AbcClass::kNone;
  ValueClass value_class = ValueClass::kReview;
  RiskSet risks = 0;
};

Classes ClassesOf(const CustomerView& customer) {
  const BookView& view = *customer.book;
  const RowFields fields(*customer.figures);
  Classes classes;
  classes.activity = ActivityOf(view, fields);
  classes.phase = PhaseOf(view, fields);
  if (const std::optional<RfmScores> scores = ScoresOf(view, fields)) {
    classes.r = scores->r;
    classes.f = scores->f;
    classes.m = scores->m;
    classes.rfm_segment = view.rules->segment_names()[scores->segment];
  }
  classes.abc = view.ranking->AbcOf(fields.abc_value());
  const ValueVerdict verdict = JudgeValue(customer);
  classes.value_class = verdict.value_class;
  classes.risks = RisksOf(customer, verdict);
  return classes;
}

// Tells of each class, score and risk that it differs from today's, once.
class FirstChanges {
 public:
  explicit FirstChanges(const Classes& today) : today_(today) {}

  // What is told on this day for the first time; nothing where that is nothing.
  std::optional<ForeseenDay> On(Day day, const Classes& classes) {
    ForeseenDay told;
    told.on = day;
    bool any = false;
    size_t subject = 0;
    const auto tell = [&](const auto& before, const auto& after, auto* to) {
      bool& told_before = told_[subject++];
      if (told_before || before == after) return;
      told_before = any = true;
      *to = after;
    };
    tell(today_.activity, classes.activity, &told.activity);
    tell(today_.phase, classes.phase, &told.phase);
    tell(today_.r, classes.r, &told.r);
    tell(today_.f, classes.f, &told.f);
    tell(today_.m, classes.m, &told.m);
    tell(today_.rfm_segment, classes.rfm_segment, &told.rfm_segment);
    tell(today_.abc, classes.abc, &told.abc);
    tell(today_.value_class, classes.value_class, &told.value_class);
    const RiskSet moved = (today_.risks ^ classes.risks) & ~told_risks_;
    told.risks_begun = moved & classes.risks;
    told.risks_ended = moved & today_.risks;
    told_risks_ |= moved;
    if (!any && moved == 0) return std::nullopt;
    return told;
  }

 private:
  static constexpr size_t kSubjects = 8;

  const Classes today_;
  std::array<bool, kSubjects> told_{};
  RiskSet told_risks_ = 0;
};

}  // namespace

FiguresAhead::FiguresAhead(const CustomerFigures& figures, const SharesByDay& shares,
                           const Rules& rules, Day today)
    : figures_(figures),
      shares_(shares),
      rules_(rules.settings()),
      turning_days_(WindowsOf(rules)),
      day_(today) {
  // The day itself, whose entries may be there already; windows of all history have it, too.
  if (turning_days_.front() > 0) turning_days_.insert(turning_days_.begin(), 0);
}

void FiguresAhead::NextDay() {
  const Day before = day_;
  day_ = day_ + 1;
  for (const int32_t days : turning_days_) {
    const auto found = shares_.find(day_ - days);
    if (found == shares_.end()) continue;
    const auto& [day, share] = *found;
    CountSums(&figures_, day, share, rules_, before, -1);
    CountSums(&figures_, day, share, rules_, day_, 1);
    if (share.orders == 0) continue;
    const int32_t window_days = rules_.rfm.window_days;
    figures_.purchase_days_window =
        static_cast<uint16_t>(figures_.purchase_days_window - InWindow(day, before, window_days) +
                              InWindow(day, day_, window_days));
  }
}

Ranking WithTightCuts(const Ranking& ranking) {
  const auto smallest = [&ranking](AbcClass abc) {
    return ranking.abc[static_cast<size_t>(abc)].smallest;
  };
  Ranking tight = ranking;
  tight.a_from = smallest(AbcClass::kA);
  tight.b_from = std::min(smallest(AbcClass::kB), tight.a_from);
  return tight;
}

Foresight Foresee(const CustomerView& customer, const SharesByDay& shares) {
  BookView view = *customer.book;
  Ranking ranking = WithTightCuts(*view.ranking);
  view.ranking = &ranking;
  const bool remembers = view.rules->settings().value.between == Between::kLastClose;
  FiguresAhead ahead(*customer.figures, shares, *view.rules, view.today);
  FirstChanges changes(ClassesOf(CustomerView(view, *customer.row, *customer.figures)));
  Foresight foresight;
  foresight.through = std::min(view.today + kForesightDays, kLastDay);
  while (ahead.day() < foresight.through) {
    ahead.NextDay();
    view.today = ahead.day();
    for (int64_t& cut : ranking.recency_cuts) ++cut;
    const Classes classes = ClassesOf(CustomerView(view, *customer.row, ahead.figures()));
    if (const auto told = changes.On(ahead.day(), classes)) foresight.days.push_back(*told);
    if (remembers) ahead.Close(classes.value_class);
  }
  return foresight;
}

}  // namespace kundig::engine
