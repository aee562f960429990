// The fit that a durable book keeps and looks ahead by.

#include <span>

#include "engine/durable_book.h"

namespace kundig::engine {
namespace {

AdoptedFit FitOf(const ChurnAnswer& answer) {
  return {.model = answer.model,
          .parameters = answer.parameters,
          .pinned = answer.pinned,
          .converged = answer.converged,
          .at_limit = answer.at_limit,
          .fitted_through = answer.fitted_through,
          .customers = answer.customers,
          .purchases = answer.purchases,
          .log_likelihood = answer.log_likelihood,
          .spend = answer.spend};
}

}  // namespace

Result<ChurnAnswer> DurableBook::FitChurn() {
  const std::lock_guard<std::mutex> fitting(fitting_);
  Result<ChurnAnswer> answer = book_->Churn({});
  if (!answer) return answer;
  const AdoptedFit fit = FitOf(*answer);
  const WriteRequest write{.name = {}, .what = &fit};
  std::optional<Error> failed;
  Write(std::span(&write, 1), [&](size_t, const Result<ApplyAnswer>& written) {
    if (!written) {
      failed = written.error();
    } else {
      answer->state.fit_version = written->state.fit_version;
    }
  });
  if (failed) return *failed;
  // Rules that look ahead by another model may have come meanwhile.
  answer->in_force = !book_->LacksFit();
  return answer;
}

}  // namespace kundig::engine
