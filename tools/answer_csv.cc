#include "tools/answer_csv.h"

#include <boost/json/object.hpp>

#include "tools/answer_json.h"

namespace kundig::tools {

namespace json = boost::json;

namespace {

json::object Flat(const json::object& row) {
  json::object flat;
  for (const auto& [key, value] : row) {
    if (value.is_object()) {
      for (const auto& [inner_key, inner] : value.get_object()) flat[inner_key] = inner;
    } else {
      flat[key] = value;
    }
  }
  return flat;
}

void AppendValue(const json::value& value, std::string* out) {
  if (value.is_null()) return;
  if (value.is_string()) {
    AppendCsvCell(std::string_view(value.get_string()), out);
  } else if (value.is_array()) {  // names, as lists show them
    std::string names;
    for (const json::value& name : value.get_array()) {
      names += names.empty() ? "" : ",";
      names += std::string_view(name.as_string());
    }
    AppendCsvCell(names, out);
  } else {
    *out += ToText(value);
  }
}

}  // namespace

void AppendCsvCell(std::string_view text, std::string* out) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    *out += text;
    return;
  }
  *out += '"';
  for (char c : text) {
    if (c == '"') *out += '"';
    *out += c;
  }
  *out += '"';
}

std::string CsvTable(const json::array& rows) {
  json::object header;
  for (const json::value& row : rows) {
    json::object flat = Flat(row.as_object());
    if (flat.size() > header.size()) header = std::move(flat);
  }
  std::string out;
  if (header.empty()) return out;
  const char* separator = "";
  for (const auto& member : header) {
    out += separator;
    AppendCsvCell(member.key(), &out);
    separator = ",";
  }
  out += '\n';
  for (const json::value& row : rows) {
    const json::object flat = Flat(row.as_object());
    separator = "";
    for (const auto& member : header) {
      out += separator;
      if (const json::value* value = flat.if_contains(member.key())) AppendValue(*value, &out);
      separator = ",";
    }
    out += '\n';
  }
  return out;
}

}  // namespace kundig::tools
