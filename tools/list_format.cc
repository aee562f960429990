#include "tools/list_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "tools/answer_csv.h"
#include "tools/answer_json.h"
#include "tools/answer_text.h"
#include "tools/column_value.h"
#include "tools/figures.h"

namespace kundig::tools {

namespace {

class ListJson : public ListFormat {
 public:
  explicit ListJson(wire::ListKind kind) : kind_(kind) {}

  void Append(const wire::ListReplyT& chunk, std::string* out) override {
    if (!started_) Begin(chunk, out);
    for (size_t row = 0; row < chunk.rows; ++row) AppendRow(chunk, row, out);
    if (chunk.last) End(chunk, out);
  }

 private:
  void Begin(const wire::ListReplyT& chunk, std::string* out) {
    started_ = true;
    *out +=
        fmt::format(R"({{"as_of":"{}","total":{{"customers":{},"revenue_total":{}}},)",
                    FormatDay(chunk.state->as_of()), chunk.total_customers, chunk.total_revenue);
    if (kind_ != wire::ListKind::customers) {
      *out += fmt::format(R"("excluded":{{"no_consent":{},"contacted":{}}},)",
                          chunk.excluded_no_consent, chunk.excluded_contacted);
    }
    *out += R"("rows":[)";
    for (const auto& column : chunk.columns) {
      std::string& key = keys_.emplace_back(keys_.empty() ? "{" : ",");
      AppendText(column->name, &key);
      key += ':';
    }
  }

  void AppendRow(const wire::ListReplyT& chunk, size_t row, std::string* out) {
    if (std::exchange(any_row_, true)) *out += ',';
    for (size_t i = 0; i < chunk.columns.size() && i < keys_.size(); ++i) {
      const wire::ColumnT& column = *chunk.columns[i];
      *out += keys_[i];
      AppendJson(column, row, out);
    }
    *out += '}';
  }

  void End(const wire::ListReplyT& chunk, std::string* out) {
    *out += R"(],"next":)";
    if (chunk.next.empty()) {
      *out += "null";
    } else {
      AppendText(chunk.next, out);
    }
    *out += fmt::format(
        R"(,"journal_sequence":{},"ranking_version":{},"rules_version":{},"fit_version":{}}})",
        chunk.state->journal_sequence(), chunk.state->ranking_version(),
        chunk.state->rules_version(), chunk.state->fit_version());
    *out += '\n';
  }

  const wire::ListKind kind_;
  bool started_ = false, any_row_ = false;
  std::vector<std::string> keys_;
};

class ListCsv : public ListFormat {
 public:
  void Append(const wire::ListReplyT& chunk, std::string* out) override {
    if (!std::exchange(started_, true)) {
      for (size_t i = 0; i < chunk.columns.size(); ++i) {
        if (i != 0) *out += ',';
        AppendCsvCell(chunk.columns[i]->name, out);
      }
      *out += '\n';
    }
    for (size_t row = 0; row < chunk.rows; ++row) {
      for (size_t i = 0; i < chunk.columns.size(); ++i) {
        const wire::ColumnT& column = *chunk.columns[i];
        if (i != 0) *out += ',';
        if (IsAbsent(column, row)) continue;
        if (column.type == wire::FieldType::text) {
          AppendCsvCell(column.texts[row], out);
        } else {
          AppendFigure(column, row, out);
        }
      }
      *out += '\n';
    }
  }

 private:
  bool started_ = false;
};

class ListTable : public ListFormat {
 public:
  ListTable(wire::ListKind kind, Look look) : kind_(kind), look_(std::move(look)) {}

  void Append(const wire::ListReplyT& chunk, std::string* out) override {
    const bool first = !table_;
    if (first) Begin(chunk, out);
    for (size_t row = 0; row < chunk.rows; ++row) {
      std::vector<Table::Cell> cells;
      for (const auto& column : chunk.columns) cells.push_back(CellOf(*column, row));
      table_->AddRow(std::move(cells));
    }
    shown_ += chunk.rows;
    if (!table_->empty()) *out += table_->Render(look_, first);
    table_->Clear();
    if (chunk.last && !chunk.next.empty()) {
      *out += fmt::format("\n{} of {} shown; for the next ones add --cursor {}\n",
                          FormatCount(shown_), FormatCount(chunk.total_customers), chunk.next);
    }
  }

 private:
  void Begin(const wire::ListReplyT& chunk, std::string* out) {
    *out += fmt::format("{} on {}, {} of revenue in all",
                        FormatCount(chunk.total_customers, "customer"),
                        FormatDay(chunk.state->as_of()), MoneyText(chunk.total_revenue, look_));
    if (kind_ != wire::ListKind::customers) {
      *out += fmt::format("; left out: {} without consent, {} contacted lately",
                          FormatCount(chunk.excluded_no_consent),
                          FormatCount(chunk.excluded_contacted));
    }
    *out += chunk.rows == 0 ? "\n" : "\n\n";
    std::vector<Table::Column> columns;
    for (const auto& column : chunk.columns) {
      columns.push_back({column->name, column->type == wire::FieldType::text ||
                                               column->type == wire::FieldType::day
                                           ? Align::kLeft
                                           : Align::kRight});
    }
    table_.emplace(std::move(columns));
  }

  const wire::ListKind kind_;
  const Look look_;
  std::optional<Table> table_;
  uint64_t shown_ = 0;
};

}  // namespace

bool WholeColumns(const wire::ListReplyT& chunk) {
  if (chunk.columns.empty() && chunk.rows != 0) return false;
  return std::all_of(chunk.columns.begin(), chunk.columns.end(),
                     [&](const auto& column) { return IsWhole(*column, chunk.rows); });
}

std::unique_ptr<ListFormat> MakeListJson(wire::ListKind kind) {
  return std::make_unique<ListJson>(kind);
}

std::unique_ptr<ListFormat> MakeListCsv() {
  return std::make_unique<ListCsv>();
}

std::unique_ptr<ListFormat> MakeListTable(wire::ListKind kind, Look look) {
  return std::make_unique<ListTable>(kind, std::move(look));
}

}  // namespace kundig::tools
