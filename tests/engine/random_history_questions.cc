#include "tests/engine/random_history_questions.h"

#include <algorithm>
#include <set>

#include "tests/engine/random_history_actions.h"

namespace kundig::engine {

namespace {

class ExpressionWriter {
 public:
  ExpressionWriter(Random* random, const FieldCatalog& catalog, const FieldFilter& may_name,
                   const ModelBook* book)
      : random_(random), catalog_(catalog), book_(book) {
    for (size_t i = 0; i < catalog.size(); ++i) {
      const auto field = static_cast<FieldIndex>(i);
      if (may_name(field)) fields_.push_back(field);
    }
  }

  std::string Write(int depth) {
    const uint64_t form = random_->Below(10);
    if (depth == 0 || form < 4) return Comparison();
    if (form < 6) return "not " + Inner(depth);
    // One by one: the operands of + are made in an order that differs between compilers.
    std::string text = Inner(depth);
    text += form < 8 ? " and " : " OR ";
    text += Inner(depth);
    return text;
  }

 private:
  std::string Inner(int depth) {
    std::string inner = Write(depth - 1);
    return random_->Chance(60) ? "(" + inner + ")" : inner;
  }

  std::string Comparison() {
    const FieldIndex field = random_->Pick(fields_);
    const FieldInfo& info = catalog_.At(field);
    std::string text = info.name;
    if (random_->Chance(10)) return text + random_->Pick({" = null", " != null"});
    if (random_->Chance(20)) {
      text += " in (" + Literal(field);
      for (uint64_t more = random_->Below(4); more > 0; --more) text += ", " + Literal(field);
      return text + ")";
    }
    // Enumerations, sets and booleans have no order.
    const bool ordered = info.type != FieldType::kEnumeration && info.type != FieldType::kSet &&
                         info.type != FieldType::kBoolean;
    const std::string relation =
        ordered ? random_->Pick({"=", "!=", "<", "<=", ">", ">="}) : random_->Pick({"=", "!="});
    return text + " " + relation + " " + Literal(field);
  }

  std::string Literal(FieldIndex field) {
    const FieldInfo& info = catalog_.At(field);
    if (info.type == FieldType::kEnumeration || info.type == FieldType::kSet) {
      return Quote(random_->Pick(info.values));
    }
    if (info.type == FieldType::kBoolean) return random_->Pick({"true", "false"});
    if (book_ != nullptr && !book_->Rows().empty() && random_->Chance(70)) {
      const ModelProfileReader reader(book_->rules(), random_->Pick(book_->Rows()).profile);
      int64_t number = 0;
      std::string_view text;
      if (reader.Number(field, &number)) return Number(info.type, number + Slip());
      if (reader.Text(field, &text)) return Quote(text);
    }
    switch (info.type) {
      case FieldType::kText:
        return Quote(random_->Pick(kHistoryNames));
      case FieldType::kDay:
        return Number(info.type, random_->Between(9000, 20000));
      default:
        return Number(info.type,
                      random_->Pick({int64_t{0}, int64_t{1}, int64_t{2}, int64_t{3}, int64_t{5},
                                     int64_t{30}, int64_t{100}, int64_t{2500}, int64_t{1000000}}));
    }
  }

  int64_t Slip() { return random_->Chance(70) ? 0 : random_->Between(-1, 1); }

  std::string Number(FieldType type, int64_t number) {
    switch (type) {
      case FieldType::kDay:
        return FormatDay(Day{static_cast<int32_t>(number)});
      case FieldType::kMillionths:
        return Decimal(number, 1'000'000, 6);
      case FieldType::kThousandths:
        return Decimal(number, 1000, 3);
      case FieldType::kHundredths:
        return Decimal(number, 100, 2);
      default:
        // A fraction separates the same integers from below and from above.
        return std::to_string(number) + (random_->Chance(10) ? ".5" : "");
    }
  }

  static std::string Decimal(int64_t number, int64_t one, size_t digits) {
    const std::string sign = number < 0 ? "-" : "";
    const int64_t size = number < 0 ? -number : number;
    std::string fraction = std::to_string(size % one);
    fraction.insert(0, digits - fraction.size(), '0');
    return sign + std::to_string(size / one) + "." + fraction;
  }

  std::string Quote(std::string_view text) {
    const char quote = random_->Chance(50) ? '\'' : '"';
    std::string quoted(1, quote);
    for (const char letter : text) {
      quoted += letter;
      if (letter == quote) quoted += quote;
    }
    return quoted + quote;
  }

  Random* random_;
  const FieldCatalog& catalog_;
  const ModelBook* book_;
  std::vector<FieldIndex> fields_;
};

bool AnyField(FieldIndex) {
  return true;
}

}  // namespace

std::string RandomExpression(Random* random, const FieldCatalog& catalog,
                             const FieldFilter& may_name, const ModelBook* book) {
  return ExpressionWriter(random, catalog, may_name, book)
      .Write(static_cast<int>(random->Below(4)));
}

ListQuery RandomListQuery(Random* random, const ModelBook& book) {
  const FieldCatalog& catalog = book.rules().customer_fields();
  const auto any_name = [&] {
    return catalog.At(static_cast<FieldIndex>(random->Below(catalog.size()))).name;
  };
  ListQuery query;
  if (random->Chance(60)) query.where = RandomExpression(random, catalog, AnyField, &book);
  query.reactivation = random->Chance(35);
  if (query.reactivation) {
    query.need_consent = random->Chance(50);
    query.early_warning = random->Chance(30);
    // Mostly all of them: the default pair alone would often leave nobody.
    const uint64_t keep_percent = random->Pick({uint64_t{0}, uint64_t{40}, uint64_t{100}});
    for (const Activity activity : {Activity::kNever, Activity::kLost, Activity::kInactive,
                                    Activity::kProspect, Activity::kOverdue, Activity::kActive}) {
      if (random->Chance(keep_percent)) query.activities.push_back(activity);
    }
  }
  if (random->Chance(80)) query.order_by = any_name();
  query.descending = random->Chance(50);
  query.limit = 0;
  query.fields = {"customer"};
  for (uint64_t more = random->Below(5); more > 0; --more) {
    const std::string name = any_name();
    const bool is_new =
        std::find(query.fields.begin(), query.fields.end(), name) == query.fields.end();
    if (is_new || random->Chance(2)) query.fields.push_back(name);
  }
  return query;
}

namespace {

// Rarely one that is still to come.
Day EarlierDay(Random* random, const ModelBook& book) {
  return book.today() - random->Pick({-1, 0, 0, 1, 1, 2, 5, 20, 100, 400});
}

}  // namespace

PipelineQuery RandomPipelineQuery(Random* random, const ModelBook& book) {
  const auto keys = [random](std::initializer_list<PipelineKey> from, uint64_t most) {
    std::set<PipelineKey> seen;
    std::vector<PipelineKey> chosen;
    for (uint64_t n = random->Below(most) + 1; n > 0; --n) {
      const PipelineKey key = random->Pick(from);
      if (seen.insert(key).second) chosen.push_back(key);
    }
    return chosen;
  };
  using enum PipelineKey;
  PipelineQuery query;
  if (random->Chance(80)) {
    query.by = keys({kStage, kOwner, kRegion, kProduct, kSource, kCustomer, kMonth, kQuarter}, 3);
  }
  if (random->Chance(50)) query.as_of = EarlierDay(random, book);
  if (random->Chance(50)) {
    query.where =
        RandomExpression(random, query.as_of ? book.LeadFieldsThen() : book.rules().lead_fields(),
                         AnyField, nullptr);
  }
  if (random->Chance(60)) {
    query.closed_by = keys({kReason, kOwner, kRegion, kProduct, kSource, kCustomer, kMonth}, 2);
  }
  return query;
}

WaterfallQuery RandomWaterfallQuery(Random* random, const ModelBook& book) {
  WaterfallQuery query;
  query.to = EarlierDay(random, book);
  query.from = query.to - random->Pick({0, 1, 2, 7, 30, 400, 40'000});
  if (random->Chance(40)) {
    query.where = RandomExpression(random, book.LeadFieldsThen(), AnyField, nullptr);
  }
  return query;
}

ConversionQuery RandomConversionQuery(Random* random, const ModelBook& book) {
  ConversionQuery query;
  if (random->Chance(40)) query.from = EarlierDay(random, book) - random->Pick({0, 10, 400});
  if (random->Chance(40)) query.to = EarlierDay(random, book);
  if (random->Chance(40)) {
    query.where = RandomExpression(random, book.rules().lead_fields(), AnyField, nullptr);
  }
  return query;
}

}  // namespace kundig::engine
