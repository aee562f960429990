#include "engine/expression.h"

#include <algorithm>

namespace kundig::engine {

Expression Expression::Everything() {
  Expression everything;
  everything.nodes_.emplace_back();  // a conjunction of nothing
  return everything;
}

bool CompareText(std::string_view value, Relation relation, std::string_view literal) {
  // compare() of char_traits<char> orders by unsigned bytes.
  const int order = value.compare(literal);
  switch (relation) {
    case Relation::kEqual:
      return order == 0;
    case Relation::kNotEqual:
      return order != 0;
    case Relation::kLess:
      return order < 0;
    case Relation::kLessOrEqual:
      return order <= 0;
    case Relation::kGreater:
      return order > 0;
    case Relation::kGreaterOrEqual:
      return order >= 0;
  }
  return false;
}

bool IsIn(const std::vector<int64_t>& sorted, int64_t value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

bool IsIn(const std::vector<std::string>& sorted, std::string_view value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

}  // namespace kundig::engine
