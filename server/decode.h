// The trust boundary for questions: payload bytes -> verified, judged engine types. Events have
// their own (decode_events.h).
//
// Every text is checked for UTF-8 and length, every enumeration for a known value, every list for
// its length. What needs the rules in force (expressions, names of fields, cursors) is left to the
// engine. A payload that is no sound message of its type is refused with bad_message; the session
// closes the connection then.
//
// Thread safety: pure functions.

#ifndef KUNDIG_SERVER_DECODE_H_
#define KUNDIG_SERVER_DECODE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/durable_book.h"
#include "engine/feed.h"
#include "engine/query.h"
#include "engine/units.h"
#include "schemas/verified.h"
#include "server/refusal.h"

namespace kundig::server {

Refusal BadMessage(std::string_view message);
Refusal TooMany(uint32_t limit, const char* limit_name);

// Sets the day where the message names one.
std::optional<Refusal> DecodeDay(const flatbuffers::Optional<int32_t>& in, const char* field,
                                 std::optional<engine::Day>* day);

// Requests with no field but a day: ValueRequest and its like.
template <typename Message>
Judged<std::optional<engine::Day>> DecodeAsOf(std::span<const uint8_t> payload,
                                              std::string_view name) {
  const auto* message = wire::VerifiedRoot<Message>(payload);
  if (message == nullptr) return BadMessage(name);
  std::optional<engine::Day> as_of;
  if (auto refusal = DecodeDay(message->as_of(), "as_of", &as_of)) return *refusal;
  return as_of;
}

// Append the ids, which point into the payload, to those of other requests; refused, they leave
// `ids` as it was.
std::optional<Refusal> DecodeProfiles(std::span<const uint8_t> payload, uint32_t max_ids,
                                      std::vector<std::string_view>* ids);
std::optional<Refusal> DecodeRecords(std::span<const uint8_t> payload, uint32_t max_ids,
                                     std::vector<std::string_view>* ids);
// A ProfilesRequest that names a day, apart from the payload.
struct PastProfiles {
  engine::Day as_of;
  std::vector<std::string> customers;
};
Judged<PastProfiles> DecodePastProfiles(std::span<const uint8_t> payload, uint32_t max_ids);
// The kind of names, and the first code asked for.
struct NamesQuestion {
  engine::NameKind kind{};
  uint32_t from = 1;
};
Judged<NamesQuestion> DecodeNames(std::span<const uint8_t> payload);
struct ExplainQuestion {
  std::string_view customer;  // points into the payload
  std::optional<engine::Day> as_of;
};
Judged<ExplainQuestion> DecodeExplain(std::span<const uint8_t> payload);
// The customer, pointing into the payload.
Judged<std::string_view> DecodeExport(std::span<const uint8_t> payload);
Judged<engine::ListQuery> DecodeList(std::span<const uint8_t> payload);
struct CountQuestion {
  std::string where;  // empty = all
  std::optional<engine::Day> as_of;
};
Judged<CountQuestion> DecodeCount(std::span<const uint8_t> payload);
struct WhatIfQuestion {
  std::string configuration;
  engine::MovesQuery moves;
};
Judged<WhatIfQuestion> DecodeWhatIf(std::span<const uint8_t> payload);
// The expression; empty = all.
Judged<std::string> DecodePhases(std::span<const uint8_t> payload);
Judged<engine::PipelineQuery> DecodePipeline(std::span<const uint8_t> payload);
Judged<engine::WaterfallQuery> DecodeWaterfall(std::span<const uint8_t> payload);
Judged<engine::ConversionQuery> DecodeConversion(std::span<const uint8_t> payload);
Judged<engine::ChurnQuery> DecodeChurn(std::span<const uint8_t> payload);
struct WatchQuestion {
  engine::WatchQuery what;
  std::optional<engine::FeedPosition> from;
  std::chrono::milliseconds wait{0};
  uint32_t limit = 0;
};
Judged<WatchQuestion> DecodeWatch(std::span<const uint8_t> payload);
struct StatusQuestion {
  bool fresh_rankings = false;  // bring them up to date first
  uint64_t receipt_for = 0;     // journal_sequence of an erasure; 0 where none is asked for
};
Judged<StatusQuestion> DecodeStatus(std::span<const uint8_t> payload);
Judged<engine::Day> DecodeAdvanceDay(std::span<const uint8_t> payload);
Judged<engine::Generations> DecodeSnapshot(std::span<const uint8_t> payload);
// The folder.
Judged<std::string> DecodeBackup(std::span<const uint8_t> payload);

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_DECODE_H_
