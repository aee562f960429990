#include "server/decode.h"

#include "engine/field.h"
#include "engine/limits.h"
#include "schemas/admin_generated.h"
#include "schemas/churn_generated.h"
#include "schemas/export_generated.h"
#include "schemas/limits.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "schemas/watch_generated.h"
#include "schemas/what_if_generated.h"
#include "server/limits.h"
#include "server/text_rules.h"

namespace kundig::server {
namespace {

using flatbuffers::String;

// The columns of the reactivation list, for lists that name none.
constexpr const char* kReactivationFields[] = {"customer",      "activity",     "last_activity",
                                               "inactive_days", "orders_total", "revenue_total",
                                               "abc",           "value_class"};

constexpr const char* kEarlyWarningFields[] = {
    "customer", "activity",      "last_activity", "churn_score", "expected_orders",
    "clv",      "revenue_total", "abc",           "value_class"};

// Sets `text` where the message has one. Expressions and cursors may be longer than names; their
// readers say so themselves where they are too long.
std::optional<Refusal> DecodeText(const String* in, const char* field, std::string* text) {
  if (in == nullptr) return std::nullopt;
  if (!IsUtf8(in->string_view())) return InvalidValue(field, "UTF-8");
  *text = in->str();
  return std::nullopt;
}

// Enumerations of a wire vector as those of the engine, which have the same codes; each at most
// once, which bounds the length.
template <typename WireEnum, typename EngineEnum, typename Vector>
std::optional<Refusal> DecodeChoices(const Vector* in, const char* field, WireEnum last,
                                     std::vector<EngineEnum>* choices) {
  if (in == nullptr || in->size() == 0) return std::nullopt;
  choices->clear();
  uint32_t seen = 0;
  for (flatbuffers::uoffset_t i = 0; i < in->size(); ++i) {
    const auto choice = static_cast<uint8_t>(in->Get(i));
    if (choice > static_cast<uint8_t>(last)) return InvalidValue(field, "a list of known values");
    if ((seen >> choice & 1) != 0) return InvalidValue(field, "a list without repetitions");
    seen |= uint32_t{1} << choice;
    choices->push_back(static_cast<EngineEnum>(choice));
  }
  return std::nullopt;
}

std::optional<Refusal> DecodeFields(const flatbuffers::Vector<flatbuffers::Offset<String>>* in,
                                    std::span<const char* const> otherwise,
                                    std::vector<std::string>* fields) {
  if (in == nullptr || in->size() == 0) {
    fields->assign(otherwise.begin(), otherwise.end());
    return std::nullopt;
  }
  if (in->size() > engine::FieldCatalog::kMaxFields) {
    return TooMany(engine::FieldCatalog::kMaxFields, "fields");
  }
  for (const String* field : *in) {
    if (!IsName(field->string_view())) return InvalidValue("fields", "a list of names of fields");
    fields->push_back(field->str());
  }
  return std::nullopt;
}

template <typename Message>
std::optional<Refusal> DecodeCustomers(std::span<const uint8_t> payload, const char* name,
                                       uint32_t max_ids, std::vector<std::string_view>* ids) {
  const auto* message = wire::VerifiedRoot<Message, wire::kLookupAlignment>(payload);
  if (message == nullptr) return BadMessage(name);
  if (message->customers()->size() > max_ids) return TooMany(max_ids, "max_profile_ids");
  const size_t before = ids->size();
  for (const String* id : *message->customers()) {
    if (!IsId(id->string_view())) {
      const size_t place = ids->size() - before;
      ids->resize(before);
      return InvalidValue("customers[" + std::to_string(place) + "]", kIdForm);
    }
    ids->push_back(id->string_view());
  }
  return std::nullopt;
}

// A day that events can lie on.
std::optional<Refusal> CheckDay(engine::Day day, const char* field) {
  if (day >= engine::kFirstDay && day <= engine::kLastDay) return std::nullopt;
  return InvalidValue(field, "between 1900-01-02 and 2079-06-06");
}

template <typename Message>
Judged<std::string_view> DecodeCustomer(std::span<const uint8_t> payload, const char* name) {
  const auto* message = wire::VerifiedRoot<Message>(payload);
  if (message == nullptr) return BadMessage(name);
  const std::string_view id = message->customer()->string_view();
  if (!IsId(id)) return InvalidValue("customer", kIdForm);
  return id;
}

static_assert(static_cast<int>(wire::NameKind::country) ==
              static_cast<int>(engine::NameKind::kCountry));
static_assert(static_cast<int>(wire::NameKind::region) ==
              static_cast<int>(engine::NameKind::kRegion));
static_assert(static_cast<int>(wire::NameKind::owner) ==
              static_cast<int>(engine::NameKind::kOwner));
static_assert(static_cast<int>(wire::NameKind::rfm_segment) ==
              static_cast<int>(engine::NameKind::kRfmSegment));
static_assert(static_cast<int>(wire::Activity::never) ==
              static_cast<int>(engine::Activity::kNever));
static_assert(static_cast<int>(wire::Activity::lost) == static_cast<int>(engine::Activity::kLost));
static_assert(static_cast<int>(wire::Activity::inactive) ==
              static_cast<int>(engine::Activity::kInactive));
static_assert(static_cast<int>(wire::Activity::prospect) ==
              static_cast<int>(engine::Activity::kProspect));
static_assert(static_cast<int>(wire::Activity::overdue) ==
              static_cast<int>(engine::Activity::kOverdue));
static_assert(static_cast<int>(wire::Activity::active) ==
              static_cast<int>(engine::Activity::kActive));
static_assert(static_cast<int>(wire::Judgement::rfm_segment) ==
              static_cast<int>(engine::Judgement::kRfmSegment));
static_assert(static_cast<int>(wire::Judgement::abc) == static_cast<int>(engine::Judgement::kAbc));
static_assert(static_cast<int>(wire::Judgement::value_class) ==
              static_cast<int>(engine::Judgement::kValueClass));
static_assert(static_cast<int>(wire::Judgement::activity) ==
              static_cast<int>(engine::Judgement::kActivity));
static_assert(static_cast<int>(wire::PipelineKey::stage) ==
              static_cast<int>(engine::PipelineKey::kStage));
static_assert(static_cast<int>(wire::PipelineKey::customer) ==
              static_cast<int>(engine::PipelineKey::kCustomer));
static_assert(static_cast<int>(wire::PipelineKey::reason) ==
              static_cast<int>(engine::PipelineKey::kReason));

}  // namespace

Refusal BadMessage(std::string_view message) {
  return Refusal{.code = wire::ErrorCode::bad_message,
                 .message = "Send a payload that is a sound " + std::string(message) +
                            " of this protocol version.",
                 .field = {},
                 .position = std::nullopt};
}

std::optional<Refusal> DecodeDay(const flatbuffers::Optional<int32_t>& in, const char* field,
                                 std::optional<engine::Day>* day) {
  if (!in.has_value()) return std::nullopt;
  *day = engine::Day{*in};
  return CheckDay(**day, field);
}

Refusal TooMany(uint32_t limit, const char* limit_name) {
  return Refusal{.code = wire::ErrorCode::limit_exceeded,
                 .message = "Send at most " + std::to_string(limit) + " at once.",
                 .field = limit_name,
                 .position = std::nullopt};
}

std::optional<Refusal> DecodeProfiles(std::span<const uint8_t> payload, uint32_t max_ids,
                                      std::vector<std::string_view>* ids) {
  return DecodeCustomers<wire::ProfilesRequest>(payload, "ProfilesRequest", max_ids, ids);
}

std::optional<Refusal> DecodeRecords(std::span<const uint8_t> payload, uint32_t max_ids,
                                     std::vector<std::string_view>* ids) {
  return DecodeCustomers<wire::RecordsRequest>(payload, "RecordsRequest", max_ids, ids);
}

Judged<NamesQuestion> DecodeNames(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::NamesRequest>(payload);
  if (message == nullptr) return BadMessage("NamesRequest");
  if (message->kind() > wire::NameKind::MAX) {
    return InvalidValue("kind", "country, region, owner or rfm_segment");
  }
  if (message->from() == 0) return InvalidValue("from", "a code, 1 or above");
  return NamesQuestion{static_cast<engine::NameKind>(message->kind()), message->from()};
}

Judged<PastProfiles> DecodePastProfiles(std::span<const uint8_t> payload, uint32_t max_ids) {
  std::vector<std::string_view> ids;
  if (auto refusal = DecodeProfiles(payload, max_ids, &ids)) return *refusal;
  PastProfiles question;
  std::optional<engine::Day> as_of;
  const auto* message = flatbuffers::GetRoot<wire::ProfilesRequest>(payload.data());
  if (auto refusal = DecodeDay(message->as_of(), "as_of", &as_of)) return *refusal;
  if (!as_of) return BadMessage("ProfilesRequest with a day");
  question.as_of = *as_of;
  question.customers.assign(ids.begin(), ids.end());
  return question;
}

Judged<ExplainQuestion> DecodeExplain(std::span<const uint8_t> payload) {
  const auto customer = DecodeCustomer<wire::ExplainRequest>(payload, "ExplainRequest");
  if (!customer) return customer.error();
  ExplainQuestion question{*customer, std::nullopt};
  const auto* message = flatbuffers::GetRoot<wire::ExplainRequest>(payload.data());
  if (auto refusal = DecodeDay(message->as_of(), "as_of", &question.as_of)) return *refusal;
  return question;
}

Judged<std::string_view> DecodeExport(std::span<const uint8_t> payload) {
  return DecodeCustomer<wire::ExportRequest>(payload, "ExportRequest");
}

Judged<engine::ListQuery> DecodeList(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::ListRequest>(payload);
  if (message == nullptr) return BadMessage("ListRequest");
  if (message->kind() > wire::ListKind::MAX) {
    return InvalidValue("kind", "customers, inactive or early_warning");
  }
  engine::ListQuery query;
  query.reactivation = message->kind() != wire::ListKind::customers;
  query.early_warning = message->kind() == wire::ListKind::early_warning;
  if (query.early_warning) query.order_by = "clv";
  query.need_consent = message->need_consent();
  query.descending = message->descending();
  query.limit = message->limit();
  if (auto refusal = DecodeText(message->where(), "where", &query.where)) return *refusal;
  if (auto refusal = DecodeText(message->order_by(), "order_by", &query.order_by)) return *refusal;
  if (auto refusal = DecodeText(message->cursor(), "cursor", &query.cursor)) return *refusal;
  if (auto refusal = DecodeChoices(message->activities(), "activities", wire::Activity::MAX,
                                   &query.activities)) {
    return *refusal;
  }
  const std::span<const char* const> fields =
      query.early_warning ? std::span<const char* const>(kEarlyWarningFields)
                          : std::span<const char* const>(kReactivationFields);
  if (auto refusal = DecodeFields(message->fields(), fields, &query.fields)) return *refusal;
  if (auto refusal = DecodeDay(message->as_of(), "as_of", &query.as_of)) return *refusal;
  if (!query.reactivation && (query.need_consent || !query.activities.empty())) {
    const char* const field = query.need_consent ? "need_consent" : "activities";
    return Refusal{.code = wire::ErrorCode::invalid_value,
                   .message = "Leave out " + std::string(field) +
                              ", or ask for a list of kind inactive or early_warning.",
                   .field = field,
                   .position = std::nullopt};
  }
  return query;
}

Judged<CountQuestion> DecodeCount(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::CountRequest>(payload);
  if (message == nullptr) return BadMessage("CountRequest");
  CountQuestion question;
  if (auto refusal = DecodeText(message->where(), "where", &question.where)) return *refusal;
  if (auto refusal = DecodeDay(message->as_of(), "as_of", &question.as_of)) return *refusal;
  return question;
}

Judged<WhatIfQuestion> DecodeWhatIf(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::WhatIfRequest>(payload);
  if (message == nullptr) return BadMessage("WhatIfRequest");
  WhatIfQuestion question;
  if (message->configuration()->size() > wire::kMaxConfigurationBytes) {
    return Refusal{.code = wire::ErrorCode::limit_exceeded,
                   .message = "Send a configuration of at most " +
                              std::to_string(wire::kMaxConfigurationBytes) + " bytes.",
                   .field = "max_configuration_bytes",
                   .position = std::nullopt};
  }
  if (auto refusal =
          DecodeText(message->configuration(), "configuration", &question.configuration)) {
    return *refusal;
  }
  question.moves.limit = message->limit();
  const wire::MoveList* list = message->list();
  if (list == nullptr) return question;
  if (list->judgement() > wire::Judgement::MAX) {
    return InvalidValue("list.judgement", "rfm_segment, abc, value_class or activity");
  }
  for (const String* name : {list->from(), list->to()}) {
    if (!IsName(name->string_view())) return InvalidValue("list", kNameForm);
  }
  question.moves.list = {static_cast<engine::Judgement>(list->judgement()), list->from()->str(),
                         list->to()->str()};
  return question;
}

Judged<std::string> DecodePhases(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::PhasesRequest>(payload);
  if (message == nullptr) return BadMessage("PhasesRequest");
  std::string where;
  if (auto refusal = DecodeText(message->where(), "where", &where)) return *refusal;
  return where;
}

Judged<engine::PipelineQuery> DecodePipeline(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::PipelineRequest>(payload);
  if (message == nullptr) return BadMessage("PipelineRequest");
  engine::PipelineQuery query;
  if (auto refusal = DecodeText(message->where(), "where", &query.where)) return *refusal;
  if (auto refusal = DecodeChoices(message->by(), "by", wire::PipelineKey::MAX, &query.by)) {
    return *refusal;
  }
  for (const engine::PipelineKey key : query.by) {
    if (key == engine::PipelineKey::kReason) {
      return InvalidValue("by", "without reason, which only closed leads have");
    }
  }
  if (auto refusal = DecodeChoices(message->closed_by(), "closed_by", wire::PipelineKey::MAX,
                                   &query.closed_by)) {
    return *refusal;
  }
  if (auto refusal = DecodeDay(message->as_of(), "as_of", &query.as_of)) return *refusal;
  return query;
}

Judged<engine::WaterfallQuery> DecodeWaterfall(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::WaterfallRequest>(payload);
  if (message == nullptr) return BadMessage("WaterfallRequest");
  engine::WaterfallQuery query;
  if (auto refusal = DecodeText(message->where(), "where", &query.where)) return *refusal;
  std::optional<engine::Day> from, to;
  if (auto refusal = DecodeDay(message->from(), "from", &from)) return *refusal;
  if (auto refusal = DecodeDay(message->to(), "to", &to)) return *refusal;
  if (!from || !to) {
    return Refusal{
        .code = wire::ErrorCode::missing_field,
        .message = "A waterfall is from the end of one day to the end of another; name both.",
        .field = from ? "to" : "from",
        .position = std::nullopt};
  }
  query.from = *from;
  query.to = *to;
  return query;
}

Judged<engine::ConversionQuery> DecodeConversion(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::ConversionRequest>(payload);
  if (message == nullptr) return BadMessage("ConversionRequest");
  engine::ConversionQuery query;
  if (auto refusal = DecodeText(message->where(), "where", &query.where)) return *refusal;
  if (auto refusal = DecodeDay(message->from(), "from", &query.from)) return *refusal;
  if (auto refusal = DecodeDay(message->to(), "to", &query.to)) return *refusal;
  return query;
}

Judged<engine::ChurnQuery> DecodeChurn(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::ChurnRequest>(payload);
  if (message == nullptr) return BadMessage("ChurnRequest");
  engine::ChurnQuery query;
  if (auto refusal = DecodeDay(message->until(), "until", &query.until)) return *refusal;
  if (auto refusal = DecodeDay(message->check_until(), "check_until", &query.check_until)) {
    return *refusal;
  }
  return query;
}

Judged<WatchQuestion> DecodeWatch(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::WatchRequest>(payload);
  if (message == nullptr) return BadMessage("WatchRequest");
  WatchQuestion question;
  if (message->where()->size() == 0) return InvalidValue("where", "an expression, not empty");
  if (auto refusal = DecodeText(message->where(), "where", &question.what.where)) return *refusal;
  if (auto refusal = DecodeFields(message->fields(), {}, &question.what.fields)) return *refusal;
  if (const wire::FeedPosition* from = message->from()) {
    question.from = {.feed = from->feed(), .sequence = from->sequence(), .place = from->place()};
  }
  question.wait = std::chrono::milliseconds(message->wait_ms());
  if (question.wait > kMaxWatchWait) {
    return InvalidValue("wait_ms", "at most " + std::to_string(kMaxWatchWait.count()));
  }
  question.limit = message->limit();
  if (question.limit < 1 || question.limit > wire::kMaxWatchChanges) {
    return InvalidValue("limit", "between 1 and " + std::to_string(wire::kMaxWatchChanges));
  }
  return question;
}

Judged<StatusQuestion> DecodeStatus(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::StatusRequest>(payload);
  if (message == nullptr) return BadMessage("StatusRequest");
  return StatusQuestion{message->fresh_rankings(), message->receipt_for()};
}

Judged<engine::Day> DecodeAdvanceDay(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::AdvanceDayRequest>(payload);
  if (message == nullptr) return BadMessage("AdvanceDayRequest");
  const engine::Day day{message->day()};
  if (auto refusal = CheckDay(day, "day")) return *refusal;
  return day;
}

Judged<engine::Generations> DecodeSnapshot(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::SnapshotRequest>(payload);
  if (message == nullptr) return BadMessage("SnapshotRequest");
  return message->compact() ? engine::Generations::kKeepNewest : engine::Generations::kKeepTwo;
}

Judged<std::string> DecodeBackup(std::span<const uint8_t> payload) {
  const auto* message = wire::VerifiedRoot<wire::BackupRequest>(payload);
  if (message == nullptr) return BadMessage("BackupRequest");
  const std::string folder = message->folder()->str();
  const bool has_zero = folder.find('\0') != std::string::npos;
  if (folder.size() > kMaxPathBytes || !folder.starts_with('/') || has_zero) {
    return InvalidValue("folder", "an absolute path of a folder on the server's machine");
  }
  return folder;
}

}  // namespace kundig::server
