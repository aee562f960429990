#include "engine/feed_index.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "engine/check.h"

namespace kundig::engine {
namespace {

using Op = Expression::Op;

static_assert(kCustomerFieldCount <= 64);
constexpr uint64_t FieldBit(CustomerField field) {
  return uint64_t{1} << static_cast<int>(field);
}

CustomerField FieldOf(const Expression::Node& node) {
  return static_cast<CustomerField>(node.field);
}

// A customer of whom nothing is known.
struct NothingKnown {
  bool Number(FieldIndex /*field*/, int64_t* /*value*/) const { return false; }
  bool Text(FieldIndex /*field*/, std::string_view* /*text*/) const { return false; }
};

// A comparison that one value alone satisfies: how well it parts customers, 0 for none. Ids part
// best, then names, then enumerations.
int GuardRank(const Expression::Node& node) {
  if (node.op == Op::kText) {
    if (node.relation != Relation::kEqual) return 0;
    return FieldOf(node) == CustomerField::kCustomer ? 4 : 3;
  }
  if (node.op != Op::kNumberIn || node.numbers.size() != 1) return 0;
  return FieldOf(node) == CustomerField::kRfmSegment || FieldOf(node) == CustomerField::kPhase ? 2
                                                                                               : 1;
}

// The best guard among what must hold for `node` to hold; null where there is none.
const Expression::Node* GuardIn(const Expression& condition, const Expression::Node& node) {
  if (node.op != Op::kAnd) return GuardRank(node) > 0 ? &node : nullptr;
  const Expression::Node* best = nullptr;
  for (const uint32_t child : node.children) {
    const Expression::Node* guard = GuardIn(condition, condition.nodes()[child]);
    if (guard != nullptr && (best == nullptr || GuardRank(*guard) > GuardRank(*best))) best = guard;
  }
  return best;
}

}  // namespace

std::optional<int64_t> WatchedFields::Code(CustomerField field) const {
  if ((present_ & FieldBit(field)) == 0) return std::nullopt;
  return numbers_[static_cast<size_t>(field)];
}

bool WatchedFields::Number(FieldIndex index, int64_t* value) const {
  const auto field = static_cast<CustomerField>(index);
  *value = numbers_[static_cast<size_t>(field)];
  return (present_ & FieldBit(field)) != 0 && !IsNameField(field);
}

bool WatchedFields::Text(FieldIndex index, std::string_view* text) const {
  const auto field = static_cast<CustomerField>(index);
  if (field == CustomerField::kCustomer) {
    *text = customer_;
    return view_ != nullptr;
  }
  if (!IsNameField(field) || (present_ & FieldBit(field)) == 0) return false;
  *text = NamesOf(*view_->names, field)
              .Text(static_cast<NameCode>(numbers_[static_cast<size_t>(field)]));
  return true;
}

FeedIndex::FeedIndex(std::span<const Expression* const> conditions, FieldSet told)
    : conditions_(conditions.size()) {
  for (uint32_t at = 0; at < conditions.size(); ++at) {
    const Expression& condition = *conditions[at];
    fields_.Add(condition.fields());
    Group* const group = GroupOf(condition);
    for (const Expression::Node& node : condition.nodes()) AddNode(node, at, group);
    // It may hold for a customer whose values cross nothing.
    if (condition.Holds(NothingKnown())) group->existence.push_back(at);
  }
  const auto sort = [](Group* group) {
    for (Watched& watched : group->watched) std::sort(watched.edges.begin(), watched.edges.end());
  };
  sort(&unguarded_);
  for (Guard& guard : guards_) {
    for (auto& [number, group] : guard.by_number) sort(&group);
    for (auto& [name, group] : guard.by_name) sort(&group);
  }
  for (size_t field = 1; field < kCustomerFieldCount; ++field) {
    const auto index = static_cast<FieldIndex>(field);
    if (fields_.Has(index)) {
      read_.push_back(static_cast<CustomerField>(field));
    } else if (told.Has(index)) {
      told_.push_back(static_cast<CustomerField>(field));
    }
  }
}

FeedIndex::Guard* FeedIndex::GuardOf(CustomerField field) {
  for (Guard& guard : guards_) {
    if (guard.field == field) return &guard;
  }
  guards_.emplace_back().field = field;
  return &guards_.back();
}

FeedIndex::Group* FeedIndex::GroupOf(const Expression& condition) {
  const Expression::Node* node = GuardIn(condition, condition.root());
  if (node == nullptr) return &unguarded_;
  Guard* const guard = GuardOf(FieldOf(*node));
  return node->op == Op::kText ? &guard->by_name[node->texts[0]]
                               : &guard->by_number[node->numbers[0]];
}

void FeedIndex::AddNode(const Expression::Node& node, uint32_t condition, Group* group) {
  if (node.op == Op::kAnd || node.op == Op::kOr || node.op == Op::kNot) return;
  const CustomerField field = FieldOf(node);
  if (field == CustomerField::kCustomer) {
    group->existence.push_back(condition);
    return;
  }
  auto watched = std::find_if(group->watched.begin(), group->watched.end(),
                              [&](const Watched& one) { return one.field == field; });
  if (watched == group->watched.end()) {
    watched = group->watched.emplace(watched);
    watched->field = field;
  }
  if (IsNameField(field)) {
    watched->names.push_back(condition);
    return;
  }
  // An absent value lies before all edges; every value behind the one at INT64_MIN.
  const auto edge = [&](int64_t at) { watched->edges.emplace_back(at, condition); };
  const auto edge_behind = [&](int64_t last) {
    if (last < INT64_MAX) edge(last + 1);
  };
  switch (node.op) {
    case Op::kRange:
      edge(node.low);
      edge_behind(node.high);
      if (node.inverted) edge(INT64_MIN);
      return;
    case Op::kNumberIn:
      for (const int64_t number : node.numbers) {
        edge(number);
        edge_behind(number);
      }
      return;
    case Op::kAbsent:
      edge(INT64_MIN);
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

void FeedIndex::Read(const std::vector<CustomerField>& which, const CustomerView* view,
                     WatchedFields* fields) {
  if (view == nullptr) return;
  const RowFields row(*view->figures);
  std::optional<ValueVerdict> verdict;
  for (const CustomerField field : which) {
    int64_t* const value = &fields->numbers_[static_cast<size_t>(field)];
    bool present = false;
    if (IsJudgedField(field)) {
      if (!verdict) verdict = JudgeValue(*view);
      present = JudgedNumber(*view, *verdict, field, value);
    } else {
      present = WithField(*view->book, field, [&](auto value_of) { return value_of(row, value); });
    }
    if (present) fields->present_ |= FieldBit(field);
  }
}

const FeedIndex::Group* FeedIndex::Guarded(const Guard& guard, const WatchedFields& fields) const {
  if (IsNameField(guard.field) || guard.field == CustomerField::kCustomer) {
    std::string_view name;
    if (!fields.Text(Index(guard.field), &name)) return nullptr;
    const auto found = guard.by_name.find(name);
    return found == guard.by_name.end() ? nullptr : &found->second;
  }
  const std::optional<int64_t> number = fields.Code(guard.field);
  if (!number) return nullptr;
  const auto found = guard.by_number.find(*number);
  return found == guard.by_number.end() ? nullptr : &found->second;
}

void FeedIndex::Search(const Group& group, Finder* finder) {
  for (const Watched& watched : group.watched) {
    if ((finder->changed_ & FieldBit(watched.field)) == 0) continue;
    const auto& [from, to] = finder->changes_[static_cast<size_t>(watched.field)];
    const auto place = [&](const std::optional<int64_t>& value) {
      if (!value) return watched.edges.begin();
      return std::partition_point(watched.edges.begin(), watched.edges.end(),
                                  [&](const auto& edge) { return edge.first <= *value; });
    };
    const auto [first, last] = std::minmax({place(from), place(to)});
    for (auto edge = first; edge != last; ++edge) finder->Add(edge->second);
    for (const auto& [members, condition] : watched.sets) {
      if (((from.value_or(0) ^ to.value_or(0)) & members) != 0) finder->Add(condition);
    }
    for (const uint32_t condition : watched.names) finder->Add(condition);
  }
  if ((finder->before_.view_ == nullptr) != (finder->after_.view_ == nullptr)) {
    for (const uint32_t condition : group.existence) finder->Add(condition);
  }
}

void FeedIndex::Finder::Add(uint32_t condition) {
  if (seen_[condition] == search_) return;
  seen_[condition] = search_;
  found_.push_back(condition);
}

void FeedIndex::Finder::ReadTold(const FeedIndex& index, const CustomerView* before,
                                 const CustomerView* after) {
  if (std::exchange(has_told_, true)) return;
  Read(index.told_, before, &before_);
  Read(index.told_, after, &after_);
}

std::span<const uint32_t> FeedIndex::Finder::Find(const FeedIndex& index, std::string_view customer,
                                                  const CustomerView* before,
                                                  const CustomerView* after,
                                                  std::span<const int64_t> former_segments) {
  ++search_;
  found_.clear();
  seen_.resize(index.conditions_, 0);
  has_told_ = false;
  const auto read = [&](const CustomerView* view, WatchedFields* fields) {
    fields->customer_ = customer;
    fields->view_ = view == nullptr ? nullptr : view->book;
    fields->present_ = 0;
    Read(index.read_, view, fields);
  };
  read(before, &before_);
  read(after, &after_);
  changed_ = 0;
  for (const CustomerField field : index.read_) {
    Change& change = changes_[static_cast<size_t>(field)];
    change = {before_.Code(field), after_.Code(field)};
    if (change.from && field == CustomerField::kRfmSegment && !former_segments.empty()) {
      change.from = former_segments[static_cast<size_t>(*change.from)];
    }
    if (change.from != change.to) changed_ |= FieldBit(field);
  }
  if (changed_ == 0 && (before == nullptr) == (after == nullptr)) return {};
  Search(index.unguarded_, this);
  for (const Guard& guard : index.guards_) {
    const Group* was = index.Guarded(guard, before_);
    const Group* is = index.Guarded(guard, after_);
    // Codes of segments before are those of the former rules.
    if (guard.field == CustomerField::kRfmSegment && !former_segments.empty() &&
        before != nullptr) {
      const std::optional<int64_t>& from = changes_[static_cast<size_t>(guard.field)].from;
      const auto found = from ? guard.by_number.find(*from) : guard.by_number.end();
      was = found == guard.by_number.end() ? nullptr : &found->second;
    }
    if (was != nullptr) Search(*was, this);
    if (is != nullptr && is != was) Search(*is, this);
  }
  return found_;
}

}  // namespace kundig::engine
