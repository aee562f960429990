#include "tools/bench_questions.h"

#include <algorithm>
#include <stdexcept>

#include "client/message.h"
#include "tools/names.h"

namespace kundig::tools {

namespace {

wire::ListRequestT ListOf(wire::ListKind kind, const QuestionWords& words) {
  wire::ListRequestT request;
  request.kind = kind;
  request.where = words.where;
  request.order_by = words.order_by;
  request.descending = !words.ascending;
  request.limit = words.limit;
  request.fields = words.fields;
  return request;
}

wire::PipelineRequestT PipelineOf(const QuestionWords& words) {
  wire::PipelineRequestT request;
  for (wire::PipelineKey key : wire::EnumValuesPipelineKey()) {
    if (std::count(words.by.begin(), words.by.end(), Name(key)) > 0) request.by.push_back(key);
  }
  return request;
}

wire::CountRequestT CountOf(const QuestionWords& words) {
  wire::CountRequestT request;
  request.where = words.where;
  return request;
}

}  // namespace

std::vector<std::string> QuestionNames() {
  return {"rfm", "abc", "value", "count", "list", "inactive", "pipeline"};
}

std::vector<std::string> GroupNames() {
  std::vector<std::string> names;
  for (wire::PipelineKey key : wire::EnumValuesPipelineKey()) {
    if (key != wire::PipelineKey::reason) names.emplace_back(Name(key));
  }
  return names;
}

LoadQuestion QuestionOf(const std::string& name, const QuestionWords& words) {
  using wire::MessageType;
  if (name == "rfm") return {name, MessageType::rfm, client::Packed(wire::RfmRequestT{})};
  if (name == "abc") return {name, MessageType::abc, client::Packed(wire::AbcRequestT{})};
  if (name == "value") return {name, MessageType::value, client::Packed(wire::ValueRequestT{})};
  if (name == "count") return {name, MessageType::count, client::Packed(CountOf(words))};
  if (name == "pipeline") return {name, MessageType::pipeline, client::Packed(PipelineOf(words))};
  if (name == "list") {
    return {name, MessageType::list, client::Packed(ListOf(wire::ListKind::customers, words))};
  }
  if (name == "inactive") {
    return {name, MessageType::list, client::Packed(ListOf(wire::ListKind::inactive, words))};
  }
  throw std::invalid_argument("there is no question " + name);
}

}  // namespace kundig::tools
