// The groups of a pipeline: which group a lead belongs to, what each group sums up to, and what the
// groups are called.
//
// A group is first a combination of codes. Where few combinations are possible (dense), it is one
// number, and sums lie in a table; else they lie in a hash map by the codes. Names are looked up
// once for each code that occurs, at the end; where dense, the places of the names make one number
// as well, and groups need not be sorted.
//
// Thread safety: needs the book's scan lock; an object belongs to one thread.

#ifndef KUNDIG_ENGINE_PIPELINE_GROUPS_H_
#define KUNDIG_ENGINE_PIPELINE_GROUPS_H_

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/check.h"
#include "engine/hash.h"
#include "engine/lead_view.h"
#include "engine/limits.h"
#include "engine/query.h"
#include "engine/wide.h"

namespace kundig::engine {

inline constexpr uint32_t kBlockLeads = 2048;  // looked at together
inline constexpr uint64_t kMaxDenseGroups = 1 << 14;

struct LeadSums {
  uint64_t leads = 0, overridden = 0;
  Wide revenue = 0, weighted = 0;  // weighted in minor units times hundredths of a percent

  void Add(const LeadSums& other) {
    leads += other.leads;
    overridden += other.overridden;
    revenue += other.revenue;
    weighted += other.weighted;
  }
};

// The codes of one key of a grouping: code 0 ... size - 1, 0 = none (but the first stage).
class KeyColumn {
 public:
  KeyColumn(PipelineKey key, const LeadView& leads) : key_(key), leads_(leads) {
    if (IsTime()) {
      const LeadTable& table = *leads.leads;
      const uint32_t unit = key == PipelineKey::kMonth ? 1 : 3;
      const bool any = table.last_close_month() != kNoMonth;
      first_ = any ? table.first_close_month() / unit : 1;
      size_ = any ? table.last_close_month() / unit - first_ + 2 : 1;
    } else if (key == PipelineKey::kStage) {
      size_ = leads.stages.size() + 1;  // the last is none
    } else {
      size_ = leads.leads->CodesOf(Field());
    }
  }

  uint64_t size() const { return size_; }

  // codes[i] += stride * code of the lead `first_row` + i
  void AddCodes(uint32_t first_row, uint32_t rows, uint32_t stride, uint32_t* codes) const {
    const LeadColumns& c = *leads_.columns;
    const auto add = [&](const auto& column, auto code_of) {
      for (uint32_t at = 0; at < rows; ++at) codes[at] += stride * code_of(column[first_row + at]);
    };
    switch (key_) {
      case PipelineKey::kStage:
        return add(c.stage, [last = static_cast<uint32_t>(size_ - 1)](StageIndex stage) {
          return stage == kNoStage ? last : uint32_t{stage};
        });
      case PipelineKey::kMonth:
        return add(c.close_month,
                   [this](uint32_t month) { return month == kNoMonth ? 0 : month - first_ + 1; });
      case PipelineKey::kQuarter:
        return add(c.close_month, [this](uint32_t month) {
          return month == kNoMonth ? 0 : month / 3 - first_ + 1;
        });
      default:
        leads_.leads->WithNames(c, Field(), [&](const std::vector<NameCode>& column, const auto&) {
          add(column, [](NameCode code) { return code; });
        });
    }
  }

  // Place in the order of the answer before the name, and the name.
  std::pair<uint64_t, std::string> Name(uint64_t code) const;

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
  const LeadView& leads_;
  uint64_t size_ = 1;
  uint32_t first_ = 0;  // month or quarter of code 1
};

// The keys of a grouping. Where there are few combinations of codes (dense), a group is the number
// that its codes make; else it is the codes themselves.
class Grouping {
 public:
  Grouping(const std::vector<PipelineKey>& keys, const LeadView& leads) {
    for (const PipelineKey key : keys) {
      columns_.emplace_back(key, leads);
      // Beyond what a table holds the number itself says nothing.
      groups_ = std::min(groups_ * columns_.back().size(), kMaxDenseGroups + 1);
    }
  }

  bool dense() const { return groups_ <= kMaxDenseGroups; }
  // Where dense: the codes of a group make one number below this.
  uint64_t groups() const { return groups_; }
  const std::vector<KeyColumn>& columns() const { return columns_; }

  // Where dense: groups[i] += group of the lead `first_row` + i
  void AddGroups(uint32_t first_row, uint32_t rows, uint32_t* groups) const {
    uint32_t stride = 1;
    for (size_t at = columns_.size(); at-- > 0;) {
      columns_[at].AddCodes(first_row, rows, stride, groups);
      stride *= static_cast<uint32_t>(columns_[at].size());
    }
  }

 private:
  std::vector<KeyColumn> columns_;
  uint64_t groups_ = 1;
};

struct CodesHash {
  size_t operator()(const std::vector<uint32_t>& codes) const {
    return HashBytes(
        {reinterpret_cast<const char*>(codes.data()), codes.size() * sizeof(uint32_t)});
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
    codes_.assign(rows, 0);
    grouping_->AddGroups(first_row, rows, codes_.data());
  }
  LeadSums& Of(uint32_t row_in_block) {
    if (grouping_->dense()) return dense_[codes_[row_in_block]];
    key_.resize(grouping_->columns().size());
    for (size_t at = 0; at < key_.size(); ++at) key_[at] = codes_[at * kBlockLeads + row_in_block];
    return sparse_[key_];
  }
  // Where dense: a group's sums.
  LeadSums& At(size_t group) { return dense_[group]; }

  void Merge(const GroupSums& other) {
    for (size_t group = 0; group < dense_.size(); ++group) dense_[group].Add(other.dense_[group]);
    for (const auto& [codes, sums] : other.sparse_) sparse_[codes].Add(sums);
  }

  // The groups by what they are called, in the order of the answer: names ascending, stages by the
  // stage table. A lead whose owner is called "none" joins those that have none.
  struct NamedGroup {
    std::array<uint32_t, kMaxPipelineKeys> places{};  // of each key: in `texts`
    LeadSums sums;
  };
  struct NamedGroups {
    std::vector<std::vector<std::string>> texts;  // of each key, ascending
    std::vector<NamedGroup> groups;

    std::vector<std::string> Names(const NamedGroup& group) const {
      std::vector<std::string> names;
      names.reserve(texts.size());
      for (size_t key = 0; key < texts.size(); ++key) {
        names.push_back(texts[key][group.places[key]]);
      }
      return names;
    }
  };
  NamedGroups ByName() const;

 private:
  NamedGroups DenseByName() const;
  NamedGroups SparseByName() const;

  const Grouping* grouping_;
  std::vector<LeadSums> dense_;
  boost::unordered_flat_map<std::vector<uint32_t>, LeadSums, CodesHash> sparse_;
  // Of the rows begun: their groups, or (sparse) their codes key by key.
  std::vector<uint32_t> codes_;
  std::vector<uint32_t> key_;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_PIPELINE_GROUPS_H_
