#include "engine/leads_as_of.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

namespace kundig::engine {
namespace {

constexpr uint32_t kPieceLeads = 1 << 16;  // that a worker takes at a time

}  // namespace

StagesThen::StagesThen(const LeadStages& remembered, const Rules& rules) : all_(rules.stages()) {
  for (LeadPlace place = 0; place < kPlaceUnknown; ++place) {
    if (place >= remembered.size()) break;
    const StageSetting& stage = remembered[place];
    const std::optional<uint8_t> named = rules.FindStage(stage.name);
    stage_of_.push_back(named ? StageIndex{*named} : static_cast<StageIndex>(all_.size()));
    if (!named) all_.push_back(stage);
  }
  stage_of_.resize(kPlaceUnknown + size_t{1}, static_cast<StageIndex>(all_.size()));
  std::map<std::string_view, StageIndex> code_of;
  for (const StageSetting& stage : all_) {
    const auto code = static_cast<StageIndex>(names_.size());
    const auto [known, is_new] = code_of.emplace(stage.name, code);
    if (is_new) names_.push_back(stage.name);
    codes_.push_back(known->second);
  }
  all_.push_back({"none", 0});
}

LeadsAsOf::LeadsAsOf(const LeadTable& leads, const Rules& rules, Day day, ShardRunner* runner)
    : leads_(leads), named_stages_(rules.stages().size()), stages_(leads.stages(), rules) {
  const std::vector<LeadHistory>& histories = leads.columns().history;
  std::vector<Lead> were, closed;
  for (uint32_t row = 0; row < leads.rows(); ++row) {
    const uint32_t changes = histories[row].CountThrough(day.since_epoch);
    if (changes == 0) continue;
    const LeadChange& state = histories[row][changes - 1];
    (state.open() ? were : closed).push_back({row, changes});
    if (state.open()) continue;
    ClosedSums& sums = closed_[state.place == kPlaceWon ? 0 : 1];
    ++sums.leads;
    sums.revenue += state.revenue;
  }
  open_ = static_cast<uint32_t>(were.size());
  were.insert(were.end(), closed.begin(), closed.end());

  const auto rows = static_cast<uint32_t>(were.size());
  LeadColumns& c = columns_;
  for (auto* names : {&c.customer, &c.owner, &c.region, &c.product, &c.source, &c.reason}) {
    names->resize(rows);
  }
  c.status.resize(rows);
  c.stage.resize(rows);
  c.revenue.resize(rows);
  c.chance.resize(rows);
  for (auto* days : {&c.opened, &c.expected_close, &c.closed}) days->resize(rows);
  c.close_month.resize(rows);
  table_rows_.resize(rows);
  runner->ForEach((rows + kPieceLeads - 1) / kPieceLeads, [&](size_t piece) {
    const auto first = static_cast<uint32_t>(piece) * kPieceLeads;
    Fill(were, first, std::min(first + kPieceLeads, rows));
  });
}

void LeadsAsOf::Fill(const std::vector<Lead>& from, uint32_t first, uint32_t end) {
  const LeadColumns& now = leads_.columns();
  LeadColumns& c = columns_;
  for (uint32_t row = first; row < end; ++row) {
    const auto [at, changes] = from[row];
    const LeadHistory& history = now.history[at];
    const LeadChange& then = history[changes - 1];
    table_rows_[row] = at;
    c.customer[row] = now.customer[at];
    c.owner[row] = now.owner[at];
    c.region[row] = now.region[at];
    c.product[row] = now.product[at];
    c.source[row] = now.source[at];
    c.opened[row] = now.opened[at];
    c.expected_close[row] = now.expected_close[at];
    c.close_month[row] = now.close_month[at];
    c.status[row] = then.status();
    c.stage[row] = then.open() ? stages_.Of(then.place) : kNoStage;
    c.revenue[row] = then.revenue;
    c.chance[row] = then.chance;
    const bool as_now = changes == history.size();
    c.reason[row] = then.open() ? kNoName : now.reason[at];
    c.closed[row] = then.open() ? kNoLeadDay
                    : as_now    ? now.closed[at]
                                : history.StatusSince(changes);
  }
}

LeadView LeadsAsOf::view() const {
  LeadView view;
  view.leads = &leads_;
  view.columns = &columns_;
  view.table_rows = table_rows_;
  view.stages = stages_.all();
  view.named_stages = named_stages_;
  view.stage_codes = stages_.codes();
  view.rows = static_cast<uint32_t>(table_rows_.size());
  view.open_leads = open_;
  view.closed = closed_;
  return view;
}

}  // namespace kundig::engine
