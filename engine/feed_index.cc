#include "engine/feed_index.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "engine/check.h"

namespace kundig::engine {
namespace {

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();

// A customer of whom nothing is known.
struct NothingKnown {
  bool Number(FieldIndex /*field*/, int64_t* /*value*/) const { return false; }
  bool Text(FieldIndex /*field*/, std::string_view* /*text*/) const { return false; }
};

// Fields of one side of a change, the value class judged once at most.
class SideReader {
 public:
  explicit SideReader(const CustomerView* customer) : customer_(customer) {}

  // Names as their codes.
  std::optional<int64_t> Read(CustomerField field) {
    if (customer_ == nullptr) return std::nullopt;
    int64_t value = 0;
    bool present = false;
    if (IsJudgedField(field)) {
      if (!verdict_) verdict_ = JudgeValue(*customer_);
      present = JudgedNumber(*customer_, *verdict_, field, &value);
    } else {
      const RowFields fields(*customer_->figures);
      present = WithField(*customer_->book, field,
                          [&](auto value_of) { return value_of(fields, &value); });
    }
    return present ? std::optional(value) : std::nullopt;
  }

 private:
  const CustomerView* const customer_;
  std::optional<ValueVerdict> verdict_;
};

}  // namespace

FeedIndex::Watched* FeedIndex::Of(CustomerField field) {
  for (Watched& watched : watched_) {
    if (watched.field == field) return &watched;
  }
  watched_.emplace_back().field = field;
  return &watched_.back();
}

void FeedIndex::AddNode(const Expression::Node& node, uint32_t condition) {
  using Op = Expression::Op;
  const auto field = static_cast<CustomerField>(node.field);
  const bool compares = node.op != Op::kAnd && node.op != Op::kOr && node.op != Op::kNot;
  if (!compares) return;
  if (field == CustomerField::kCustomer) {
    existence_.push_back(condition);
    return;
  }
  Watched* watched = Of(field);
  if (IsNameField(field)) {
    watched->names.push_back(condition);
    return;
  }
  // An absent value lies before all edges; every value is behind kLowest.
  const auto edge = [&](int64_t at) { watched->edges.emplace_back(at, condition); };
  const auto edge_behind = [&](int64_t last) {
    if (last < kHighest) edge(last + 1);
  };
  switch (node.op) {
    case Op::kRange:
      edge(node.low);
      edge_behind(node.high);
      if (node.inverted) edge(kLowest);
      return;
    case Op::kNumberIn:
      for (const int64_t number : node.numbers) {
        edge(number);
        edge_behind(number);
      }
      return;
    case Op::kAbsent:
      edge(kLowest);
      return;
    case Op::kHasAny:
      watched->sets.emplace_back(node.low, condition);
      return;
    case Op::kAnd:
    case Op::kOr:
    case Op::kNot:
    case Op::kText:
    case Op::kTextIn:
      break;
  }
  KUNDIG_CHECK(false);
}

FeedIndex::FeedIndex(std::span<const Expression* const> conditions)
    : conditions_(conditions.size()) {
  for (uint32_t at = 0; at < conditions.size(); ++at) {
    const Expression& condition = *conditions[at];
    fields_.Add(condition.fields());
    for (const Expression::Node& node : condition.nodes()) AddNode(node, at);
    // It may hold for a customer whose values cross nothing.
    if (condition.Holds(NothingKnown())) existence_.push_back(at);
  }
  for (Watched& watched : watched_) std::sort(watched.edges.begin(), watched.edges.end());
}

void FeedIndex::Finder::Add(uint32_t condition) {
  if (seen_[condition] == search_) return;
  seen_[condition] = search_;
  found_.push_back(condition);
}

std::span<const uint32_t> FeedIndex::Finder::Find(const FeedIndex& index,
                                                  const CustomerView* before,
                                                  const CustomerView* after,
                                                  std::span<const int64_t> former_segments) {
  ++search_;
  found_.clear();
  seen_.resize(index.conditions_, 0);
  SideReader was(before), is(after);
  for (const Watched& watched : index.watched_) {
    std::optional<int64_t> from = was.Read(watched.field);
    const std::optional<int64_t> to = is.Read(watched.field);
    if (from && watched.field == CustomerField::kRfmSegment && !former_segments.empty()) {
      from = former_segments[static_cast<size_t>(*from)];
    }
    if (from == to) continue;
    const auto place = [&](const std::optional<int64_t>& value) {
      if (!value) return watched.edges.begin();
      return std::partition_point(watched.edges.begin(), watched.edges.end(),
                                  [&](const auto& edge) { return edge.first <= *value; });
    };
    const auto [first, last] = std::minmax({place(from), place(to)});
    for (auto edge = first; edge != last; ++edge) Add(edge->second);
    for (const auto& [members, condition] : watched.sets) {
      if (((from.value_or(0) ^ to.value_or(0)) & members) != 0) Add(condition);
    }
    for (const uint32_t condition : watched.names) Add(condition);
  }
  if ((before == nullptr) != (after == nullptr)) {
    for (const uint32_t condition : index.existence_) Add(condition);
  }
  return found_;
}

}  // namespace kundig::engine
