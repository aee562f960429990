// One answer in the form that the user asked for.
//
// Thread safety: used by one thread.

#ifndef KUNDIG_TOOLS_SHOW_H_
#define KUNDIG_TOOLS_SHOW_H_

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>

#include "client/client.h"
#include "tools/answer_csv.h"
#include "tools/answer_json.h"
#include "tools/command.h"
#include "tools/output.h"
#include "tools/table.h"

namespace kundig::tools {

// How a person sees the answers of this server on this terminal.
inline Look LookOf(const client::ServerInfo& server) {
  return Look{server.currency, StandardOutputWantsColour()};
}

// For commands whose answer has no rows. Returns kExitUsage and says so where --csv was given.
int RefuseCsv(const GlobalOptions& options, std::string_view command);

// Prints text() or the JSON object; returns the exit code.
template <typename Text>
int Show(const GlobalOptions& options, const boost::json::object& json, Text text) {
  Output output;
  output.Write(options.json ? ToText(json) + '\n' : text());
  return output.Finish();
}

// The same for answers with rows: `rows` names the member of the object that --csv prints.
template <typename Text>
int ShowRows(const GlobalOptions& options, const boost::json::object& json, const char* rows,
             Text text) {
  if (!options.csv) return Show(options, json, text);
  Output output;
  output.Write(CsvTable(json.at(rows).as_array()));
  return output.Finish();
}

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_SHOW_H_
