#include "server/configuration_toml.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "server/limits.h"

namespace kundig::server {
namespace {

void ReadBook(TomlSection section, BookSettings* settings) {
  section.Text("currency", &settings->rules.currency);
  section.Text("time_zone", &settings->time_zone);
  section.Day("today", &settings->today);
  const std::string expected = "expected a number of bytes from " +
                               std::to_string(kMinMemoryLimitBytes) + " to " +
                               std::to_string(kMaxMemoryLimitBytes);
  if (const auto bytes = section.Plain("memory_limit", /*number=*/true, expected)) {
    settings->memory_limit_bytes = std::strtoull(bytes->c_str(), nullptr, 10);
    if (settings->memory_limit_bytes < kMinMemoryLimitBytes ||
        settings->memory_limit_bytes > kMaxMemoryLimitBytes) {
      section.Reject("memory_limit", expected);
    }
  }
  section.Finish();
}

engine::SegmentSetting ReadSegment(TomlSection section) {
  engine::SegmentSetting segment;
  section.Require("name", "expected the name of the segment");
  section.Text("name", &segment.name);
  section.Texts("cells", &segment.cells);
  section.Integers("recency", &segment.recency);
  section.Integers("frequency", &segment.frequency);
  section.Integers("monetary", &segment.monetary);
  const bool ranges = section.Has("recency") || section.Has("frequency") || section.Has("monetary");
  if (section.Has("cells") == ranges) {
    section.Reject("expected either cells or ranges of recency, frequency and monetary");
  }
  section.Finish();
  return segment;
}

void ReadRfm(TomlSection section, engine::RfmSettings* rfm) {
  section.Integer("window_days", &rfm->window_days);
  section.Choice(
      "scoring",
      {{"quantile", engine::RfmScoring::kQuantile}, {"fixed", engine::RfmScoring::kFixed}},
      &rfm->scoring);
  section.Choice("frequency",
                 {{"orders", engine::RfmFrequency::kOrders},
                  {"purchase_days", engine::RfmFrequency::kPurchaseDays}},
                 &rfm->frequency);
  section.Choice(
      "monetary",
      {{"total", engine::RfmMonetary::kTotal}, {"average", engine::RfmMonetary::kAverage}},
      &rfm->monetary);
  section.Choice("match", {{"exact", false}, {"first", true}}, &rfm->first_match);
  for (const auto& [key, cuts] : {std::pair("recency_cuts", &rfm->recency_cuts),
                                  std::pair("frequency_cuts", &rfm->frequency_cuts),
                                  std::pair("monetary_cuts", &rfm->monetary_cuts)}) {
    section.Integers(key, cuts);
    // Cuts may stay in the file while scores come from quantiles.
    if (rfm->scoring == engine::RfmScoring::kFixed) {
      section.Require(key, "expected 4 whole numbers, ascending, with scoring = \"fixed\"");
    }
  }
  if (section.Has("otherwise")) section.Text("otherwise", &rfm->otherwise.emplace());
  for (const TomlSection& segment : section.Sections("segment")) {
    rfm->segments.push_back(ReadSegment(segment));
  }
  section.Finish();
}

void ReadAbc(TomlSection section, engine::AbcSettings* abc) {
  section.Choice(
      "measure",
      {{"revenue", engine::AbcMeasure::kRevenue}, {"margin", engine::AbcMeasure::kMargin}},
      &abc->measure);
  section.Integer("window_days", &abc->window_days);
  section.Hundredths("a", &abc->a_hundredths);
  section.Hundredths("b", &abc->b_hundredths);
  section.Choice("boundary",
                 {{"stay", engine::AbcBoundary::kStay}, {"drop", engine::AbcBoundary::kDrop}},
                 &abc->boundary);
  section.Finish();
}

void ReadActivity(TomlSection section, engine::ActivitySettings* activity) {
  section.Integer("inactive_after", &activity->inactive_after);
  section.Integer("lost_after", &activity->lost_after);
  section.Integer("overdue_percent", &activity->overdue_percent);
  section.Finish();
}

void ReadValue(TomlSection section, engine::ValueSettings* value) {
  section.Hundredths("individual_at", &value->individual_at_hundredths);
  section.Hundredths("standard_below", &value->standard_below_hundredths);
  section.Choice(
      "between",
      {{"review", engine::Between::kReview}, {"last_close", engine::Between::kLastClose}},
      &value->between);
  for (TomlSection& table : section.Sections("criterion")) {
    engine::CriterionSetting& criterion = value->criteria.emplace_back();
    table.Require("field", "expected the name of a field");
    table.Text("field", &criterion.field);
    table.Require("weight", "expected a whole number from 1 to 1000");
    table.Integer("weight", &criterion.weight);
    table.Choice("missing", {{"skip", engine::Missing::kSkip}, {"zero", engine::Missing::kZero}},
                 &criterion.missing);
    table.Require("points", "expected pairs such as [[0, 0], [50000, 25]]");
    table.Pairs("points", &criterion.points);
    table.Finish();
  }
  for (TomlSection& table : section.Sections("always")) {
    engine::AlwaysSetting& always = value->always.emplace_back();
    table.Require("class", "expected \"individual\", \"standard\" or \"review\"");
    table.Choice("class",
                 {{"individual", engine::ValueClass::kIndividual},
                  {"standard", engine::ValueClass::kStandard},
                  {"review", engine::ValueClass::kReview}},
                 &always.value_class);
    table.Require("where", "expected an expression");
    table.Text("where", &always.where);
    table.Finish();
  }
  for (TomlSection& table : section.Sections("potential")) {
    table.Require("where", "expected an expression");
    table.Text("where", &value->potential.emplace_back());
    table.Finish();
  }
  section.Finish();
}

void ReadPipeline(TomlSection section, std::vector<engine::StageSetting>* stages) {
  for (TomlSection& table : section.Sections("stage")) {
    engine::StageSetting& stage = stages->emplace_back();
    table.Require("name", "expected the name of the stage");
    table.Text("name", &stage.name);
    table.Require("chance", "expected a percentage from 0 to 100");
    table.Hundredths("chance", &stage.chance_hundredths);
    table.Finish();
  }
  section.Finish();
}

void ReadChurn(TomlSection section, engine::ChurnSettings* churn) {
  section.Choice(
      "model",
      {{"mbg-nbd", engine::ChurnModelKind::kMbgNbd}, {"bg-nbd", engine::ChurnModelKind::kBgNbd}},
      &churn->model);
  section.Integer("horizon_days", &churn->horizon_days);
  TomlSection parameters = section.Section("parameters");
  if (parameters.present()) {
    engine::ChurnParameters& pinned = churn->pinned.emplace();
    for (const auto& [name, value] : {std::pair("r", &pinned.r), std::pair("alpha", &pinned.alpha),
                                      std::pair("a", &pinned.a), std::pair("b", &pinned.b)}) {
      parameters.Require(name, "expected a number");
      parameters.Real(name, value);
    }
  }
  parameters.Finish();
  section.Finish();
}

void ReadPhase(TomlSection section, engine::PhaseSettings* phase) {
  section.Integer("new_days", &phase->new_days);
  section.Integer("revival_days", &phase->revival_days);
  section.Integer("span_days", &phase->span_days);
  section.Integer("decline_percent", &phase->decline_percent);
  section.Integer("growth_percent", &phase->growth_percent);
  section.Finish();
}

void ReadRisk(TomlSection section, engine::RiskSettings* risk) {
  section.Integer("contacts_per_30_days", &risk->contacts_per_30_days);
  section.Integer("contacts_after_first_order", &risk->contacts_after_first_order);
  section.Integer("handover_days", &risk->handover_days);
  section.Integer("neglected_days", &risk->neglected_days);
  section.Integer("complaint_days", &risk->complaint_days);
  section.Integer("late_payment_days", &risk->late_payment_days);
  section.Integer("service_requests", &risk->service_requests);
  section.Integer("dissatisfied_satisfaction", &risk->dissatisfied_satisfaction);
  section.Integer("dissatisfied_referral", &risk->dissatisfied_referral);
  section.Integer("unanswered_days", &risk->unanswered_days);
  section.Finish();
}

}  // namespace

BookSettings ReadBookSettings(TomlSection* root) {
  BookSettings settings;
  ReadBook(root->Section("book"), &settings);
  ReadRfm(root->Section("rfm"), &settings.rules.rfm);
  ReadAbc(root->Section("abc"), &settings.rules.abc);
  ReadActivity(root->Section("activity"), &settings.rules.activity);
  TomlSection reactivation = root->Section("reactivation");
  reactivation.Integer("waiting_days", &settings.rules.waiting_days);
  reactivation.Finish();
  ReadValue(root->Section("value"), &settings.rules.value);
  ReadPipeline(root->Section("pipeline"), &settings.rules.stages);
  ReadChurn(root->Section("churn"), &settings.rules.churn);
  ReadPhase(root->Section("phase"), &settings.rules.phase);
  ReadRisk(root->Section("risk"), &settings.rules.risk);
  return settings;
}

}  // namespace kundig::server
