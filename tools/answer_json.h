// Answers as JSON: the shapes that programs rely on. Keys come in the documented order, dates as
// YYYY-MM-DD, money as integers in minor units, absent values as null; every answer names the state
// of the book that it comes from.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_ANSWER_JSON_H_
#define KUNDIG_TOOLS_ANSWER_JSON_H_

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

#include "schemas/admin_generated.h"
#include "schemas/churn_generated.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"

namespace kundig::tools {

boost::json::object StatusJson(const wire::StatusReplyT& reply);
// {"customer","found":false} for an unknown one.
boost::json::object ProfileJson(const wire::ProfileT& profile, const wire::State& state);
// explain_json.cc
boost::json::object ExplainJson(const wire::ExplainReplyT& reply);
boost::json::object RfmJson(const wire::RfmReplyT& reply);
boost::json::object AbcJson(const wire::AbcReplyT& reply);
boost::json::object ValueJson(const wire::ValueReplyT& reply);
boost::json::object PhasesJson(const wire::PhasesReplyT& reply);
boost::json::object RisksJson(const wire::PhasesReplyT& reply);
boost::json::object CountJson(const wire::CountReplyT& reply);
// With "closed" only where it was asked for.
boost::json::object PipelineJson(const wire::PipelineReplyT& reply);
boost::json::object WaterfallJson(const wire::WaterfallReplyT& reply);
boost::json::object ConversionJson(const wire::ConversionReplyT& reply);
// The same, a row for each stage and each later one.
boost::json::array ConversionRows(const wire::ConversionReplyT& reply);
// With "checked_through" and "hold_out" only where a check was asked for; the last of its rows is
// of that many repeats or more.
boost::json::object ChurnJson(const wire::ChurnReplyT& reply);

// Names the state of an answer at the end of its object: "journal_sequence", "ranking_version"
// (since every figure of a customer may depend on the rankings), "rules_version" and "fit_version".
void AddState(const wire::State& state, boost::json::object* answer);
// The same of an answer that no ranking has a part in.
void AddUnrankedState(const wire::State& state, boost::json::object* answer);

// On one line. Numbers with a fraction are written in the shortest decimal form that reads back as
// the same number (Boost's own serializer would write 62.345 as 6.2345E1).
std::string ToText(const boost::json::value& value);
void AppendText(std::string_view text, std::string* out);  // quoted

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_ANSWER_JSON_H_
