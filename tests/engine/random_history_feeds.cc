#include "tests/engine/random_history_feeds.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/expression.h"
#include "tests/engine/random_history_questions.h"

namespace kundig::engine {
namespace {

std::set<std::string> MembersOf(const ModelBook& model, const Expression& where) {
  std::set<std::string> members;
  for (const ModelRow& row : model.Rows()) {
    if (where.Holds(ModelProfileReader(model.rules(), row.profile))) {
      members.emplace(row.profile.customer);
    }
  }
  return members;
}

std::vector<std::string> FieldsOf(const Expression& where, const FieldCatalog& catalog) {
  std::vector<std::string> fields;
  for (size_t at = 0; at < catalog.size(); ++at) {
    const auto field = static_cast<FieldIndex>(at);
    if (where.fields().Has(field)) fields.push_back(catalog.At(field).name);
  }
  return fields;
}

// A customer as one side of a change tells him.
class ToldReader {
 public:
  ToldReader(const FieldCatalog& catalog, const std::vector<ListColumn>& columns, size_t row)
      : catalog_(catalog), columns_(columns), row_(row) {}

  bool Number(FieldIndex field, int64_t* value) const {
    const FieldInfo& info = catalog_.At(field);
    const ListColumn* column = Find(info.name);
    if (column == nullptr || info.type == FieldType::kText) return false;
    if (info.type != FieldType::kEnumeration) {
      *value = column->numbers[row_];
      return true;
    }
    const auto code = std::find(info.values.begin(), info.values.end(), column->texts[row_]);
    *value = code - info.values.begin();
    return true;
  }
  bool Text(FieldIndex field, std::string_view* text) const {
    const FieldInfo& info = catalog_.At(field);
    const ListColumn* column = Find(info.name);
    if (column == nullptr || info.type != FieldType::kText) return false;
    *text = column->texts[row_];
    return true;
  }

 private:
  // Null where the value is absent.
  const ListColumn* Find(std::string_view name) const {
    for (const ListColumn& column : columns_) {
      if (column.name == name && column.absent[row_] == 0) return &column;
    }
    return nullptr;
  }

  const FieldCatalog& catalog_;
  const std::vector<ListColumn>& columns_;
  const size_t row_;
};

bool NamesASet(const Expression& where, const FieldCatalog& catalog) {
  for (size_t at = 0; at < catalog.size(); ++at) {
    const auto field = static_cast<FieldIndex>(at);
    if (where.fields().Has(field) && catalog.At(field).type == FieldType::kSet) return true;
  }
  return false;
}

}  // namespace

void FeedFollower::Open(const ModelBook& model) {
  const FieldCatalog& catalog = model.rules().customer_fields();
  while (followed_.size() < kFeeds) {
    WatchQuery query;
    query.where = RandomExpression(
        &random_, catalog, [](FieldIndex) { return true; }, &model);
    const Result<Expression> where = ParseExpression(query.where, catalog);
    query.fields = FieldsOf(*where, catalog);
    engine_->RefreshRankings();
    Followed followed;
    followed.feed = *engine_->OpenFeed(query);
    const uint64_t sequence = engine_->Status().state.journal_sequence;
    followed.at = followed.feed->Read(std::nullopt, 1, sequence)->position;
    followed.members = MembersOf(model, *where);
    followed_.push_back(std::move(followed));
  }
}

void FeedFollower::Read(const ModelBook& model, Followed* followed, Differences* differences) {
  const FieldCatalog& catalog = model.rules().customer_fields();
  const std::string& condition = followed->feed->query().where;
  const Expression where = *ParseExpression(condition, catalog);
  const bool told_whole = !NamesASet(where, catalog);
  while (true) {
    const uint64_t sequence = engine_->Status().state.journal_sequence;
    const auto limit = static_cast<size_t>(random_.Between(1, 50));
    const Result<FeedAnswer> answer = followed->feed->Read(followed->at, limit, sequence);
    differences->Same("feed", "readable: " + condition, true, answer.has_value());
    if (!answer || answer->changes.empty()) return;
    for (size_t row = 0; row < answer->changes.size(); ++row) {
      const FeedAnswer::Change& change = answer->changes[row];
      const std::string of = " of " + change.customer + ", by cause " +
                             std::to_string(static_cast<int>(change.cause)) + ": " + condition;
      const bool behind =
          change.sequence > followed->at.sequence ||
          (change.sequence == followed->at.sequence && change.place == followed->at.place + 1);
      differences->Same("feed", "order" + of, true, behind);
      followed->at = {followed->feed->number(), change.sequence, change.place};
      const bool fits = change.entered ? followed->members.insert(change.customer).second
                                       : followed->members.erase(change.customer) == 1;
      differences->Same("feed", std::string(change.entered ? "entered once" : "left once") + of,
                        true, fits);
      // Former rules may have had other names, and of who is erased nothing is told.
      const auto nothing = [&](const std::vector<ListColumn>& side) {
        return std::all_of(side.begin(), side.end(),
                           [&](const ListColumn& column) { return column.absent[row] != 0; });
      };
      if (!told_whole || change.cause == ChangeCause::kRules ||
          (nothing(answer->before) && nothing(answer->after))) {
        continue;
      }
      const auto holds = [&](const std::vector<ListColumn>& side) {
        return where.Holds(ToldReader(catalog, side, row));
      };
      if (change.entered) {
        differences->Same("feed", "after" + of, true, holds(answer->after));
      } else {
        differences->Same("feed", "before" + of, true, holds(answer->before));
      }
    }
  }
}

void FeedFollower::Check(const ModelBook& model, Differences* differences) {
  engine_->RefreshRankings();
  std::erase_if(followed_, [&](Followed& followed) {
    const Result<Expression> where =
        ParseExpression(followed.feed->query().where, model.rules().customer_fields());
    if (followed.feed->ended()) return true;
    differences->Same("feed", "goes on: " + followed.feed->query().where, true, where.has_value());
    if (!where) return true;
    Read(model, &followed, differences);
    differences->Same("feed", "members: " + followed.feed->query().where, MembersOf(model, *where),
                      followed.members);
    return false;
  });
  // Some go, so that others come.
  if (random_.Chance(50) && !followed_.empty()) {
    const std::shared_ptr<Feed> gone = random_.Pick(followed_).feed;
    engine_->CloseFeed(*gone);
    std::erase_if(followed_, [&](const Followed& followed) { return followed.feed == gone; });
  }
  Open(model);
}

}  // namespace kundig::engine
