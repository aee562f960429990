#include "tools/what_if_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/answer_csv.h"
#include "tools/figures.h"
#include "tools/names.h"

namespace kundig::tools {

namespace {

namespace json = boost::json;
// More classes than these side by side are too wide for a terminal.
constexpr size_t kWidestMatrix = 6;

json::object MovesJson(const wire::WhatIfReplyT& chunk) {
  json::object moves, moved;
  for (const auto& matrix : chunk.matrices) {
    json::array& cells = moves[Name(matrix->judgement)].emplace_array();
    for (const auto& move : matrix->moves) {
      cells.push_back({{"from", move->from},
                       {"to", move->to},
                       {"customers", move->customers},
                       {"revenue", move->revenue}});
    }
    moved[Name(matrix->judgement)] = matrix->moved;
  }
  return {{"as_of", FormatDay(chunk.state->as_of())},
          {"moves", std::move(moves)},
          {"moved", std::move(moved)},
          {"notes", json::array(chunk.notes.begin(), chunk.notes.end())}};
}

json::object RowJson(const wire::MovedCustomerT& row, const wire::MoveListT& list) {
  return {{"customer", row.customer},
          {"revenue", row.revenue},
          {"revenue_total", row.revenue_total},
          {"from", list.from},
          {"to", list.to}};
}

class WhatIfJson final : public WhatIfFormat {
 public:
  explicit WhatIfJson(AskedMove list) : list_(std::move(list)) {}

  void Append(const wire::WhatIfReplyT& chunk, std::string* out) override {
    if (!begun_) {
      *out += json::serialize(MovesJson(chunk));
      out->pop_back();  // the object goes on
      if (list_) *out += fmt::format(R"(,"listed":{},"rows":[)", chunk.listed);
    }
    begun_ = true;
    for (size_t at = 0; list_ && at < chunk.rows.size(); ++at) {
      const auto& row = chunk.rows[at];
      if (rows_++ > 0) *out += ',';
      *out += json::serialize(RowJson(*row, *list_));
    }
    if (!chunk.last) return;
    *out += fmt::format("{},\"journal_sequence\":{},\"rules_version\":{},\"fit_version\":{}}}\n",
                        list_ ? "]" : "", chunk.state->journal_sequence(),
                        chunk.state->rules_version(), chunk.state->fit_version());
  }

 private:
  const AskedMove list_;
  bool begun_ = false;
  uint64_t rows_ = 0;
};

class WhatIfCsv final : public WhatIfFormat {
 public:
  explicit WhatIfCsv(AskedMove list) : list_(std::move(list)) {}

  void Append(const wire::WhatIfReplyT& chunk, std::string* out) override {
    if (!std::exchange(begun_, true)) {
      *out += list_ ? "customer,revenue,revenue_total,from,to\n"
                    : "judgement,from,to,customers,revenue\n";
    }
    const auto line = [out](std::initializer_list<std::string_view> cells) {
      const char* separator = "";
      for (const std::string_view cell : cells) {
        *out += std::exchange(separator, ",");
        AppendCsvCell(cell, out);
      }
      *out += '\n';
    };
    for (size_t at = 0; list_ && at < chunk.rows.size(); ++at) {
      const auto& row = chunk.rows[at];
      line({row->customer, std::to_string(row->revenue), std::to_string(row->revenue_total),
            list_->from, list_->to});
    }
    if (list_) return;
    for (const auto& matrix : chunk.matrices) {
      for (const auto& move : matrix->moves) {
        line({Name(matrix->judgement), move->from, move->to, std::to_string(move->customers),
              std::to_string(move->revenue)});
      }
    }
  }

 private:
  const AskedMove list_;
  bool begun_ = false;
};

// Each name once, in the order in which they come.
void AddName(const std::string& name, std::vector<std::string>* names) {
  if (std::find(names->begin(), names->end(), name) == names->end()) names->push_back(name);
}

// From down, to across; of who stays, in bold.
Table Matrix(const wire::MoveMatrixT& matrix, const std::vector<std::string>& classes) {
  std::map<std::pair<std::string, std::string>, uint64_t> customers;
  for (const auto& move : matrix.moves) customers[{move->from, move->to}] = move->customers;
  std::vector<Table::Column> columns{{"from \\ to", Align::kLeft}};
  for (const std::string& to : classes) columns.push_back({to, Align::kRight});
  Table table(std::move(columns));
  for (const std::string& from : classes) {
    std::vector<Table::Cell> row{{from, std::string(kBold)}};
    for (const std::string& to : classes) {
      row.emplace_back(FormatCount(customers[{from, to}]),
                       std::string(from == to ? kBold : std::string_view()));
    }
    table.AddRow(std::move(row));
  }
  return table;
}

// Move by move: who stays first, the others by customers.
Table Moves(const wire::MoveMatrixT& matrix) {
  std::vector<const wire::MoveT*> moves;
  for (const auto& move : matrix.moves) moves.push_back(move.get());
  std::stable_sort(moves.begin(), moves.end(), [](const wire::MoveT* a, const wire::MoveT* b) {
    const bool a_stays = a->from == a->to, b_stays = b->from == b->to;
    return a_stays != b_stays ? a_stays : !a_stays && a->customers > b->customers;
  });
  Table table({{"from", Align::kLeft},
               {"to", Align::kLeft},
               {"customers", Align::kRight},
               {"revenue", Align::kRight}});
  for (const wire::MoveT* move : moves) {
    table.AddRow({move->from, move->from == move->to ? "stay" : move->to,
                  FormatCount(move->customers), FormatMoney(move->revenue)});
  }
  return table;
}

std::string MatrixText(const wire::MoveMatrixT& matrix, const Look& look) {
  uint64_t all = 0;
  std::vector<std::string> classes;
  for (const auto& move : matrix.moves) {
    all += move->customers;
    AddName(move->from, &classes);
  }
  for (const auto& move : matrix.moves) AddName(move->to, &classes);
  const std::string title =
      fmt::format("{}: {} of {} {}\n", Name(matrix.judgement), FormatCount(matrix.moved),
                  FormatCount(all, "customer"), matrix.moved == 1 ? "moves" : "move");
  const Table table = classes.size() <= kWidestMatrix ? Matrix(matrix, classes) : Moves(matrix);
  return '\n' + Styled(title, kBold, look) + table.Render(look);
}

class WhatIfTable final : public WhatIfFormat {
 public:
  WhatIfTable(AskedMove list, Look look)
      : list_(std::move(list)),
        look_(std::move(look)),
        table_({{"customer", Align::kLeft},
                {"revenue", Align::kRight},
                {"revenue_total", Align::kRight}}) {}

  void Append(const wire::WhatIfReplyT& chunk, std::string* out) override {
    const bool first = !std::exchange(begun_, true);
    if (first) {
      *out += fmt::format("What the other configuration would change, {}, revenue in {}\n",
                          FormatDay(chunk.state->as_of()), look_.currency);
      for (const std::string& note : chunk.notes) *out += Printable(note) + '\n';
      for (const auto& matrix : chunk.matrices) *out += MatrixText(*matrix, look_);
      if (list_) {
        *out +=
            fmt::format("\n{} from {} to {}: {}\n", Name(list_->judgement), Printable(list_->from),
                        Printable(list_->to), FormatCount(chunk.listed, "customer"));
      }
    }
    table_.Clear();
    for (const auto& row : chunk.rows) {
      table_.AddRow({row->customer, FormatMoney(row->revenue), FormatMoney(row->revenue_total)});
    }
    if (!table_.empty()) *out += table_.Render(look_, first);
  }

 private:
  const AskedMove list_;
  const Look look_;
  Table table_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<WhatIfFormat> MakeWhatIfJson(AskedMove list) {
  return std::make_unique<WhatIfJson>(std::move(list));
}
std::unique_ptr<WhatIfFormat> MakeWhatIfCsv(AskedMove list) {
  return std::make_unique<WhatIfCsv>(std::move(list));
}
std::unique_ptr<WhatIfFormat> MakeWhatIfTable(AskedMove list, Look look) {
  return std::make_unique<WhatIfTable>(std::move(list), std::move(look));
}

}  // namespace kundig::tools
