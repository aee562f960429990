#include <vector>

#include "schemas/churn_generated.h"
#include "server/encode.h"
#include "server/encode_parts.h"
#include "server/encode_state.h"

namespace kundig::server {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

static_assert(SameCode<wire::ChurnModel>(engine::ChurnModelKind::kMbgNbd) ==
              wire::ChurnModel::mbg_nbd);
static_assert(SameCode<wire::ChurnModel>(engine::ChurnModelKind::kBgNbd) ==
              wire::ChurnModel::bg_nbd);

static_assert(SameCode<wire::SpendMeasure>(engine::SpendMeasure::kRevenue) ==
              wire::SpendMeasure::revenue);
static_assert(SameCode<wire::SpendMeasure>(engine::SpendMeasure::kMargin) ==
              wire::SpendMeasure::margin);

}  // namespace

void EncodeChurn(const engine::ChurnAnswer& answer, FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::ChurnHoldOut>> rows;
  if (answer.checked_through) {
    uint32_t repeats = 0;
    for (const engine::ChurnAnswer::HoldOut& row : answer.hold_out) {
      rows.push_back(wire::CreateChurnHoldOut(*builder, repeats++, row.customers, row.purchases,
                                              row.expected));
    }
  }
  const auto hold_out = builder->CreateVector(rows);
  Offset<wire::SpendFit> spend = 0;
  if (answer.spend) {
    const engine::AdoptedSpend& fit = *answer.spend;
    spend = wire::CreateSpendFit(*builder, SameCode<wire::SpendMeasure>(fit.measure),
                                 fit.parameters.p, fit.parameters.q, fit.parameters.gamma,
                                 fit.log_likelihood, fit.customers, fit.converged, fit.at_limit);
  }
  const wire::State state = WireState(answer.state);
  const engine::ChurnParameters& by = answer.parameters;
  const wire::ChurnParameters parameters(by.r, by.alpha, by.a, by.b);
  wire::ChurnReplyBuilder out(*builder);
  out.add_state(&state);
  out.add_model(SameCode<wire::ChurnModel>(answer.model));
  out.add_parameters(&parameters);
  out.add_pinned(answer.pinned);
  out.add_converged(answer.converged);
  out.add_at_limit(answer.at_limit);
  out.add_log_likelihood(answer.log_likelihood);
  out.add_customers(answer.customers);
  out.add_fitted_through(answer.fitted_through.since_epoch);
  out.add_alive(answer.alive);
  out.add_horizon_days(static_cast<uint32_t>(answer.horizon_days));
  out.add_expected_purchases(answer.expected_purchases);
  if (answer.checked_through) out.add_checked_through(answer.checked_through->since_epoch);
  out.add_hold_out(hold_out);
  out.add_purchases(answer.purchases);
  out.add_spend(spend);
  out.add_in_force(answer.in_force);
  builder->Finish(out.Finish());
}

}  // namespace kundig::server
