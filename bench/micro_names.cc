// Names and expressions: what stands between a question's texts and the columns.

#include <optional>
#include <string>
#include <vector>

#include "bench/micro.h"
#include "engine/customer_field.h"
#include "engine/dictionary.h"
#include "engine/expression.h"

namespace kundig::bench {
namespace {

struct Example {
  const char* text;
  size_t nodes;
};
constexpr Example kExamples[] = {
    {"revenue > 50000", 1},
    {"country = 'Germany' and kind = 'consumer' and revenue > 10000 and last_order > 2025-07-04",
     5},
    {"(abc = 'A' or value_class = 'individual') and not (activity in ('inactive', 'lost') or "
     "owner = null)",
     8},
};

void ParseExpressionText(benchmark::State& state) {
  const Example& example = kExamples[state.range(0)];
  const engine::FieldCatalog catalog = engine::CustomerCatalog({"Champions", "Lost"});
  const auto parsed = engine::ParseExpression(example.text, catalog);
  Prove(parsed && parsed->text() == example.text, "the text is an expression");
  Prove(parsed->nodes().size() == example.nodes, "as many nodes as it has parts");
  Prove(!engine::ParseExpression(std::string(example.text) + " and", catalog),
        "half an expression is none");
  Time(state, 1, std::string_view(example.text).size(),
       [&] { benchmark::DoNotOptimize(engine::ParseExpression(example.text, catalog)); });
}
BENCHMARK(ParseExpressionText)->DenseRange(0, 2);

struct Row {
  int64_t number = 0;
  bool Number(engine::FieldIndex, int64_t* value) const {
    *value = number;
    return true;
  }
  bool Text(engine::FieldIndex, std::string_view*) const { return false; }
};

void JudgeOneRow(benchmark::State& state) {
  const engine::FieldCatalog catalog = engine::CustomerCatalog({});
  const auto range =
      engine::ParseExpression("revenue > 50000 and orders < 100000", catalog).value();
  Row row;
  int64_t held = 0;
  for (row.number = 49'998; row.number <= 100'001; ++row.number) held += range.Holds(row) ? 1 : 0;
  Prove(held == 100'000 - 50'001, "the rows between both bounds");
  row.number = 60'000;
  Time(state, 1, 0, [&] {
    benchmark::DoNotOptimize(row);
    benchmark::DoNotOptimize(range.Holds(row));
  });
}
BENCHMARK(JudgeOneRow);

std::vector<std::string> Names(int64_t count) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < count; ++i) names.push_back("owner number " + std::to_string(i));
  return names;
}

void FillAndProve(const std::vector<std::string>& names, engine::Dictionary* dictionary) {
  for (size_t i = 0; i < names.size(); ++i) {
    Prove(dictionary->Add(names[i]) == std::optional<engine::NameCode>(i + 1), "codes from 1 on");
  }
  for (const std::string& name : names) {
    Prove(dictionary->Text(dictionary->Find(name)) == name, "a name is found by its code");
  }
  Prove(dictionary->Find("nobody") == engine::kNoName, "an unknown name has no code");
}

void FindName(benchmark::State& state) {
  const std::vector<std::string> names = Names(state.range(0));
  engine::Dictionary dictionary;
  FillAndProve(names, &dictionary);
  size_t next = 0;
  Time(state, 1, 0, [&] {
    benchmark::DoNotOptimize(dictionary.Find(names[next]));
    if (++next == names.size()) next = 0;
  });
}
BENCHMARK(FindName)->Arg(24)->Arg(10'000);

void AddNames(benchmark::State& state) {
  const std::vector<std::string> names = Names(state.range(0));
  engine::Dictionary proven;
  FillAndProve(names, &proven);
  Time(state, names.size(), 0, [&] {
    engine::Dictionary dictionary;
    for (const std::string& name : names) benchmark::DoNotOptimize(dictionary.Add(name));
  });
}
BENCHMARK(AddNames)->Arg(10'000);

}  // namespace
}  // namespace kundig::bench

BENCHMARK_MAIN();
