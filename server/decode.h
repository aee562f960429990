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

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/durable_book.h"
#include "engine/query.h"
#include "engine/units.h"
#include "schemas/verified.h"
#include "server/refusal.h"

namespace kundig::server {

Refusal BadMessage(std::string_view message);
Refusal TooMany(uint32_t limit, const char* limit_name);

// Requests without fields: ValueRequest and its like.
template <typename Message>
std::optional<Refusal> DecodeEmpty(std::span<const uint8_t> payload, std::string_view message) {
  if (wire::VerifiedRoot<Message>(payload) == nullptr) return BadMessage(message);
  return std::nullopt;
}

// Append the ids, which point into the payload, to those of other requests; refused, they leave
// `ids` as it was.
std::optional<Refusal> DecodeProfiles(std::span<const uint8_t> payload, uint32_t max_ids,
                                      std::vector<std::string_view>* ids);
std::optional<Refusal> DecodeRecords(std::span<const uint8_t> payload, uint32_t max_ids,
                                     std::vector<std::string_view>* ids);
// The kind of names, and the first code asked for.
struct NamesQuestion {
  engine::NameKind kind{};
  uint32_t from = 1;
};
Judged<NamesQuestion> DecodeNames(std::span<const uint8_t> payload);
// The customer, pointing into the payload.
Judged<std::string_view> DecodeExplain(std::span<const uint8_t> payload);
Judged<std::string_view> DecodeExport(std::span<const uint8_t> payload);
Judged<engine::ListQuery> DecodeList(std::span<const uint8_t> payload);
// The expression; empty = all.
Judged<std::string> DecodeCount(std::span<const uint8_t> payload);
Judged<std::string> DecodePhases(std::span<const uint8_t> payload);
Judged<engine::PipelineQuery> DecodePipeline(std::span<const uint8_t> payload);
Judged<engine::WaterfallQuery> DecodeWaterfall(std::span<const uint8_t> payload);
Judged<engine::ConversionQuery> DecodeConversion(std::span<const uint8_t> payload);
Judged<engine::ChurnQuery> DecodeChurn(std::span<const uint8_t> payload);
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
