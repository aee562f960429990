#include "engine/list_column.h"

#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace kundig::engine {

void NameSets(const FieldInfo& info, ListColumn* column, std::deque<std::string>* texts) {
  std::vector<int64_t> sets = std::exchange(column->numbers, {});
  column->type = FieldType::kText;
  column->names.clear();
  column->texts.resize(sets.size());
  std::map<int64_t, std::string_view> joined;
  for (size_t at = 0; at < sets.size(); ++at) {
    const auto [text, is_new] = joined.try_emplace(sets[at]);
    if (is_new) {
      std::string& names = texts->emplace_back();
      for (size_t code = 0; code < info.values.size(); ++code) {
        if ((sets[at] >> code & 1) != 0) names += (names.empty() ? "" : ",") + info.values[code];
      }
      text->second = names;
    }
    column->texts[at] = text->second;
    column->absent[at] = sets[at] == 0 ? 1 : 0;
  }
}

}  // namespace kundig::engine
