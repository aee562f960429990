#include "server/encode.h"

#include <array>
#include <bit>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schemas/events_generated.h"
#include "schemas/limits.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "server/encode_parts.h"
#include "server/encode_state.h"

namespace kundig::server {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::String;

static_assert(SameCode<wire::CustomerKind>(engine::CustomerKind::kBusiness) ==
              wire::CustomerKind::business);
static_assert(SameCode<wire::Activity>(engine::Activity::kNever) == wire::Activity::never);
static_assert(SameCode<wire::Activity>(engine::Activity::kActive) == wire::Activity::active);
static_assert(SameCode<wire::AbcClass>(engine::AbcClass::kA) == wire::AbcClass::a);
static_assert(SameCode<wire::AbcClass>(engine::AbcClass::kNone) == wire::AbcClass::none);
static_assert(SameCode<wire::ValueClass>(engine::ValueClass::kIndividual) ==
              wire::ValueClass::individual);
static_assert(SameCode<wire::ValueClass>(engine::ValueClass::kReview) == wire::ValueClass::review);
static_assert(SameCode<wire::ConsentStatus>(engine::ConsentStatus::kExpired) ==
              wire::ConsentStatus::expired);
static_assert(SameCode<wire::ChurnBand>(engine::ChurnBand::kLow) == wire::ChurnBand::low);
static_assert(SameCode<wire::ChurnBand>(engine::ChurnBand::kHigh) == wire::ChurnBand::high);
static_assert(SameCode<wire::Phase>(engine::Phase::kProspect) == wire::Phase::prospect);
static_assert(SameCode<wire::Phase>(engine::Phase::kMaturity) == wire::Phase::maturity);
static_assert(SameCode<wire::Risk>(engine::Risk::kOverloaded) == wire::Risk::overloaded);
static_assert(SameCode<wire::Risk>(engine::Risk::kUnanswered) == wire::Risk::unanswered);
static_assert(SameCode<wire::LeadStatus>(engine::LeadStatus::kLost) == wire::LeadStatus::lost);
static_assert(SameCode<wire::PipelineKey>(engine::PipelineKey::kReason) ==
              wire::PipelineKey::reason);

// At most kMaxErrorMessageBytes, cut between two characters.
std::string_view Shortened(std::string_view message) {
  if (message.size() <= wire::kMaxErrorMessageBytes) return message;
  size_t end = wire::kMaxErrorMessageBytes;
  const auto continues = [&](size_t at) {
    return (static_cast<uint8_t>(message[at]) & 0xC0) == 0x80;
  };
  while (end > 0 && continues(end)) --end;
  return message.substr(0, end);
}

// Above what one more refused event and the end of its reply take: the sentence, the name of a
// field, tables, vtables, the place in the list, the state.
constexpr size_t kRefusedEventRoomBytes = wire::kMaxErrorMessageBytes + 512;

Offset<wire::Error> AddError(const Refusal& refusal, FlatBufferBuilder* builder) {
  const auto message = Text(builder, Shortened(refusal.message));
  const auto field = refusal.field.empty() ? 0 : Text(builder, refusal.field);
  return wire::CreateError(*builder, refusal.code, message, field,
                           Nullable<int32_t>(refusal.position));
}

}  // namespace

Offset<flatbuffers::Vector<wire::Risk>> AddRisks(engine::RiskSet risks,
                                                 FlatBufferBuilder* builder) {
  if (risks == 0) return 0;
  std::array<wire::Risk, engine::kRisks> ascending;
  size_t count = 0;
  for (; risks != 0; risks &= risks - 1) {
    ascending[count++] = static_cast<wire::Risk>(std::countr_zero(risks));
  }
  return builder->CreateVector(ascending.data(), count);
}

Offset<wire::Profile> AddProfile(const engine::Profile& profile, const engine::Rules& rules,
                                 FlatBufferBuilder* builder) {
  const auto customer = Text(builder, profile.customer);
  const auto country = OptionalText(builder, profile.country);
  const auto region = OptionalText(builder, profile.region);
  const auto owner = OptionalText(builder, profile.owner);
  const auto segment =
      profile.rfm.has_value() ? Text(builder, rules.segment_names()[profile.rfm->segment]) : 0;
  const auto risks = AddRisks(profile.risks, builder);

  // Widest fields first, so that no padding comes between them.
  wire::ProfileBuilder out(*builder);
  if (profile.potential) out.add_potential(profile.potential->units);
  out.add_revenue(profile.revenue.units);
  out.add_margin(profile.margin.units);
  out.add_items(profile.items);
  out.add_revenue_total(profile.revenue_total.units);
  out.add_margin_total(profile.margin_total.units);
  if (profile.expected_orders_thousandths) {
    out.add_expected_orders(*profile.expected_orders_thousandths);
  }
  if (profile.clv) out.add_clv(profile.clv->units);
  out.add_customer_value(profile.customer_value.units);

  out.add_customer(customer);
  out.add_country(country);
  out.add_region(region);
  out.add_owner(owner);
  out.add_rfm_segment(segment);
  out.add_risks(risks);
  if (profile.company_size) out.add_company_size(*profile.company_size);
  if (profile.products) out.add_products(*profile.products);
  if (profile.first_order) out.add_first_order(profile.first_order->since_epoch);
  if (profile.last_order) out.add_last_order(profile.last_order->since_epoch);
  if (profile.last_activity) out.add_last_activity(profile.last_activity->since_epoch);
  if (profile.recency_days) out.add_recency_days(*profile.recency_days);
  if (profile.inactive_days) out.add_inactive_days(*profile.inactive_days);
  out.add_purchase_days(profile.purchase_days);
  out.add_orders(profile.orders);
  out.add_orders_total(profile.orders_total);
  if (profile.value_score_thousandths) out.add_value_score(*profile.value_score_thousandths);
  if (profile.last_contact) out.add_last_contact(profile.last_contact->since_epoch);
  if (profile.p_alive_millionths) out.add_p_alive(*profile.p_alive_millionths);
  if (profile.churn_score_millionths) out.add_churn_score(*profile.churn_score_millionths);

  out.add_found(profile.found);
  if (profile.kind) out.add_kind(SameCode<wire::CustomerKind>(*profile.kind));
  out.add_key_account(profile.key_account);
  if (profile.satisfaction) out.add_satisfaction(*profile.satisfaction);
  if (profile.referral) out.add_referral(*profile.referral);
  if (profile.bonding) out.add_bonding(*profile.bonding);
  if (profile.rfm) {
    out.add_r(profile.rfm->r);
    out.add_f(profile.rfm->f);
    out.add_m(profile.rfm->m);
  }
  out.add_abc(SameCode<wire::AbcClass>(profile.abc));
  out.add_value_class(SameCode<wire::ValueClass>(profile.value_class));
  out.add_hidden_potential(profile.hidden_potential);
  out.add_value_pinned(profile.value_pinned);
  out.add_activity(SameCode<wire::Activity>(profile.activity));
  out.add_phase(SameCode<wire::Phase>(profile.phase));
  if (profile.consent) out.add_consent(SameCode<wire::ConsentStatus>(*profile.consent));
  if (profile.churn_band) out.add_churn_band(SameCode<wire::ChurnBand>(*profile.churn_band));
  return out.Finish();
}

void EncodeError(const Refusal& refusal, FlatBufferBuilder* builder) {
  builder->Clear();
  builder->Finish(AddError(refusal, builder));
}

void EncodeEventBatch(const engine::ApplyAnswer& answer, std::span<const uint32_t> places,
                      std::span<const RefusedEntry> refused, size_t max_bytes,
                      FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::RefusedEvent>> listed;
  uint32_t more = 0;
  const auto add = [&](uint32_t index, const Refusal& refusal) {
    const size_t bytes = builder->GetSize() + listed.size() * sizeof(listed[0]);
    if (more > 0 || bytes + kRefusedEventRoomBytes > max_bytes) {
      ++more;
      return;
    }
    const auto error = AddError(refusal, builder);
    listed.push_back(wire::CreateRefusedEvent(*builder, index, error));
  };
  // Two ascending sequences of places become one.
  auto mine = refused.begin();
  for (const engine::RefusedEvent& theirs : answer.refused) {
    const uint32_t index = places[theirs.index];
    for (; mine != refused.end() && mine->index < index; ++mine) add(mine->index, mine->refusal);
    add(index, ToRefusal(theirs.error));
  }
  // A repeated answer may not name all; what is named are the first ones.
  more += answer.refused_more;
  for (; mine != refused.end(); ++mine) add(mine->index, mine->refusal);

  const auto list = listed.empty() ? 0 : builder->CreateVector(listed);
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreateEventBatchReply(*builder, &state, answer.applied, answer.replaced,
                                              answer.unchanged, list, more, answer.repeated));
}

void EncodeProfiles(const engine::ProfilesAnswer& answer, std::span<const engine::Profile> profiles,
                    FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::Profile>> added;
  added.reserve(profiles.size());
  for (const engine::Profile& profile : profiles) {
    added.push_back(AddProfile(profile, *answer.rules, builder));
  }
  const auto list = builder->CreateVector(added);
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreateProfilesReply(*builder, &state, list));
}

void EncodeNames(const engine::NamesAnswer& answer, FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<String>> names;
  names.reserve(answer.names.size());
  for (const std::string_view name : answer.names) names.push_back(Text(builder, name));
  const auto list = builder->CreateVector(names);
  builder->Finish(wire::CreateNamesReply(*builder, list, answer.codes));
}

void EncodeRfm(const engine::RfmAnswer& answer, FlatBufferBuilder* builder) {
  builder->Clear();
  Offset<flatbuffers::Vector<int64_t>> recency = 0, frequency = 0, monetary = 0;
  if (answer.cuts.has_value()) {
    const auto add = [&](const std::array<int64_t, 4>& cuts) {
      return builder->CreateVector(cuts.data(), cuts.size());
    };
    recency = add(answer.cuts->recency_days);
    frequency = add(answer.cuts->frequency);
    monetary = add(answer.cuts->monetary);
  }
  std::vector<Offset<wire::RfmCell>> cells;
  cells.reserve(answer.cells.size());
  for (const engine::RfmAnswer::Cell& cell : answer.cells) {
    cells.push_back(wire::CreateRfmCell(*builder, cell.r, cell.f, cell.m, cell.customers,
                                        cell.orders, cell.revenue.units));
  }
  std::vector<Offset<wire::RfmSegment>> segments;
  segments.reserve(answer.segments.size());
  for (const engine::RfmAnswer::Segment& segment : answer.segments) {
    const auto name = Text(builder, segment.name);
    segments.push_back(wire::CreateRfmSegment(*builder, name, segment.customers, segment.orders,
                                              segment.revenue.units));
  }
  const auto cell_list = builder->CreateVector(cells);
  const auto segment_list = builder->CreateVector(segments);
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreateRfmReply(*builder, &state, answer.population, recency, frequency,
                                       monetary, cell_list, segment_list));
}

void EncodeAbc(const engine::AbcAnswer& answer, FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::AbcGroup>> classes;
  for (size_t i = 0; i < answer.classes.size(); ++i) {
    const engine::AbcAnswer::Group& group = answer.classes[i];
    wire::AbcGroupBuilder out(*builder);
    out.add_class_(static_cast<wire::AbcClass>(i));
    out.add_customers(group.customers);
    out.add_sum(group.sum.units);
    if (group.from.has_value()) out.add_from(group.from->units);
    classes.push_back(out.Finish());
  }
  const auto list = builder->CreateVector(classes);
  const auto measure =
      Text(builder, answer.measure == engine::AbcMeasure::kRevenue ? "revenue" : "margin");
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreateAbcReply(*builder, &state, measure, answer.total.units, list));
}

void EncodeValue(const engine::ValueAnswer& answer, FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::ValueGroup>> classes;
  for (size_t i = 0; i < answer.classes.size(); ++i) {
    const engine::ValueAnswer::Group& group = answer.classes[i];
    classes.push_back(wire::CreateValueGroup(*builder, static_cast<wire::ValueClass>(i),
                                             group.customers, group.revenue.units));
  }
  const auto list = builder->CreateVector(classes);
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreateValueReply(*builder, &state, list, answer.hidden_potential.customers,
                                         answer.hidden_potential.revenue.units));
}

void EncodePhases(const engine::PhasesAnswer& answer, FlatBufferBuilder* builder) {
  builder->Clear();
  std::vector<Offset<wire::PhaseGroup>> phases;
  for (size_t i = 0; i < answer.phases.size(); ++i) {
    const engine::PhasesAnswer::Group& group = answer.phases[i];
    phases.push_back(wire::CreatePhaseGroup(*builder, static_cast<wire::Phase>(i), group.customers,
                                            group.revenue.units, group.revenue_total.units,
                                            Units(group.clv)));
  }
  std::vector<Offset<wire::RiskGroup>> risks;
  for (size_t i = 0; i < answer.risks.size(); ++i) {
    const engine::PhasesAnswer::Group& group = answer.risks[i];
    risks.push_back(wire::CreateRiskGroup(*builder, static_cast<wire::Risk>(i), group.customers,
                                          group.revenue.units, group.revenue_total.units,
                                          Units(group.clv)));
  }
  const auto phase_list = builder->CreateVector(phases);
  const auto risk_list = builder->CreateVector(risks);
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreatePhasesReply(
      *builder, &state, phase_list, risk_list, answer.at_risk.customers,
      answer.at_risk.revenue.units, answer.at_risk.revenue_total.units, Units(answer.at_risk.clv)));
}

void EncodeCount(const engine::CountAnswer& answer, FlatBufferBuilder* builder) {
  builder->Clear();
  const wire::State state = WireState(answer.state);
  builder->Finish(wire::CreateCountReply(*builder, &state, answer.customers, answer.orders,
                                         answer.revenue.units, answer.revenue_total.units));
}

void EncodeStatus(const engine::StatusAnswer& answer, const MemoryUse& memory,
                  std::string_view durability_text, const engine::DurabilityStatus& kept,
                  const ErasureReceipt& receipt, FlatBufferBuilder* builder) {
  builder->Clear();
  const auto version = Text(builder, KUNDIG_VERSION);
  const auto durability = Text(builder, durability_text);
  const wire::State state = WireState(answer.state);
  wire::StatusReplyBuilder out(*builder);
  out.add_state(&state);
  out.add_customers(answer.customers);
  out.add_orders(answer.orders);
  out.add_returns(answer.returns);
  out.add_leads(answer.leads);
  out.add_open_leads(answer.open_leads);
  out.add_memory_bytes(memory.bytes);
  out.add_memory_limit_bytes(memory.limit_bytes);
  out.add_version(version);
  out.add_durability(durability);
  out.add_journal_bytes(kept.journal_bytes);
  out.add_saved_sequence(kept.saved_sequence);
  out.add_erased_sequence(kept.erased_sequence);
  if (kept.erased_sequence > 0) out.add_erased_at(kept.erased_at.since_epoch);
  if (receipt.gone_since) out.add_gone_since(receipt.gone_since->since_epoch);
  out.add_receipt_known(receipt.known);
  builder->Finish(out.Finish());
}

void EncodeSnapshot(const engine::SnapshotInfo& info, FlatBufferBuilder* builder) {
  builder->Clear();
  builder->Finish(wire::CreateSnapshotReply(*builder, info.begin_sequence, info.bytes(),
                                            info.saved_at.since_epoch));
}

void EncodeReload(const ReloadOutcome& outcome, FlatBufferBuilder* builder) {
  builder->Clear();
  const wire::State state = WireState(outcome.state);
  builder->Finish(
      wire::CreateReloadReply(*builder, &state, outcome.changed, outcome.needs_restart));
}

void EncodeAdvanceDay(const engine::StateName& state_name, FlatBufferBuilder* builder) {
  builder->Clear();
  const wire::State state = WireState(state_name);
  builder->Finish(wire::CreateAdvanceDayReply(*builder, &state));
}

}  // namespace kundig::server
