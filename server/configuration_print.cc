#include <charconv>
#include <cstdio>
#include <iterator>
#include <sstream>
#include <string>

#include "engine/calendar.h"
#include "server/configuration.h"
#include "server/configuration_toml.h"
#include "server/options.h"

namespace kundig::server {
namespace {

// Two decimals, exactly.
std::string Decimal(int32_t hundredths) {
  std::string text = std::to_string(hundredths / 100);
  if (hundredths % 100 == 0) return text;
  text += '.';
  text += static_cast<char>('0' + hundredths % 100 / 10);
  text += static_cast<char>('0' + hundredths % 10);
  return text;
}

template <typename Numbers>
std::string Array(const Numbers& numbers) {
  std::string text = "[";
  for (const auto number : numbers) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(number);
  }
  return text + "]";
}

void PrintRfm(const engine::RfmSettings& rfm, std::ostream& out) {
  const bool fixed = rfm.scoring == engine::RfmScoring::kFixed;
  out << "\n[rfm]\nwindow_days = " << rfm.window_days
      << "\nscoring = " << (fixed ? "\"fixed\"" : "\"quantile\"");
  if (fixed) {
    out << "\nrecency_cuts = " << Array(rfm.recency_cuts)
        << "\nfrequency_cuts = " << Array(rfm.frequency_cuts)
        << "\nmonetary_cuts = " << Array(rfm.monetary_cuts);
  }
  out << "\nfrequency = "
      << (rfm.frequency == engine::RfmFrequency::kOrders ? "\"orders\"" : "\"purchase_days\"")
      << "\nmonetary = "
      << (rfm.monetary == engine::RfmMonetary::kTotal ? "\"total\"" : "\"average\"")
      << "\nmatch = " << (rfm.first_match ? "\"first\"" : "\"exact\"") << "\n";
  if (rfm.otherwise.has_value()) out << "otherwise = " << Quoted(*rfm.otherwise) << "\n";
  for (const engine::SegmentSetting& segment : rfm.segments) {
    out << "\n[[rfm.segment]]\nname = " << Quoted(segment.name) << "\n";
    if (segment.cells.empty()) {
      out << "recency = " << Array(segment.recency) << "\nfrequency = " << Array(segment.frequency)
          << "\nmonetary = " << Array(segment.monetary) << "\n";
      continue;
    }
    out << "cells = [";
    for (size_t i = 0; i < segment.cells.size(); ++i) {
      out << (i == 0 ? "" : ", ") << Quoted(segment.cells[i]);
    }
    out << "]\n";
  }
}

void PrintAbc(const engine::AbcSettings& abc, std::ostream& out) {
  out << "\n[abc]\nmeasure = "
      << (abc.measure == engine::AbcMeasure::kRevenue ? "\"revenue\"" : "\"margin\"")
      << "\nwindow_days = " << abc.window_days << "\na = " << Decimal(abc.a_hundredths)
      << "\nb = " << Decimal(abc.b_hundredths)
      << "\nboundary = " << (abc.boundary == engine::AbcBoundary::kStay ? "\"stay\"" : "\"drop\"")
      << "\n";
}

const char* ClassName(engine::ValueClass value_class) {
  switch (value_class) {
    case engine::ValueClass::kIndividual:
      return "individual";
    case engine::ValueClass::kStandard:
      return "standard";
    case engine::ValueClass::kReview:
      break;
  }
  return "review";
}

void PrintValue(const engine::ValueSettings& value, std::ostream& out) {
  out << "\n[value]\nindividual_at = " << Decimal(value.individual_at_hundredths)
      << "\nstandard_below = " << Decimal(value.standard_below_hundredths) << "\nbetween = "
      << (value.between == engine::Between::kReview ? "\"review\"" : "\"last_close\"") << "\n";
  for (const engine::CriterionSetting& criterion : value.criteria) {
    out << "\n[[value.criterion]]\nfield = " << Quoted(criterion.field)
        << "\nweight = " << criterion.weight
        << "\nmissing = " << (criterion.missing == engine::Missing::kSkip ? "\"skip\"" : "\"zero\"")
        << "\npoints = [";
    for (size_t i = 0; i < criterion.points.size(); ++i) {
      out << (i == 0 ? "[" : ", [") << criterion.points[i].first << ", "
          << criterion.points[i].second << "]";
    }
    out << "]\n";
  }
  for (const engine::AlwaysSetting& always : value.always) {
    out << "\n[[value.always]]\nclass = \"" << ClassName(always.value_class)
        << "\"\nwhere = " << Quoted(always.where) << "\n";
  }
  for (const std::string& where : value.potential) {
    out << "\n[[value.potential]]\nwhere = " << Quoted(where) << "\n";
  }
}

// The shortest form that reads back as the same number.
std::string Number(double value) {
  char text[32];
  return {text, std::to_chars(text, std::end(text), value).ptr};
}

void PrintChurn(const engine::ChurnSettings& churn, std::ostream& out) {
  out << "\n[churn]\nmodel = "
      << (churn.model == engine::ChurnModelKind::kMbgNbd ? "\"mbg-nbd\"" : "\"bg-nbd\"")
      << "\nhorizon_days = " << churn.horizon_days << "\n";
  if (!churn.pinned) return;
  const auto& [r, alpha, a, b] = *churn.pinned;
  out << "parameters = { r = " << Number(r) << ", alpha = " << Number(alpha)
      << ", a = " << Number(a) << ", b = " << Number(b) << " }\n";
}

void PrintPhaseAndRisk(const engine::PhaseSettings& phase, const engine::RiskSettings& risk,
                       std::ostream& out) {
  out << "\n[phase]\nnew_days = " << phase.new_days << "\nrevival_days = " << phase.revival_days
      << "\nspan_days = " << phase.span_days << "\ndecline_percent = " << phase.decline_percent
      << "\ngrowth_percent = " << phase.growth_percent
      << "\n\n[risk]\ncontacts_per_30_days = " << risk.contacts_per_30_days
      << "\ncontacts_after_first_order = " << risk.contacts_after_first_order
      << "\nhandover_days = " << risk.handover_days << "\nneglected_days = " << risk.neglected_days
      << "\ncomplaint_days = " << risk.complaint_days
      << "\nlate_payment_days = " << risk.late_payment_days
      << "\nservice_requests = " << risk.service_requests
      << "\ndissatisfied_satisfaction = " << risk.dissatisfied_satisfaction
      << "\ndissatisfied_referral = " << risk.dissatisfied_referral
      << "\nunanswered_days = " << risk.unanswered_days << "\n";
}

}  // namespace

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04X", static_cast<unsigned>(c));
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string PrintBookSettings(const engine::RuleSettings& rules, const std::string& time_zone,
                              std::optional<engine::Day> today, uint64_t memory_limit_bytes) {
  std::ostringstream out;
  out << "[book]\ncurrency = " << Quoted(rules.currency) << "\ntime_zone = " << Quoted(time_zone)
      << "\n";
  if (today.has_value()) out << "today = " << engine::FormatDay(*today) << "\n";
  if (memory_limit_bytes > 0) out << "memory_limit = " << memory_limit_bytes << "\n";
  PrintRfm(rules.rfm, out);
  PrintAbc(rules.abc, out);
  out << "\n[activity]\ninactive_after = " << rules.activity.inactive_after
      << "\nlost_after = " << rules.activity.lost_after
      << "\noverdue_percent = " << rules.activity.overdue_percent
      << "\n\n[reactivation]\nwaiting_days = " << rules.waiting_days << "\n";
  PrintValue(rules.value, out);
  PrintChurn(rules.churn, out);
  PrintPhaseAndRisk(rules.phase, rules.risk, out);
  for (const engine::StageSetting& stage : rules.stages) {
    out << "\n[[pipeline.stage]]\nname = " << Quoted(stage.name)
        << "\nchance = " << Decimal(stage.chance_hundredths) << "\n";
  }
  return out.str();
}

std::string PrintConfiguration(const Configuration& configuration) {
  std::ostringstream out;
  out << "[server]\n";
  for (const OptionSpec& option : OptionSpecs()) {
    const std::string value = ValueOf(option, configuration.server);
    if (value.empty()) continue;
    out << option.name << " = " << (IsNumber(option) ? value : Quoted(value)) << "\n";
  }
  out << "\n"
      << PrintBookSettings(configuration.rules->settings(), configuration.time_zone,
                           configuration.today, configuration.server.memory_limit_bytes);
  return out.str();
}

}  // namespace kundig::server
