// Questions about leads: one state of them, looked at by all workers.

#include <optional>
#include <string>
#include <utility>

#include "engine/book_impl.h"
#include "engine/conversion.h"
#include "engine/lead_view.h"
#include "engine/leads_as_of.h"
#include "engine/pipeline.h"
#include "engine/waterfall.h"

namespace kundig::engine {
namespace {

Result<Expression> LeadExpression(const std::string& where, const FieldCatalog& fields) {
  if (where.empty()) return Expression::Everything();
  Result<Expression> parsed = ParseExpression(where, fields);
  if (parsed) return parsed;
  Error error = parsed.error();
  error.field = "where";
  return error;
}

Error WrongDay(std::string message, const char* field) {
  return Error{ErrorCode::kInvalidValue, std::move(message), field, std::nullopt};
}

}  // namespace

Result<PipelineAnswer> Book::Impl::Pipeline(const PipelineQuery& query) {
  if (std::optional<Error> error = CheckGrouping(query)) return *error;
  const StateLock::Scan scan(&lock_);
  if (query.as_of && *query.as_of > today_) {
    return WrongDay("the day must not be after today", "as_of");
  }
  const Result<Expression> where =
      query.as_of ? LeadExpression(query.where, StagesThen(leads_.stages(), *rules_).LeadFields())
                  : LeadExpression(query.where, rules_->lead_fields());
  if (!where) return where.error();
  PipelineAnswer answer;
  if (query.as_of && *query.as_of < today_) {
    const LeadsAsOf then(leads_, *rules_, *query.as_of, &runner_);
    answer = ComputePipeline(then.view(), query, *where, &runner_);
  } else {
    answer = ComputePipeline(LeadView(leads_, *rules_), query, *where, &runner_);
  }
  answer.state = State();
  if (query.as_of) answer.state.as_of = *query.as_of;
  return answer;
}

Result<WaterfallAnswer> Book::Impl::Waterfall(const WaterfallQuery& query) {
  if (query.from >= query.to) return WrongDay("the first day must be before the second", "from");
  const StateLock::Scan scan(&lock_);
  if (query.to > today_) return WrongDay("the second day must not be after today", "to");
  const Result<Expression> where =
      LeadExpression(query.where, StagesThen(leads_.stages(), *rules_).LeadFields());
  if (!where) return where.error();
  WaterfallAnswer answer = ComputeWaterfall(leads_, *rules_, query, *where, &runner_);
  answer.state = State();
  return answer;
}

Result<ConversionAnswer> Book::Impl::Conversion(const ConversionQuery& query) {
  if (query.from && query.to && *query.from > *query.to) {
    return WrongDay("the first day must not be after the last", "from");
  }
  const StateLock::Scan scan(&lock_);
  const Result<Expression> where = LeadExpression(query.where, rules_->lead_fields());
  if (!where) return where.error();
  ConversionAnswer answer = ComputeConversion(leads_, *rules_, query, *where, &runner_);
  answer.state = State();
  answer.rules = rules_;
  return answer;
}

}  // namespace kundig::engine
