// The churn model of the book's purchases, and how well it foretells later ones.

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/book_impl.h"
#include "engine/calendar.h"
#include "engine/churn_fit.h"
#include "engine/churn_forecast.h"
#include "engine/purchase_groups.h"
#include "engine/spend_model.h"

namespace kundig::engine {
namespace {

// By repeat purchases, as ChurnAnswer::hold_out.
using PurchasesByRow = std::array<uint64_t, ChurnAnswer::kHoldOutRows>;

size_t HoldOutRow(PurchaseDays days) {
  return std::min<size_t>(days.repeats, ChurnAnswer::kHoldOutRows - 1);
}

// What a shard adds.
struct Purchases {
  std::vector<PurchaseDays> customers;
  PurchasesByRow later{};    // purchase days behind `until`, through `check_until`
  uint64_t with_margin = 0;  // without `until`: customers whose margins do not come to nothing
};

std::optional<Error> CheckDays(const ChurnQuery& query, Day today) {
  const auto refuse = [](const char* field, const std::string& name) {
    return Error{ErrorCode::kInvalidValue, "Name " + name + ".", field, std::nullopt};
  };
  if (query.until && *query.until > today) {
    return refuse("until", "a day up to today, " + FormatDay(today));
  }
  if (!query.check_until) return std::nullopt;
  if (!query.until) {
    return Error{ErrorCode::kMissingField,
                 "Name with until the day through which the model may look.", "until",
                 std::nullopt};
  }
  if (*query.check_until <= *query.until || *query.check_until > today) {
    return refuse("check_until", "a day behind " + FormatDay(*query.until) + " and up to today, " +
                                     FormatDay(today));
  }
  return std::nullopt;
}

// Each day once, ascending.
void ReadPurchaseDays(const History& history, std::vector<Day>* days) {
  days->clear();
  history.ForEach([days](const HistoryEntry& entry) {
    if (entry.kind == EntryKind::kOrder) days->push_back(entry.day);
  });
  std::sort(days->begin(), days->end());
  days->erase(std::unique(days->begin(), days->end()), days->end());
}

Purchases CollectPurchases(const Shard& shard, const ChurnQuery& query, Day today) {
  Purchases found;
  std::vector<Day> days;
  for (uint32_t at = 0; at < shard.blocks(); ++at) {
    const CustomerBlock& block = shard.block(at);
    for (uint32_t row = 0; row < kBlockRows; ++row) {
      const uint16_t purchase_days = block.columns.purchase_days[row];
      if (purchase_days == 0) continue;
      const Day first = FromColumn(block.columns.first_order[row]);
      const Day last = FromColumn(block.columns.last_order[row]);
      // Only of who bought behind `until` the sums are not those of that day.
      if (!query.until || last <= *query.until) {
        found.customers.push_back(
            PurchaseDaysOf(purchase_days, first, last, query.until.value_or(today)));
        if (!query.until && ColumnFields(block, row).margin_total() != 0) ++found.with_margin;
        continue;
      }
      if (first > *query.until) continue;
      ReadPurchaseDays(block.rows[row].history, &days);
      const auto end = std::upper_bound(days.begin(), days.end(), *query.until);
      found.customers.push_back(PurchaseDaysOf(static_cast<uint32_t>(end - days.begin()), first,
                                               *(end - 1), *query.until));
      if (!query.check_until) continue;
      const auto later_end = std::upper_bound(end, days.end(), *query.check_until);
      found.later[HoldOutRow(found.customers.back())] += static_cast<uint64_t>(later_end - end);
    }
  }
  return found;
}

SpendSums CollectSpend(const Shard& shard, SpendMeasure measure) {
  SpendSums sums;
  for (uint32_t at = 0; at < shard.blocks(); ++at) {
    const CustomerBlock& block = shard.block(at);
    for (uint32_t row = 0; row < kBlockRows; ++row) {
      if (block.columns.purchase_days[row] == 0) continue;
      const ColumnFields c(block, row);
      const bool margin = measure == SpendMeasure::kMargin;
      sums.Add(c.orders_total(), Minor{margin ? c.margin_total() : c.revenue_total()});
    }
  }
  return sums;
}

std::optional<AdoptedSpend> FitSpend(const SpendSums& sums, SpendMeasure measure) {
  const Result<SpendFit> fit = FitSpendModel(sums);
  if (!fit) return std::nullopt;
  return AdoptedSpend{.measure = measure,
                      .parameters = fit->parameters,
                      .log_likelihood = fit->log_likelihood,
                      .customers = fit->customers,
                      .converged = fit->converged,
                      .at_limit = fit->at_limit};
}

// By kFitChangePercent or more.
bool HasChanged(uint64_t before, uint64_t now) {
  const uint64_t difference = before < now ? now - before : before - now;
  return difference * 100 >= before * kFitChangePercent;
}

// The parameters, and how likely they make the groups.
std::optional<Error> Fit(const ChurnSettings& settings, std::span<const PurchaseGroup> groups,
                         ShardRunner* runner, ChurnAnswer* answer) {
  answer->model = settings.model;
  if (settings.pinned) {
    ChurnLikelihood likelihood(settings.model, groups, runner);
    ChurnParameters slopes;
    answer->pinned = true;
    answer->parameters = *settings.pinned;
    answer->log_likelihood = likelihood.At(answer->parameters, &slopes);
    answer->customers = likelihood.customers();
    return std::nullopt;
  }
  const Result<ChurnFit> fit = FitChurnModel(settings.model, groups, runner);
  if (!fit) return fit.error();
  answer->parameters = fit->parameters;
  answer->converged = fit->converged;
  answer->at_limit = fit->at_limit;
  answer->log_likelihood = fit->log_likelihood;
  answer->customers = fit->customers;
  return std::nullopt;
}

// What the model expects of the customers in the groups.
void Foretell(std::span<const PurchaseGroup> groups, ChurnAnswer* answer) {
  const ChurnModel model = ChurnModel::Make(answer->model, answer->parameters).value();
  const ChurnForecast ahead(model, answer->horizon_days / 7.0);
  std::optional<ChurnForecast> to_check;
  if (answer->checked_through) {
    to_check.emplace(model, (*answer->checked_through - answer->fitted_through) / 7.0);
  }
  for (const PurchaseGroup& group : groups) {
    const PurchaseHistory history = InWeeks(group.days);
    const auto customers = static_cast<double>(group.customers);
    answer->purchases += uint64_t{group.customers} * (uint64_t{group.days.repeats} + 1);
    answer->alive += customers * model.PAlive(history);
    answer->expected_purchases += customers * ahead.ExpectedPurchases(history);
    if (!to_check) continue;
    ChurnAnswer::HoldOut& row = answer->hold_out[HoldOutRow(group.days)];
    row.customers += group.customers;
    row.expected += customers * to_check->ExpectedPurchases(history);
  }
}

}  // namespace

Result<ChurnAnswer> Book::Impl::Churn(const ChurnQuery& query) {
  ChurnAnswer answer;
  std::shared_ptr<const Rules> rules;
  std::vector<std::vector<PurchaseDays>> customers(options_.shards);
  std::vector<PurchasesByRow> later(options_.shards);
  std::vector<uint64_t> with_margin(options_.shards);
  SpendMeasure measure = SpendMeasure::kRevenue;
  SpendSums spend;
  {
    const StateLock::Scan scan(&lock_);
    if (std::optional<Error> error = CheckDays(query, today_)) return *error;
    answer.state = State();
    rules = rules_;
    runner_.ForEach(shards_.size(), [&](size_t shard) {
      Purchases found = CollectPurchases(*shards_[shard], query, today_);
      customers[shard] = std::move(found.customers);
      later[shard] = found.later;
      with_margin[shard] = found.with_margin;
    });
    if (!query.until) {
      uint64_t buyers = 0, of_margin = 0;
      for (const auto& of_shard : customers) buyers += of_shard.size();
      for (const uint64_t of_shard : with_margin) of_margin += of_shard;
      if (2 * of_margin >= buyers) measure = SpendMeasure::kMargin;
      std::mutex merging;
      runner_.ForEach(shards_.size(), [&](size_t shard) {
        const SpendSums of_shard = CollectSpend(*shards_[shard], measure);
        const std::lock_guard<std::mutex> lock(merging);
        spend.Merge(of_shard);
      });
    }
  }
  const std::vector<PurchaseGroup> groups = GroupCustomers(&customers, &runner_);
  const ChurnSettings& settings = rules->settings().churn;
  if (std::optional<Error> error = Fit(settings, groups, &runner_, &answer)) return *error;
  answer.fitted_through = query.until.value_or(answer.state.as_of);
  answer.checked_through = query.check_until;
  answer.horizon_days = settings.horizon_days;
  Foretell(groups, &answer);
  if (!query.until) answer.spend = FitSpend(spend, measure);
  for (const PurchasesByRow& of_shard : later) {
    for (size_t row = 0; row < of_shard.size(); ++row) {
      answer.hold_out[row].purchases += of_shard[row];
    }
  }
  return answer;
}

bool Book::Impl::LacksFit() {
  const StateLock::Lookup lookup(&lock_);
  return outlook_ == nullptr;
}

bool Book::Impl::FitIsDue() {
  struct Counts {
    uint64_t customers = 0, purchases = 0;
  };
  std::vector<Counts> counts(options_.shards);
  const StateLock::Scan scan(&lock_);
  runner_.ForEach(shards_.size(), [&](size_t shard) {
    for (uint32_t at = 0; at < shards_[shard]->blocks(); ++at) {
      for (const uint16_t purchase_days : shards_[shard]->block(at).columns.purchase_days) {
        counts[shard].customers += purchase_days > 0;
        counts[shard].purchases += purchase_days;
      }
    }
  });
  Counts now;
  for (const Counts& of_shard : counts) {
    now.customers += of_shard.customers;
    now.purchases += of_shard.purchases;
  }
  if (now.customers < kMinFitCustomers) return false;
  const ChurnSettings& settings = rules_->settings().churn;
  const bool fitted = fit_ && (settings.pinned || (!fit_->pinned && fit_->model == settings.model));
  return !fitted || HasChanged(fit_->customers, now.customers) ||
         HasChanged(fit_->purchases, now.purchases);
}

}  // namespace kundig::engine
