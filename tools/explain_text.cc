// The explanation of a customer as text: the value class with its criteria, then a line for each
// other class, score and risk with what it follows from and what becomes of it by itself.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tools/answer_text.h"
#include "tools/figures.h"
#include "tools/names.h"

namespace kundig::tools {

namespace {

// A criterion's value in the unit of its field.
std::string ValueCell(const wire::ExplainedCriterionT& criterion) {
  if (!criterion.value) return kAbsent;
  switch (TypeOfCriterion(criterion.field)) {
    case wire::FieldType::money:
      return FormatMoney(*criterion.value);
    case wire::FieldType::day:
      return FormatDay(static_cast<int32_t>(*criterion.value));
    case wire::FieldType::boolean:
      return *criterion.value != 0 ? "true" : "false";
    case wire::FieldType::thousandths:
      return FormatThousandths(*criterion.value);
    case wire::FieldType::millionths:
      return FormatMillionths(*criterion.value);
    default:
      return std::to_string(*criterion.value);
  }
}

std::string Verdict(const wire::ExplainReplyT& reply) {
  std::string sentence =
      fmt::format("{} is {}", Printable(reply.customer), Name(reply.value_class));
  switch (reply.decided_by) {
    case wire::DecidedBy::always_rule:
      return fmt::format("{}: the rule \"{}\" decides before the score.", sentence, reply.rule);
    case wire::DecidedBy::no_criterion:
      return sentence + ": no criterion has a value to score.";
    case wire::DecidedBy::pinned:
      return sentence + ": a person pinned it, whatever rules and score say.";
    case wire::DecidedBy::score:
    case wire::DecidedBy::last_close:
      break;
  }
  if (reply.decided_by == wire::DecidedBy::last_close) sentence += " as at the last day close,";
  if (reply.value_score) {
    sentence += fmt::format(" with a score of {}", FormatThousandths(*reply.value_score));
  }
  if (reply.next_class && reply.distance) {
    sentence += fmt::format(", {} points below {}", FormatThousandths(*reply.distance),
                            Name(*reply.next_class));
  }
  return sentence + '.';
}

std::string Counted(int64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

// The first change of what `find` gives of a day: nothing, or what it becomes; `unless` adds to it.
template <typename Find, typename Unless>
std::string ByItself(const wire::ExplainReplyT& reply, const Find& find, const Unless& unless) {
  for (const auto& day : reply.changes) {
    const std::string becomes = find(*day);
    if (!becomes.empty()) {
      return fmt::format("→ {} on {}{}", becomes, FormatDay(day->on), unless(*day));
    }
  }
  return {};
}

template <typename Find>
std::string ByItself(const wire::ExplainReplyT& reply, const Find& find) {
  return ByItself(reply, find, [](const wire::ForeseenDayT&) { return ""; });
}

template <typename Code>
std::string NameOrNothing(const flatbuffers::Optional<Code>& code) {
  return code ? std::string(Name(*code)) : std::string();
}

std::string ActivityBecause(const wire::ExplainedActivityT& activity) {
  if (!activity.last_activity || !activity.inactive_days) return "no order and no visit";
  return fmt::format("last activity {}, {} ago (inactive from {}, lost from {})",
                     FormatDay(*activity.last_activity), FormatDayCount(*activity.inactive_days),
                     activity.inactive_after, activity.lost_after);
}

// A line of its own, only of who has a rhythm.
void AddRhythm(const wire::ExplainedActivityT& activity, Table* table) {
  if (!activity.mean_gap || !activity.overdue_after || !activity.recency_days) return;
  table->AddRow({"rhythm", "",
                 fmt::format("an order every {} days, the last {} ago (overdue after {})",
                             FormatThousandths(*activity.mean_gap),
                             FormatDayCount(*activity.recency_days), *activity.overdue_after),
                 ""});
}

std::string ActivityByItself(const wire::ExplainReplyT& reply) {
  return ByItself(
      reply, [](const wire::ForeseenDayT& day) { return NameOrNothing(day.activity); },
      [](const wire::ForeseenDayT& day) {
        // The own rhythm is one of orders; a visit is no order.
        return day.activity == wire::Activity::overdue ? " unless an order comes"
                                                       : " unless an order or a visit comes";
      });
}

std::string SpansText(const wire::ExplainedPhaseT& phase) {
  return fmt::format("{} in the last {} days, {} in the {} before", FormatMoney(phase.recent),
                     phase.span_days, FormatMoney(phase.before), phase.span_days);
}

std::string FirstOrderText(const wire::ExplainedPhaseT& phase, uint32_t days) {
  return fmt::format("first order on {}, less than {} ago",
                     FormatDay(phase.first_order.value_or(0)), FormatDayCount(days));
}

std::string PhaseBecause(const wire::ExplainedPhaseT& phase) {
  switch (phase.reason) {
    case wire::PhaseReason::no_order:
      return "no order";
    case wire::PhaseReason::notice:
      return fmt::format("notice given, effective {}", FormatDay(phase.notice.value_or(0)));
    case wire::PhaseReason::notice_took_effect:
      return fmt::format("a notice took effect on {}, and no order came since",
                         FormatDay(phase.notice.value_or(0)));
    case wire::PhaseReason::inactive:
      return "inactive or lost";
    case wire::PhaseReason::came_back:
      return fmt::format("came back on {}, less than {} ago",
                         FormatDay(phase.came_back.value_or(0)),
                         FormatDayCount(phase.revival_days));
    case wire::PhaseReason::new_customer:
      return FirstOrderText(phase, phase.new_days);
    case wire::PhaseReason::overdue:
      return "overdue";
    case wire::PhaseReason::decline:
      return fmt::format("{}: below {} %", SpansText(phase), phase.decline_percent);
    case wire::PhaseReason::young_customer:
      return FirstOrderText(phase, 2 * phase.span_days);
    case wire::PhaseReason::growth:
      return fmt::format("{}: above {} %", SpansText(phase), phase.growth_percent);
    case wire::PhaseReason::steady:
      return fmt::format("{}: neither below {} % nor above {} %", SpansText(phase),
                         phase.decline_percent, phase.growth_percent);
  }
  return {};
}

using FormatValue = std::string (*)(int64_t);

// `text` is the value; `falls`: less is better.
std::string ScoreBecause(const wire::ExplainedScoreT& score, std::string text, bool falls,
                         FormatValue format) {
  const auto next = [&](const flatbuffers::Optional<uint8_t>& to,
                        const flatbuffers::Optional<int64_t>& from, bool upwards) {
    if (!to || !from || *from < 0) return;
    const int64_t distance = upwards ? *from - score.value : score.value - *from;
    text += fmt::format("; {} {} {} ({} {})", *to, upwards ? "from" : "down to", format(*from),
                        format(distance), upwards ? "more" : "less");
  };
  next(score.better_score, score.better_from, !falls);
  next(score.worse_score, score.worse_from, falls);
  return text;
}

std::string ScoreByItself(const wire::ExplainReplyT& reply,
                          flatbuffers::Optional<uint8_t> wire::ForeseenDayT::*score) {
  return ByItself(reply, [score](const wire::ForeseenDayT& day) -> std::string {
    const flatbuffers::Optional<uint8_t>& to = day.*score;
    if (!to) return {};
    return *to > 0 ? std::to_string(*to) : "unscored";
  });
}

void AddRfm(const wire::ExplainReplyT& reply, Table* table) {
  if (!reply.rfm) {
    table->AddRow({"segment", kAbsent, "unscored: no order in the window", ""});
    return;
  }
  const wire::ExplainedRfmT& rfm = *reply.rfm;
  const FormatValue number = [](int64_t value) { return std::to_string(value); };
  const FormatValue money = [](int64_t value) { return FormatMoney(value); };
  table->AddRow({"segment", rfm.segment,
                 fmt::format("r {}, f {}, m {}", rfm.recency->score, rfm.frequency->score,
                             rfm.monetary->score),
                 ByItself(reply, [](const wire::ForeseenDayT& day) { return day.rfm_segment; })});
  const auto add = [&](const char* name, const wire::ExplainedScoreT& score, std::string text,
                       bool falls, FormatValue format,
                       flatbuffers::Optional<uint8_t> wire::ForeseenDayT::*foreseen) {
    table->AddRow({name, std::to_string(score.score),
                   ScoreBecause(score, std::move(text), falls, format),
                   ScoreByItself(reply, foreseen)});
  };
  add("recency", *rfm.recency, FormatDayCount(rfm.recency->value), true, number,
      &wire::ForeseenDayT::r);
  add("frequency", *rfm.frequency,
      Counted(rfm.frequency->value, rfm.by_purchase_days ? "purchase day" : "order"), false, number,
      &wire::ForeseenDayT::f);
  add("monetary", *rfm.monetary,
      FormatMoney(rfm.monetary->value) + (rfm.by_average ? " an order" : " in all"), false, money,
      &wire::ForeseenDayT::m);
}

std::string AbcBecause(const wire::ExplainedAbcT& abc) {
  std::string text = fmt::format("{} {}", abc.measure, FormatMoney(abc.value));
  if (abc.better && abc.better_from) {
    text += fmt::format("; {} from {} ({} more)", Name(*abc.better), FormatMoney(*abc.better_from),
                        FormatMoney(*abc.better_from - abc.value));
  }
  return text;
}

// Of the value and the limit of a risk.
std::string_view RiskSentence(wire::RiskReason reason) {
  switch (reason) {
    case wire::RiskReason::contacts:
      return "{} contacts in 30 days, more than {}";
    case wire::RiskReason::early_contacts:
      return "{} contacts in the 30 days after the first order, more than {}";
    case wire::RiskReason::owner_changed:
      return "another owner {} days after the first order, within {}";
    case wire::RiskReason::unseen:
      return "{} days without order, visit and contact, {} or more";
    case wire::RiskReason::open_complaint:
      return "a complaint open for {} days, {} or more";
    case wire::RiskReason::late_payment:
      return "a late payment {} days ago, within {}";
    case wire::RiskReason::service_requests:
      return "{} service requests in 30 days, {} or more";
    case wire::RiskReason::overdue:
      return "the last order {} days ago, more than {}";
    case wire::RiskReason::satisfaction:
      return "satisfaction {}, not above {}";
    case wire::RiskReason::referral:
      return "referral {}, not above {}";
    case wire::RiskReason::customer_value:
      return "customer value {}, below {}";
    case wire::RiskReason::churn_score:
      return "churn score {}, above {}";
    case wire::RiskReason::open_lead:
      return "a lead open for {} days without a contact, more than {}";
  }
  return {};
}

std::string RiskBecause(const wire::ExplainedRiskT& risk) {
  const auto number = [&risk](int64_t value) {
    if (risk.reason == wire::RiskReason::customer_value) return FormatMoney(value);
    if (risk.reason == wire::RiskReason::churn_score) return FormatMillionths(value);
    return std::to_string(value);
  };
  const std::string value = risk.value ? number(*risk.value) : "too many";
  const std::string limit = number(risk.limit);
  std::string text = fmt::format(fmt::runtime(RiskSentence(risk.reason)), value, limit);
  if (risk.since) text += fmt::format("; since {}", FormatDay(*risk.since));
  return text;
}

void AddRisks(const wire::ExplainReplyT& reply, Table* table) {
  const auto has = [](const std::vector<wire::Risk>& risks, wire::Risk risk) {
    return std::find(risks.begin(), risks.end(), risk) != risks.end();
  };
  for (const auto& risk : reply.risks) {
    const auto ends = [&](const wire::ForeseenDayT& day) -> std::string {
      return has(day.risks_ended, risk->risk) ? "ends" : "";
    };
    table->AddRow(
        {"risk", std::string(Name(risk->risk)), RiskBecause(*risk), ByItself(reply, ends)});
  }
  for (const auto& day : reply.changes) {
    for (const wire::Risk risk : day->risks_begun) {
      table->AddRow({"no risk yet", std::string(Name(risk)), "",
                     fmt::format("→ begins on {}", FormatDay(day->on))});
    }
  }
}

// Nothing where the server told nothing but the value class.
std::string PartsText(const wire::ExplainReplyT& reply, const Look& look) {
  if (!reply.activity || !reply.phase || !reply.abc) return {};
  Table table({{"", Align::kLeft}, {"", Align::kLeft}, {"", Align::kLeft}, {"", Align::kLeft}});
  table.AddRow({"value class", std::string(Name(reply.value_class)), "as above",
                ByItself(reply, [](const wire::ForeseenDayT& day) {
                  return NameOrNothing(day.value_class);
                })});
  table.AddRow({"activity", std::string(Name(reply.activity->activity)),
                ActivityBecause(*reply.activity), ActivityByItself(reply)});
  AddRhythm(*reply.activity, &table);
  table.AddRow(
      {"phase", std::string(Name(reply.phase->phase)), PhaseBecause(*reply.phase),
       ByItself(reply, [](const wire::ForeseenDayT& day) { return NameOrNothing(day.phase); })});
  AddRfm(reply, &table);
  table.AddRow(
      {"ABC class", std::string(Name(reply.abc->abc)), AbcBecause(*reply.abc),
       ByItself(reply, [](const wire::ForeseenDayT& day) { return NameOrNothing(day.abc); })});
  AddRisks(reply, &table);
  std::string text = '\n' + table.Render(look);
  if (reply.foreseen_through) {
    text += fmt::format(
        "→ what comes by itself: unless anything new comes, with today's rankings, rules and churn "
        "fit, until {}\n",
        FormatDay(*reply.foreseen_through));
  }
  return text;
}

}  // namespace

std::string ExplainText(const wire::ExplainReplyT& reply, const Look& look) {
  if (!reply.found) return fmt::format("{}: no such customer\n", Printable(reply.customer));
  std::string text = Styled(Verdict(reply), kBold, look) + '\n';
  if (!reply.criteria.empty()) {
    Table table({{"criterion", Align::kLeft},
                 {"value", Align::kRight},
                 {"points", Align::kRight},
                 {"weight", Align::kRight},
                 {"share of the score", Align::kRight}});
    for (const auto& criterion : reply.criteria) {
      table.AddRow({criterion->field, ValueCell(*criterion),
                    criterion->points ? std::to_string(*criterion->points) : "left out",
                    std::to_string(criterion->weight),
                    criterion->share ? FormatThousandths(*criterion->share) : kAbsent});
    }
    text += fmt::format("Money in {}.\n\n{}\n", look.currency, table.Render(look));
  }
  text += fmt::format("individual from {}, standard below {}\n",
                      FormatThousandths(reply.individual_at * int64_t{10}),
                      FormatThousandths(reply.standard_below * int64_t{10}));
  if (reply.hidden_potential) {
    text += fmt::format("hidden potential: the rule \"{}\" holds\n", reply.potential_rule);
  }
  return text + PartsText(reply, look);
}

}  // namespace kundig::tools
