#include "engine/pipeline_groups.h"

#include <array>
#include <cstdio>

namespace kundig::engine {
namespace {

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

}  // namespace

GroupSums::NamedGroups GroupSums::ByName() const {
  const std::vector<KeyColumn>& columns = grouping_->columns();
  std::vector<std::pair<std::vector<uint32_t>, LeadSums>> groups;
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

}  // namespace kundig::engine
