// Asks the model and the engine the same questions and names the figures that differ.
//
// Thread safety: one thread at a time.

#ifndef KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_COMPARE_H_
#define KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_COMPARE_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/book.h"
#include "tests/engine/model_book.h"

namespace kundig::engine {

inline std::string Show(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}
inline std::string Show(const std::string& text) {
  return Show(std::string_view(text));
}
inline std::string Show(Minor amount) {
  return std::to_string(amount.units);
}
inline std::string Show(Day day) {
  return FormatDay(day);
}
template <typename T>
requires std::is_arithmetic_v<T> || std::is_enum_v<T> std::string Show(T number) {
  return std::to_string(static_cast<int64_t>(number));
}
template <typename T>
std::string Show(const std::optional<T>& value) {
  return value ? Show(*value) : "absent";
}
template <typename Container>
requires requires(const Container& c) {
  c.begin() != c.end();
}
std::string Show(const Container& values) {
  std::string text = "[";
  for (const auto& value : values) text += (text.size() > 1 ? ", " : "") + Show(value);
  return text + "]";
}

// The first differences found, in words.
class Differences {
 public:
  template <typename T>
  void Same(std::string_view where, std::string_view what, const T& model, const T& engine) {
    if (model == engine || lines_.size() == kMost) return;
    lines_.push_back(std::string(where) + " " + std::string(what) + ": model " + Show(model) +
                     ", engine " + Show(engine));
  }
  bool empty() const { return lines_.empty(); }
  std::string text() const {
    std::string text;
    for (const std::string& line : lines_) text += line + "\n";
    return text;
  }

 private:
  static constexpr size_t kMost = 10;
  std::vector<std::string> lines_;
};

// The ids of all customers of the model, one that it does not know, and one of them twice.
std::vector<std::string_view> IdsToAsk(const ModelBook& model);

// `with_rankings`: also the fields that depend on other customers. They are compared where the
// rankings in force are those of this state.
void CompareProfile(const std::string& where, const Profile& model, const Profile& engine,
                    bool with_rankings, Differences* differences);

void CompareApply(const ApplyAnswer& model, const ApplyAnswer& engine, Differences* differences);
void CompareStatus(const StatusAnswer& model, const StatusAnswer& engine, Differences* differences);
void CompareRfm(const RfmAnswer& model, const RfmAnswer& engine, Differences* differences);
void CompareAbc(const AbcAnswer& model, const AbcAnswer& engine, Differences* differences);
void CompareValue(const ValueAnswer& model, const ValueAnswer& engine, Differences* differences);
void CompareCount(const std::string& where, const CountAnswer& model, const CountAnswer& engine,
                  Differences* differences);
void CompareList(const std::string& where, const ListAnswer& model, const ListAnswer& engine,
                 Differences* differences);
void ComparePipeline(const std::string& where, const PipelineAnswer& model,
                     const PipelineAnswer& engine, Differences* differences);

// Every question about customers, some of them drawn from `question_seed`. `thorough`: lists by
// every field.
void CompareCustomers(const ModelBook& model, Book* engine, uint64_t question_seed, bool thorough,
                      Differences* differences);
// Every question.
void CompareBooks(const ModelBook& model, Book* engine, uint64_t question_seed, bool thorough,
                  Differences* differences);

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_RANDOM_HISTORY_COMPARE_H_
