// Lists: filter, exclude, order, page, and copy out the fields asked for, all from one state.
//
// Each shard filters its rows block by block, counts totals over all that match and keeps the rows
// of the page (with a limit: never more than about twice the limit). The shards' rows are merged,
// ordered and cut, and only then are fields copied. The copy is what is streamed to the client, so
// a slow client holds no lock.
//
// Thread safety: needs the book's scan lock.

#ifndef KUNDIG_ENGINE_LIST_H_
#define KUNDIG_ENGINE_LIST_H_

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/churn_outlook.h"
#include "engine/cursor.h"
#include "engine/customer_field.h"
#include "engine/dictionary.h"
#include "engine/expression.h"
#include "engine/query.h"
#include "engine/ranking.h"
#include "engine/result.h"
#include "engine/rules.h"
#include "engine/shard.h"
#include "engine/shard_runner.h"

namespace kundig::engine {

// A ListQuery with its names looked up.
struct ListPlan {
  Expression where = Expression::Everything();
  bool reactivation = false;
  bool early_warning = false;
  uint32_t activities = 0;  // reactivation: a bit for each Activity
  bool need_consent = false;
  CustomerField order_by = CustomerField::kRevenueTotal;
  bool descending = true;
  uint32_t limit = 0;
  std::vector<CustomerField> fields;
  std::optional<Cursor> cursor;
  uint64_t question = 0;
  bool needs_ranking = false;
  uint64_t rules_version = 0;  // what a cursor of this list depends on
};

// Errors: those of ParseExpression (field "where"), kUnknownField ("order_by", "fields"),
// kBadCursor.
// The versions count changes of the rules, and of the fit that the book has adopted.
Result<ListPlan> PlanList(const ListQuery& query, const Rules& rules, uint64_t rules_version,
                          uint64_t fit_version);

struct ListSource {
  std::span<const std::unique_ptr<Shard>> shards;
  const Rules* rules = nullptr;
  const CustomerNames* names = nullptr;
  Ranking ranking;  // that of the cursor where it carries one
  Day today;
  uint64_t sequence = 0;
  uint64_t memory_bytes = 0;
  const ChurnOutlook* churn = nullptr;
};

// The state of the answer is left to the caller. Error: kResultTooLarge.
Result<ListAnswer> ComputeList(const ListPlan& plan, const ListSource& source, ShardRunner* runner);

// Whether an expression or a list of these fields needs rankings that are up to date.
bool NeedsRanking(FieldSet fields, const Rules& rules);
// Whether it is about what the churn model foretells.
bool NeedsOutlook(FieldSet fields, const Rules& rules);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_LIST_H_
