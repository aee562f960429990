#include "engine/pipeline.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/check.h"
#include "engine/hash.h"
#include "engine/limits.h"
#include "engine/wide.h"

namespace kundig::engine {
namespace {

constexpr uint32_t kBlockLeads = 2048;
// Groups of a grouping that are counted in a table; above, in a hash map.
constexpr uint64_t kMaxDenseGroups = 1 << 14;
// Parts that leads are split into: each has sums of its own, which are merged at the end.
constexpr uint32_t kMaxParts = 8;

struct Sums {
  uint64_t leads = 0, overridden = 0;
  Wide revenue = 0, weighted = 0;  // weighted in minor units times hundredths of a percent

  void Add(const Sums& other) {
    leads += other.leads;
    overridden += other.overridden;
    revenue += other.revenue;
    weighted += other.weighted;
  }
};

class LeadReader {
 public:
  LeadReader(const LeadTable& leads, const Rules& rules, uint32_t row)
      : leads_(leads), rules_(rules), row_(row) {}

  bool Number(FieldIndex index, int64_t* value) const {
    const LeadColumns& c = leads_.columns();
    const auto day = [value](LeadDay column) {
      *value = column;
      return column != kNoLeadDay;
    };
    switch (static_cast<LeadField>(index)) {
      case LeadField::kStatus:
        *value = static_cast<int64_t>(c.status[row_]);
        return true;
      case LeadField::kStage:
        *value = c.stage[row_];
        return c.stage[row_] != kNoStage;
      case LeadField::kRevenue:
        *value = c.revenue[row_];
        return true;
      case LeadField::kChance:
        if (c.status[row_] != LeadStatus::kOpen) return false;
        *value = ChanceOf(c, rules_, row_);
        return true;
      case LeadField::kOverridden:
        *value = c.chance[row_] != kNoChance;
        return true;
      case LeadField::kOpened:
        return day(c.opened[row_]);
      case LeadField::kExpectedClose:
        return day(c.expected_close[row_]);
      case LeadField::kClosed:
        return day(c.closed[row_]);
      default:
        return false;
    }
  }

  bool Text(FieldIndex index, std::string_view* text) const {
    const std::optional<std::string_view> name = leads_.NameAt(static_cast<LeadField>(index), row_);
    if (name) *text = *name;
    return name.has_value();
  }

  // The chance in force: the override, or the stage's chance now.
  static int64_t ChanceOf(const LeadColumns& c, const Rules& rules, uint32_t row) {
    return c.chance[row] != kNoChance ? int64_t{c.chance[row]}
                                      : int64_t{rules.stages()[c.stage[row]].chance_hundredths};
  }

 private:
  const LeadTable& leads_;
  const Rules& rules_;
  uint32_t row_;
};

// The codes of one key of a grouping: code 0 ... size - 1, 0 = none (but the first stage).
class KeyColumn {
 public:
  KeyColumn(PipelineKey key, const LeadTable& leads, const Rules& rules)
      : key_(key), leads_(leads), rules_(rules) {
    if (IsTime()) {
      const uint32_t unit = key == PipelineKey::kMonth ? 1 : 3;
      const bool any = leads.last_close_month() != kNoMonth;
      first_ = any ? leads.first_close_month() / unit : 1;
      size_ = any ? leads.last_close_month() / unit - first_ + 2 : 1;
    } else if (key == PipelineKey::kStage) {
      size_ = rules.stages().size() + 1;  // the last is none
    } else {
      size_ = leads.CodesOf(Field());
    }
  }

  uint64_t size() const { return size_; }

  // codes[i] += stride * code of the lead `first_row` + i
  void AddCodes(uint32_t first_row, uint32_t rows, uint64_t stride, uint64_t* codes) const {
    const LeadColumns& c = leads_.columns();
    const auto add = [&](const auto& column, auto code_of) {
      for (uint32_t at = 0; at < rows; ++at) codes[at] += stride * code_of(column[first_row + at]);
    };
    const auto same = [](NameCode code) { return uint64_t{code}; };
    switch (key_) {
      case PipelineKey::kStage:
        return add(c.stage, [last = size_ - 1](uint8_t stage) {
          return stage == kNoStage ? last : uint64_t{stage};
        });
      case PipelineKey::kOwner:
        return add(c.owner, same);
      case PipelineKey::kRegion:
        return add(c.region, same);
      case PipelineKey::kProduct:
        return add(c.product, same);
      case PipelineKey::kSource:
        return add(c.source, same);
      case PipelineKey::kCustomer:
        return add(c.customer, same);
      case PipelineKey::kReason:
        return add(c.reason, same);
      case PipelineKey::kMonth:
        return add(c.close_month, [this](uint32_t month) {
          return month == kNoMonth ? uint64_t{0} : uint64_t{month} - first_ + 1;
        });
      case PipelineKey::kQuarter:
        return add(c.close_month, [this](uint32_t month) {
          return month == kNoMonth ? uint64_t{0} : uint64_t{month} / 3 - first_ + 1;
        });
    }
  }

  // Place in the order of the answer before the name, and the name.
  std::pair<uint64_t, std::string> Name(uint64_t code) const {
    if (key_ == PipelineKey::kStage) {
      return {code, code + 1 == size_ ? "none" : rules_.stages()[code].name};
    }
    if (!IsTime()) {
      const auto name = leads_.NameOf(Field(), static_cast<NameCode>(code));
      return {0, std::string(name.value_or("none"))};
    }
    if (code == 0) return {0, "none"};
    const uint64_t unit = code - 1 + first_;
    const bool is_month = key_ == PipelineKey::kMonth;
    const uint64_t units_a_year = is_month ? 12 : 4;
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), is_month ? "%04u-%02u" : "%04u-Q%u",
                  static_cast<unsigned>(unit / units_a_year),
                  static_cast<unsigned>(unit % units_a_year + 1));
    return {0, text.data()};
  }

 private:
  bool IsTime() const { return key_ == PipelineKey::kMonth || key_ == PipelineKey::kQuarter; }
  LeadField Field() const {
    switch (key_) {
      case PipelineKey::kOwner:
        return LeadField::kOwner;
      case PipelineKey::kRegion:
        return LeadField::kRegion;
      case PipelineKey::kProduct:
        return LeadField::kProduct;
      case PipelineKey::kSource:
        return LeadField::kSource;
      case PipelineKey::kCustomer:
        return LeadField::kCustomer;
      default:
        KUNDIG_CHECK(key_ == PipelineKey::kReason);
        return LeadField::kReason;
    }
  }

  PipelineKey key_;
  const LeadTable& leads_;
  const Rules& rules_;
  uint64_t size_ = 1;
  uint32_t first_ = 0;  // month or quarter of code 1
};

// The keys of a grouping. Where there are few combinations of codes (dense), a group is the number
// that its codes make; else it is the codes themselves.
class Grouping {
 public:
  Grouping(const std::vector<PipelineKey>& keys, const LeadTable& leads, const Rules& rules) {
    for (const PipelineKey key : keys) {
      columns_.emplace_back(key, leads, rules);
      // Beyond what a table holds the number itself says nothing.
      groups_ = std::min(groups_ * columns_.back().size(), kMaxDenseGroups + 1);
    }
  }

  bool dense() const { return groups_ <= kMaxDenseGroups; }
  // Where dense: the codes of a group make one number below this.
  uint64_t groups() const { return groups_; }
  const std::vector<KeyColumn>& columns() const { return columns_; }

  std::vector<uint64_t> Codes(uint64_t group) const {
    std::vector<uint64_t> codes(columns_.size());
    for (size_t at = columns_.size(); at-- > 0;) {
      codes[at] = group % columns_[at].size();
      group /= columns_[at].size();
    }
    return codes;
  }

 private:
  std::vector<KeyColumn> columns_;
  uint64_t groups_ = 1;
};

struct CodesHash {
  size_t operator()(const std::vector<uint64_t>& codes) const {
    return HashBytes(
        {reinterpret_cast<const char*>(codes.data()), codes.size() * sizeof(uint64_t)});
  }
};

// The sums of each group of a grouping over some of the leads.
class GroupSums {
 public:
  explicit GroupSums(const Grouping* grouping) : grouping_(grouping) {
    if (grouping->dense()) dense_.resize(grouping->groups());
  }

  // Prepares for rows first_row ... first_row + rows - 1.
  void Begin(uint32_t first_row, uint32_t rows) {
    const std::vector<KeyColumn>& columns = grouping_->columns();
    if (!grouping_->dense()) {
      codes_.assign(columns.size() * kBlockLeads, 0);
      for (size_t at = 0; at < columns.size(); ++at) {
        columns[at].AddCodes(first_row, rows, 1, codes_.data() + at * kBlockLeads);
      }
      return;
    }
    codes_.assign(kBlockLeads, 0);
    uint64_t stride = 1;
    for (size_t at = columns.size(); at-- > 0;) {
      columns[at].AddCodes(first_row, rows, stride, codes_.data());
      stride *= columns[at].size();
    }
  }
  Sums& Of(uint32_t row_in_block) {
    if (grouping_->dense()) return dense_[codes_[row_in_block]];
    key_.resize(grouping_->columns().size());
    for (size_t at = 0; at < key_.size(); ++at) key_[at] = codes_[at * kBlockLeads + row_in_block];
    return sparse_[key_];
  }
  void Merge(const GroupSums& other) {
    for (size_t group = 0; group < dense_.size(); ++group) dense_[group].Add(other.dense_[group]);
    for (const auto& [codes, sums] : other.sparse_) sparse_[codes].Add(sums);
  }

  // The groups by what they are called, in the order of the answer: names ascending, stages by the
  // stage table. A lead whose owner is called "none" joins those that have none.
  struct NamedGroup {
    std::vector<std::string_view> names;  // point into `texts`
    Sums sums;
  };
  struct NamedGroups {
    std::vector<std::vector<std::string>> texts;  // of each key, ascending
    std::vector<NamedGroup> groups;
  };
  NamedGroups ByName() const;

 private:
  const Grouping* grouping_;
  std::vector<Sums> dense_;
  boost::unordered_flat_map<std::vector<uint64_t>, Sums, CodesHash> sparse_;
  // Of the rows begun: their groups, or (sparse) their codes key by key.
  std::vector<uint64_t> codes_;
  std::vector<uint64_t> key_;
};

// The names of the codes of one key that occur, and their places in the order.
class KeyNames {
 public:
  void Use(uint64_t code) { places_.emplace(code, 0); }
  // After all are used: gives each code its place, equal names the same.
  std::vector<std::string> Order(const KeyColumn& column) {
    std::vector<std::pair<std::pair<uint64_t, std::string>, uint64_t>> named;
    named.reserve(places_.size());
    for (const auto& [code, place] : places_) named.emplace_back(column.Name(code), code);
    std::sort(named.begin(), named.end());
    std::vector<std::string> texts;
    for (size_t at = 0; at < named.size(); ++at) {
      if (at == 0 || named[at].first != named[at - 1].first) {
        texts.push_back(std::move(named[at].first.second));
        named[at].first.second = texts.back();
      }
      places_[named[at].second] = static_cast<uint32_t>(texts.size() - 1);
    }
    return texts;
  }
  uint32_t PlaceOf(uint64_t code) const { return places_.find(code)->second; }

 private:
  boost::unordered_flat_map<uint64_t, uint32_t> places_;
};

GroupSums::NamedGroups GroupSums::ByName() const {
  const std::vector<KeyColumn>& columns = grouping_->columns();
  std::vector<std::pair<std::vector<uint64_t>, Sums>> groups;
  for (size_t group = 0; group < dense_.size(); ++group) {
    if (dense_[group].leads > 0) groups.emplace_back(grouping_->Codes(group), dense_[group]);
  }
  for (const auto& [codes, sums] : sparse_) groups.emplace_back(codes, sums);

  NamedGroups named;
  for (size_t key = 0; key < columns.size(); ++key) {
    KeyNames names;
    for (const auto& [codes, sums] : groups) names.Use(codes[key]);
    named.texts.push_back(names.Order(columns[key]));
    for (auto& [codes, sums] : groups) codes[key] = names.PlaceOf(codes[key]);
  }
  std::sort(groups.begin(), groups.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t at = 0; at < groups.size(); ++at) {
    const auto& [places, sums] = groups[at];
    if (at > 0 && places == groups[at - 1].first) {
      named.groups.back().sums.Add(sums);
      continue;
    }
    NamedGroup& group = named.groups.emplace_back();
    for (size_t key = 0; key < columns.size(); ++key) {
      group.names.push_back(named.texts[key][places[key]]);
    }
    group.sums = sums;
  }
  return named;
}

struct Part {
  GroupSums open;
  std::array<GroupSums, 2> closed;  // won, lost

  Part(const Grouping* by, const Grouping* closed_by)
      : open(by), closed{GroupSums(closed_by), GroupSums(closed_by)} {}
};

void CountBlock(const LeadTable& leads, const Rules& rules, const Expression* where,
                uint32_t first_row, Part* part) {
  const LeadColumns& c = leads.columns();
  const uint32_t rows = std::min(kBlockLeads, leads.rows() - first_row);
  part->open.Begin(first_row, rows);
  for (GroupSums& closed : part->closed) closed.Begin(first_row, rows);
  for (uint32_t at = 0; at < rows; ++at) {
    const uint32_t row = first_row + at;
    if (c.live[row] == 0) continue;
    if (where != nullptr && !where->Holds(LeadReader(leads, rules, row))) continue;
    const bool open = c.status[row] == LeadStatus::kOpen;
    Sums& sums =
        open ? part->open.Of(at) : part->closed[c.status[row] == LeadStatus::kWon ? 0 : 1].Of(at);
    ++sums.leads;
    sums.revenue += c.revenue[row];
    if (!open) continue;
    sums.weighted += Wide{c.revenue[row]} * LeadReader::ChanceOf(c, rules, row);
    sums.overridden += c.chance[row] != kNoChance;
  }
}

PipelineAnswer::Group Report(const Sums& sums) {
  PipelineAnswer::Group group;
  group.leads = sums.leads;
  group.revenue = Narrow(sums.revenue);
  group.weighted = Narrow(DivideHalfAway(sums.weighted, 10000));
  group.overridden = sums.overridden;
  return group;
}

}  // namespace

std::optional<Error> CheckGrouping(const PipelineQuery& query) {
  if (query.by.size() > kMaxPipelineKeys || query.closed_by.size() > kMaxPipelineKeys) {
    return Error{ErrorCode::kLimitExceeded,
                 "a grouping has at most " + std::to_string(kMaxPipelineKeys) + " keys",
                 query.by.size() > kMaxPipelineKeys ? "by" : "closed_by", std::nullopt};
  }
  if (std::find(query.by.begin(), query.by.end(), PipelineKey::kReason) != query.by.end()) {
    return Error{ErrorCode::kInvalidValue, "open leads have no reason; group closed ones by it",
                 "by", std::nullopt};
  }
  return std::nullopt;
}

PipelineAnswer ComputePipeline(const LeadTable& leads, const Rules& rules,
                               const PipelineQuery& query, const Expression& where,
                               ShardRunner* runner) {
  const Grouping by(query.by, leads, rules), closed_by(query.closed_by, leads, rules);
  const uint32_t blocks = (leads.rows() + kBlockLeads - 1) / kBlockLeads;
  std::vector<Part> parts(std::clamp<uint32_t>(blocks, 1, kMaxParts), Part(&by, &closed_by));
  runner->ForEach(parts.size(), [&](size_t part) {
    for (auto block = static_cast<uint32_t>(part); block < blocks;
         block += static_cast<uint32_t>(parts.size())) {
      CountBlock(leads, rules, query.where.empty() ? nullptr : &where, block * kBlockLeads,
                 &parts[part]);
    }
  });
  Part& all = parts[0];
  for (size_t part = 1; part < parts.size(); ++part) {
    all.open.Merge(parts[part].open);
    for (size_t at = 0; at < 2; ++at) all.closed[at].Merge(parts[part].closed[at]);
  }

  PipelineAnswer answer;
  Sums total;
  const GroupSums::NamedGroups open = all.open.ByName();
  for (const auto& [names, sums] : open.groups) {
    PipelineAnswer::Group group = Report(sums);
    group.keys.assign(names.begin(), names.end());
    answer.groups.push_back(std::move(group));
    total.Add(sums);
  }
  answer.total = Report(total);
  for (size_t at = 0; at < 2; ++at) {
    Sums closed;
    const GroupSums::NamedGroups named = all.closed[at].ByName();
    for (const auto& [names, sums] : named.groups) {
      closed.Add(sums);
      if (query.closed_by.empty()) continue;
      PipelineAnswer::Closed group;
      group.status = at == 0 ? LeadStatus::kWon : LeadStatus::kLost;
      group.keys.assign(names.begin(), names.end());
      group.leads = sums.leads;
      group.revenue = Narrow(sums.revenue);
      answer.closed.push_back(std::move(group));
    }
    (at == 0 ? answer.won_leads : answer.lost_leads) = closed.leads;
    (at == 0 ? answer.won_revenue : answer.lost_revenue) = Narrow(closed.revenue);
  }
  return answer;
}

}  // namespace kundig::engine
