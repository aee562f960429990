#include "tools/export_format.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "tools/answer_json.h"
#include "tools/answer_text.h"
#include "tools/figures.h"
#include "tools/held_event.h"

namespace kundig::tools {

namespace json = boost::json;

namespace {

using Section = HeldEvent::Section;

json::value JsonOf(const HeldFigure& figure) {
  if (figure.type == wire::FieldType::text) {
    return figure.text.empty() ? json::value(nullptr) : json::value(figure.text);
  }
  if (!figure.number) return nullptr;
  switch (figure.type) {
    case wire::FieldType::day:
      return json::value(FormatDay(static_cast<int32_t>(*figure.number)));
    case wire::FieldType::boolean:
      return *figure.number != 0;
    case wire::FieldType::thousandths:
      if (*figure.number % 1000 == 0) return *figure.number / 1000;
      return static_cast<double>(*figure.number) / 1000;
    case wire::FieldType::millionths:
      return static_cast<double>(*figure.number) / 1'000'000;
    default:
      return *figure.number;
  }
}

json::object JsonOf(const HeldEvent& event) {
  json::object object;
  if (event.section == Section::kEvents) object["type"] = event.type;
  if (event.at_unix_ms) object["at"] = FormatTimeMs(*event.at_unix_ms);
  for (const HeldFigure& figure : event.figures) object[figure.name] = JsonOf(figure);
  return object;
}

std::string TextOf(const HeldFigure& figure) {
  switch (figure.type) {
    case wire::FieldType::text:
      return figure.text;
    case wire::FieldType::money:
      return FormatMoney(*figure.number);
    case wire::FieldType::day:
      return FormatDay(static_cast<int32_t>(*figure.number));
    case wire::FieldType::boolean:
      return *figure.number != 0 ? "yes" : "no";
    case wire::FieldType::thousandths:
      return FormatThousandths(*figure.number);
    case wire::FieldType::millionths:
      return FormatMillionths(*figure.number);
    case wire::FieldType::integer:
      break;
  }
  return std::to_string(*figure.number);
}

// "order o-1, revenue 12.50, items 3": what is there.
std::string DetailsOf(const HeldEvent& event) {
  std::string details;
  for (const HeldFigure& figure : event.figures) {
    if (figure.type == wire::FieldType::text ? figure.text.empty() : !figure.number) continue;
    if (!details.empty()) details += ", ";
    details += std::string(figure.name) + ' ' + TextOf(figure);
  }
  return details.empty() ? kAbsent : details;
}

class ExportJson : public ExportFormat {
 public:
  explicit ExportJson(std::string currency) : currency_(std::move(currency)) {}

  void Append(const wire::ExportReplyT& chunk, std::string* out) override {
    if (!std::exchange(started_, true)) Begin(chunk, out);
    if (!chunk.found) return;
    for (const auto& event : chunk.events) {
      if (const std::optional<HeldEvent> held = ReadHeldEvent(*event)) Add(*held, out);
    }
    for (const auto& change : chunk.lead_changes) Add(ReadLeadChange(*change), out);
    if (!chunk.last) return;
    OpenThrough(Section::kLeadHistory, out);
    *out += fmt::format("],\"journal_sequence\":{},\"rules_version\":{},\"fit_version\":{}}}\n",
                        chunk.state->journal_sequence(), chunk.state->rules_version(),
                        chunk.state->fit_version());
  }

 private:
  void Add(const HeldEvent& held, std::string* out) {
    OpenThrough(held.section, out);
    if (std::exchange(any_in_section_, true)) *out += ',';
    *out += ToText(JsonOf(held));
  }

  void Begin(const wire::ExportReplyT& chunk, std::string* out) const {
    if (!chunk.found) {
      *out += ToText(json::object{{"customer", chunk.customer}, {"found", false}}) + '\n';
      return;
    }
    json::object head{{"customer", chunk.customer},
                      {"found", true},
                      {"as_of", FormatDay(chunk.state->as_of())},
                      {"currency", currency_}};
    if (chunk.profile) head["profile"] = ProfileJson(*chunk.profile, *chunk.state);
    *out += ToText(head);
    out->back() = ',';
    *out += R"("attributes":)";
  }

  // Ends the sections before `wanted` and begins those up to it.
  void OpenThrough(Section wanted, std::string* out) {
    while (section_ < wanted) {
      if (section_ == Section::kAttributes) {
        *out += any_in_section_ ? R"(,"events":[)" : R"(null,"events":[)";
        section_ = Section::kEvents;
      } else if (section_ == Section::kEvents) {
        *out += R"(],"leads":[)";
        section_ = Section::kLeads;
      } else {
        *out += R"(],"lead_history":[)";
        section_ = Section::kLeadHistory;
      }
      any_in_section_ = false;
    }
  }

  const std::string currency_;
  bool started_ = false, any_in_section_ = false;
  Section section_ = Section::kAttributes;
};

class ExportTable : public ExportFormat {
 public:
  explicit ExportTable(Look look) : look_(std::move(look)) {}

  void Append(const wire::ExportReplyT& chunk, std::string* out) override {
    if (!chunk.found) return;
    const bool first = !std::exchange(started_, true);
    if (first && chunk.profile) *out += ProfileText(*chunk.profile, *chunk.state, look_) + '\n';
    for (const auto& event : chunk.events) {
      if (const std::optional<HeldEvent> held = ReadHeldEvent(*event)) Add(*held);
    }
    for (const auto& change : chunk.lead_changes) Add(ReadLeadChange(*change));
    *out += table_.Render(look_, first);
    table_.Clear();
  }

 private:
  void Add(const HeldEvent& held) {
    table_.AddRow({held.at_unix_ms ? FormatTimeMs(*held.at_unix_ms) : std::string(kAbsent),
                   held.type, DetailsOf(held)});
  }

  const Look look_;
  bool started_ = false;
  Table table_{{{"at", Align::kLeft}, {"what", Align::kLeft}, {"held", Align::kLeft}}};
};

}  // namespace

bool IsReadable(const wire::ExportReplyT& chunk) {
  for (const auto& event : chunk.events) {
    if (!ReadHeldEvent(*event)) return false;
  }
  return true;
}

std::unique_ptr<ExportFormat> MakeExportJson(std::string currency) {
  return std::make_unique<ExportJson>(std::move(currency));
}

std::unique_ptr<ExportFormat> MakeExportTable(Look look) {
  return std::make_unique<ExportTable>(std::move(look));
}

}  // namespace kundig::tools
