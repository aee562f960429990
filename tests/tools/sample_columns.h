// Columns as a server sends them in lists and watches, for tests of what is made of them.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TESTS_TOOLS_SAMPLE_COLUMNS_H_
#define KUNDIG_TESTS_TOOLS_SAMPLE_COLUMNS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "schemas/lists_generated.h"

namespace kundig::tools {

inline std::unique_ptr<wire::ColumnT> Numbers(std::string name, wire::FieldType type,
                                              std::vector<int64_t> numbers,
                                              std::vector<uint8_t> absent = {}) {
  auto column = std::make_unique<wire::ColumnT>();
  column->name = std::move(name);
  column->type = type;
  column->numbers = std::move(numbers);
  column->absent = std::move(absent);
  return column;
}

inline std::unique_ptr<wire::ColumnT> Texts(std::string name, std::vector<std::string> texts,
                                            std::vector<uint8_t> absent = {}) {
  auto column = std::make_unique<wire::ColumnT>();
  column->name = std::move(name);
  column->type = wire::FieldType::text;
  column->texts = std::move(texts);
  column->absent = std::move(absent);
  return column;
}

}  // namespace kundig::tools

#endif  // KUNDIG_TESTS_TOOLS_SAMPLE_COLUMNS_H_
