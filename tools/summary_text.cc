#include <fmt/format.h>

#include <algorithm>

#include "tools/answer_text.h"
#include "tools/figures.h"
#include "tools/names.h"

namespace kundig::tools {

namespace {

double Share(double part, double whole) {
  return part / whole;
}

std::string Bytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  size_t unit = 0;
  while (size >= 1024 && unit + 1 < std::size(kUnits)) {
    size /= 1024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", size, unit == 0 ? 0 : 1, kUnits[unit]);
}

std::vector<Table::Column> KeyColumns(const std::vector<wire::PipelineKey>& by) {
  std::vector<Table::Column> columns;
  for (wire::PipelineKey key : by) columns.push_back({std::string(Name(key)), Align::kLeft});
  return columns;
}

std::string ClosedText(const wire::PipelineReplyT& reply, const Look& look) {
  std::vector<Table::Column> columns{{"closed", Align::kLeft}};
  for (Table::Column& column : KeyColumns(reply.closed_by)) columns.push_back(std::move(column));
  columns.push_back({"leads", Align::kRight});
  columns.push_back({"revenue", Align::kRight});
  Table table(std::move(columns));
  for (const auto& group : reply.closed) {
    std::vector<Table::Cell> row{std::string(Name(group->status))};
    row.insert(row.end(), group->keys.begin(), group->keys.end());
    row.emplace_back(FormatCount(group->leads));
    row.emplace_back(FormatMoney(group->revenue));
    table.AddRow(std::move(row));
  }
  return table.empty() ? "" : '\n' + table.Render(look);
}

Table GroupTable(const char* what) {
  return Table({{what, Align::kLeft},
                {"customers", Align::kRight},
                {"revenue", Align::kRight},
                {"revenue in all", Align::kRight},
                {"lifetime value", Align::kRight}});
}

template <typename Code, typename Group>
void AddGroupRow(Code code, const Group& group, Table* table) {
  table->AddRow({{std::string(Name(code)), std::string(kBold)},
                 FormatCount(group.customers),
                 FormatMoney(group.revenue),
                 FormatMoney(group.revenue_total),
                 group.clv ? FormatMoney(*group.clv) : std::string(kAbsent)});
}

}  // namespace

std::string MoneyText(int64_t minor, const Look& look) {
  return fmt::format("{} {}", FormatMoney(minor), look.currency);
}

std::string StatusText(const wire::StatusReplyT& reply) {
  Table table({{"", Align::kLeft}, {"", Align::kRight}});
  table.AddRow({"today", FormatDay(reply.state->as_of())});
  table.AddRow({"customers", FormatCount(reply.customers)});
  table.AddRow({"orders", FormatCount(reply.orders)});
  table.AddRow({"returns", FormatCount(reply.returns)});
  table.AddRow({"leads", FormatCount(reply.leads)});
  table.AddRow({"open leads", FormatCount(reply.open_leads)});
  table.AddRow({"journal sequence", FormatCount(reply.state->journal_sequence())});
  table.AddRow({"ranking version", FormatCount(reply.state->ranking_version())});
  table.AddRow({"rules version", FormatCount(reply.state->rules_version())});
  table.AddRow({"fit version", FormatCount(reply.state->fit_version())});
  const std::string limit =
      reply.memory_limit_bytes > 0 ? " of " + Bytes(reply.memory_limit_bytes) : "";
  table.AddRow({"memory", Bytes(reply.memory_bytes) + limit});
  table.AddRow({"durability", reply.durability});
  if (reply.durability != "none") {
    table.AddRow({"journal", Bytes(reply.journal_bytes)});
    table.AddRow({"saved at journal sequence", FormatCount(reply.saved_sequence)});
  }
  table.AddRow({"version", reply.version});
  return table.Render({});
}

std::string AbcText(const wire::AbcReplyT& reply, const Look& look) {
  uint64_t customers = 0;
  for (const auto& group : reply.classes) customers += group->customers;
  Table table({{"class", Align::kLeft},
               {"customers", Align::kRight},
               {"of all", Align::kRight},
               {reply.measure, Align::kRight},
               {"share", Align::kRight},
               {"from", Align::kRight}});
  for (const auto& group : reply.classes) {
    const bool ranked = group->class_ != wire::AbcClass::none;
    table.AddRow({{std::string(Name(group->class_)), std::string(kBold)},
                  FormatCount(group->customers),
                  FormatPercent(
                      Share(static_cast<double>(group->customers), static_cast<double>(customers))),
                  FormatMoney(group->sum),
                  ranked ? FormatPercent(Share(static_cast<double>(group->sum),
                                               static_cast<double>(reply.total)))
                         : kAbsent,
                  group->from ? FormatMoney(*group->from) : kAbsent});
  }
  return fmt::format("ABC by {} on {}: {} in all\n\n{}", reply.measure,
                     FormatDay(reply.state->as_of()), MoneyText(reply.total, look),
                     table.Render(look));
}

std::string ValueText(const wire::ValueReplyT& reply, const Look& look) {
  uint64_t customers = 0;
  int64_t revenue = 0;
  for (const auto& group : reply.classes) {
    customers += group->customers;
    revenue += group->revenue;
  }
  Table table({{"class", Align::kLeft},
               {"customers", Align::kRight},
               {"of all", Align::kRight},
               {"revenue", Align::kRight},
               {"share", Align::kRight}});
  for (const auto& group : reply.classes) {
    table.AddRow(
        {{std::string(Name(group->class_)), std::string(kBold)},
         FormatCount(group->customers),
         FormatPercent(
             Share(static_cast<double>(group->customers), static_cast<double>(customers))),
         FormatMoney(group->revenue),
         FormatPercent(Share(static_cast<double>(group->revenue), static_cast<double>(revenue)))});
  }
  return fmt::format(
      "Value classes on {}, revenue in {}\n\n{}\n"
      "Hidden potential: {} with {} of revenue\n",
      FormatDay(reply.state->as_of()), look.currency, table.Render(look),
      FormatCount(reply.hidden_customers, "standard customer"),
      MoneyText(reply.hidden_revenue, look));
}

std::string PhasesText(const wire::PhasesReplyT& reply, const Look& look) {
  Table table = GroupTable("phase");
  for (const auto& group : reply.phases) AddGroupRow(group->phase, *group, &table);
  return fmt::format("Phases on {}, revenue in {}\n\n{}", FormatDay(reply.state->as_of()),
                     look.currency, table.Render(look));
}

std::string RisksText(const wire::PhasesReplyT& reply, const Look& look) {
  Table table = GroupTable("risk");
  for (const auto& group : reply.risks) AddGroupRow(group->risk, *group, &table);
  return fmt::format("Risks on {}, revenue in {}\n\n{}\n{} at risk with {} of revenue\n",
                     FormatDay(reply.state->as_of()), look.currency, table.Render(look),
                     FormatCount(reply.at_risk_customers, "customer"),
                     MoneyText(reply.at_risk_revenue, look));
}

std::string CountText(const wire::CountReplyT& reply, const Look& look) {
  Table table({{"", Align::kLeft}, {"", Align::kRight}});
  table.AddRow({"customers", FormatCount(reply.customers)});
  table.AddRow({"orders", FormatCount(reply.orders)});
  table.AddRow({"revenue", MoneyText(reply.revenue, look)});
  table.AddRow({"revenue in all", MoneyText(reply.revenue_total, look)});
  return table.Render(look);
}

std::string PipelineText(const wire::PipelineReplyT& reply, const Look& look) {
  std::vector<Table::Column> columns = KeyColumns(reply.by);
  for (const char* header : {"leads", "revenue", "weighted", "overridden"}) {
    columns.push_back({header, Align::kRight});
  }
  Table table(std::move(columns));
  auto add = [&table](std::vector<std::string> keys, const wire::PipelineGroupT& group) {
    std::vector<Table::Cell> row(keys.begin(), keys.end());
    row.emplace_back(FormatCount(group.leads));
    row.emplace_back(FormatMoney(group.revenue));
    row.emplace_back(FormatMoney(group.weighted), std::string(kBold));
    row.emplace_back(FormatCount(group.overridden));
    table.AddRow(std::move(row));
  };
  for (const auto& group : reply.groups) add(group->keys, *group);
  if (!table.empty()) table.AddRule();
  std::vector<std::string> total(reply.by.size());
  if (!total.empty()) total.front() = "total";
  add(std::move(total), *reply.total);
  return fmt::format("Open leads on {}, money in {}\n\n{}\nwon {}, {} · lost {}, {}\n{}",
                     FormatDay(reply.state->as_of()), look.currency, table.Render(look),
                     FormatCount(reply.won_leads, "lead"), MoneyText(reply.won_revenue, look),
                     FormatCount(reply.lost_leads, "lead"), MoneyText(reply.lost_revenue, look),
                     ClosedText(reply, look));
}

}  // namespace kundig::tools
