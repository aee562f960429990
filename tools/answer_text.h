// Answers as text for people: figures with thousands separators, money in major units, shares in
// percent. Every function gives whole lines.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_ANSWER_TEXT_H_
#define KUNDIG_TOOLS_ANSWER_TEXT_H_

#include <cstdint>
#include <string>

#include "schemas/admin_generated.h"
#include "schemas/churn_generated.h"
#include "schemas/lists_generated.h"
#include "schemas/pipeline_generated.h"
#include "schemas/profile_generated.h"
#include "schemas/summaries_generated.h"
#include "tools/table.h"

namespace kundig::tools {

// 1,234.50 GBP
std::string MoneyText(int64_t minor, const Look& look);

// summary_text.cc
std::string StatusText(const wire::StatusReplyT& reply);
std::string AbcText(const wire::AbcReplyT& reply, const Look& look);
std::string ValueText(const wire::ValueReplyT& reply, const Look& look);
std::string PhasesText(const wire::PhasesReplyT& reply, const Look& look);
std::string RisksText(const wire::PhasesReplyT& reply, const Look& look);
std::string CountText(const wire::CountReplyT& reply, const Look& look);
std::string PipelineText(const wire::PipelineReplyT& reply, const Look& look);
std::string WaterfallText(const wire::WaterfallReplyT& reply, const Look& look);
std::string ConversionText(const wire::ConversionReplyT& reply, const Look& look);

// rfm_text.cc: the bounds of each score, a heat map of customers (recency by frequency), the
// segments.
std::string RfmText(const wire::RfmReplyT& reply, const Look& look);

// churn_text.cc: the model, what it expects and, where a check was asked for, a table with bars of
// what customers bought against what was expected.
std::string ChurnText(const wire::ChurnReplyT& reply, const Look& look);

// customer_text.cc
std::string ProfileText(const wire::ProfileT& profile, const wire::State& state, const Look& look);

// explain_text.cc
std::string ExplainText(const wire::ExplainReplyT& reply, const Look& look);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_ANSWER_TEXT_H_
