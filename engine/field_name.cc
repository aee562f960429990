#include "engine/field_name.h"

#include <algorithm>
#include <numeric>

namespace kundig::engine {
namespace {

constexpr size_t kMaxNameShown = 40;
constexpr size_t kMaxNamesShown = 40;

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Levenshtein's distance: letters to insert, remove or replace.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (Lower(a[i]) == Lower(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<FieldIndex> NearestField(std::string_view name, const FieldCatalog& catalog) {
  if (name.size() > kMaxNameShown) return std::nullopt;
  // A third of the letters may be wrong: beyond that a suggestion puzzles more than it helps.
  size_t best_distance = name.size() / 3 + 1;
  std::optional<FieldIndex> best;
  for (size_t i = 0; i < catalog.size(); ++i) {
    const auto field = static_cast<FieldIndex>(i);
    const size_t distance = Distance(name, catalog.At(field).name);
    if (distance < best_distance) {
      best_distance = distance;
      best = field;
    }
  }
  return best;
}

std::string UnknownFieldSentence(std::string_view name, const FieldCatalog& catalog) {
  // What is long or not plain ASCII is no slip of the pen, and may not be fit to show.
  const bool shown =
      name.size() <= kMaxNameShown &&
      std::all_of(name.begin(), name.end(), [](char c) { return c > 31 && c < 127; });
  std::string sentence = shown ? "there is no field '" + std::string(name) + "'; "
                               : std::string("there is no such field; ");
  if (auto nearest = NearestField(name, catalog)) {
    return sentence + "did you mean '" + catalog.At(*nearest).name + "'?";
  }
  sentence += "expected one of ";
  for (size_t i = 0; i < catalog.size(); ++i) {
    sentence += (i == 0 ? "" : ", ") + catalog.At(static_cast<FieldIndex>(i)).name;
  }
  return sentence;
}

std::string QuotedNames(const std::vector<std::string>& names) {
  std::string list;
  for (size_t i = 0; i < std::min(names.size(), kMaxNamesShown); ++i) {
    list += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  if (names.size() > kMaxNamesShown) {
    list += " and " + std::to_string(names.size() - kMaxNamesShown) + " more";
  }
  return list;
}

}  // namespace kundig::engine
