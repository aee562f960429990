#include "engine/pipeline_groups.h"

#include <cstdio>

namespace kundig::engine {
namespace {

using KeyCodes = std::array<uint32_t, kMaxPipelineKeys>;

// Names the codes of one key: returns the different names in the order of the answer, and calls
// put(code, place among them) for each code.
template <typename Put>
std::vector<std::string> OrderNames(const KeyColumn& column, const std::vector<uint32_t>& codes,
                                    Put&& put) {
  std::vector<std::pair<std::pair<uint64_t, std::string>, uint32_t>> named;
  named.reserve(codes.size());
  for (const uint32_t code : codes) named.emplace_back(column.Name(code), code);
  std::sort(named.begin(), named.end());
  std::vector<std::string> texts;
  for (size_t at = 0; at < named.size(); ++at) {
    if (at == 0 || named[at].first != named[at - 1].first) {
      texts.push_back(named[at].first.second);
    }
    put(named[at].second, static_cast<uint32_t>(texts.size() - 1));
  }
  return texts;
}

}  // namespace

std::pair<uint64_t, std::string> KeyColumn::Name(uint64_t code) const {
  if (key_ == PipelineKey::kStage) {
    // Stages that the rules name in their order, others by name, last where nobody said any.
    const size_t named = leads_.named_stages;
    if (code < named) return {code, leads_.stages[code].name};
    if (code + 1 < leads_.stages.size()) return {named, leads_.stages[code].name};
    return {named + 1, "none"};
  }
  if (!IsTime()) {
    const auto name = leads_.leads->NameOf(Field(), static_cast<NameCode>(code));
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

GroupSums::NamedGroups GroupSums::ByName() const {
  return grouping_->dense() ? DenseByName() : SparseByName();
}

GroupSums::NamedGroups GroupSums::DenseByName() const {
  const std::vector<KeyColumn>& columns = grouping_->columns();
  const size_t keys = columns.size();
  struct Used {
    size_t group, number;
    KeyCodes codes;  // places later
  };
  std::vector<Used> used;
  std::vector<std::vector<uint8_t>> occurs;
  for (const KeyColumn& column : columns) occurs.emplace_back(column.size());
  KeyCodes codes{};
  for (size_t group = 0; group < dense_.size(); ++group) {
    if (dense_[group].leads > 0) {
      used.push_back({group, 0, codes});
      for (size_t key = 0; key < keys; ++key) occurs[key][codes[key]] = 1;
    }
    for (size_t key = keys; key-- > 0;) {
      if (++codes[key] < columns[key].size()) break;
      codes[key] = 0;
    }
  }

  NamedGroups named;
  std::vector<std::vector<uint32_t>> places;  // of each key, by code
  size_t numbers = 1;
  for (size_t key = 0; key < keys; ++key) {
    std::vector<uint32_t> occurring;
    for (uint32_t code = 0; code < columns[key].size(); ++code) {
      if (occurs[key][code] != 0) occurring.push_back(code);
    }
    std::vector<uint32_t>& place_of = places.emplace_back(columns[key].size());
    named.texts.push_back(OrderNames(
        columns[key], occurring, [&](uint32_t code, uint32_t place) { place_of[code] = place; }));
    numbers *= named.texts.back().size();
  }

  // Codes of equal names have equal places, which make the same number.
  std::vector<uint32_t> index_of(numbers);
  for (Used& one : used) {
    for (size_t key = 0; key < keys; ++key) {
      one.codes[key] = places[key][one.codes[key]];
      one.number = one.number * named.texts[key].size() + one.codes[key];
    }
    index_of[one.number] = 1;
  }
  uint32_t groups = 0;
  for (uint32_t& index : index_of) groups += std::exchange(index, groups);
  named.groups.resize(groups);
  for (const Used& one : used) {
    NamedGroup& group = named.groups[index_of[one.number]];
    group.places = one.codes;
    group.sums.Add(dense_[one.group]);
  }
  return named;
}

GroupSums::NamedGroups GroupSums::SparseByName() const {
  NamedGroups named;
  std::vector<NamedGroup> groups;
  groups.reserve(sparse_.size());
  for (const auto& [codes, sums] : sparse_) {
    std::copy(codes.begin(), codes.end(), groups.emplace_back().places.begin());
    groups.back().sums = sums;
  }
  const std::vector<KeyColumn>& columns = grouping_->columns();
  for (size_t key = 0; key < columns.size(); ++key) {
    boost::unordered_flat_map<uint32_t, uint32_t> places;
    for (const NamedGroup& group : groups) places.emplace(group.places[key], 0);
    std::vector<uint32_t> occurring;
    for (const auto& [code, place] : places) occurring.push_back(code);
    named.texts.push_back(OrderNames(columns[key], occurring,
                                     [&](uint32_t code, uint32_t place) { places[code] = place; }));
    for (NamedGroup& group : groups) group.places[key] = places.find(group.places[key])->second;
  }
  std::sort(groups.begin(), groups.end(),
            [](const NamedGroup& a, const NamedGroup& b) { return a.places < b.places; });
  for (const NamedGroup& group : groups) {
    if (!named.groups.empty() && named.groups.back().places == group.places) {
      named.groups.back().sums.Add(group.sums);
    } else {
      named.groups.push_back(group);
    }
  }
  return named;
}

}  // namespace kundig::engine
