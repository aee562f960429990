#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "tools/answer_text.h"
#include "tools/as_of.h"
#include "tools/command.h"
#include "tools/connect.h"
#include "tools/figures.h"
#include "tools/list_format.h"
#include "tools/names.h"
#include "tools/show.h"

namespace kundig::tools {

namespace {

struct ListWords {
  std::string where, order_by, cursor, as_of;
  std::vector<std::string> activities, fields;
  bool need_consent = false;
  uint32_t limit = 100;
};

struct PipelineWords {
  std::string where;
  std::vector<std::string> by{"stage"}, closed_by;
  std::string as_of;
  std::vector<std::string> waterfall;  // from, to
  bool conversion = false;
  std::string from, to;
};

std::string CheckOrder(const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return "";
  const std::string direction = text.substr(colon + 1);
  return direction == "asc" || direction == "desc"
             ? ""
             : "order by FIELD, FIELD:asc or FIELD:desc, not by " + text;
}

std::vector<std::string> ActivityNames() {
  std::vector<std::string> names;
  for (wire::Activity activity : wire::EnumValuesActivity()) names.emplace_back(Name(activity));
  return names;
}

std::vector<std::string> KeyNames(bool with_reason) {
  std::vector<std::string> names;
  for (wire::PipelineKey key : wire::EnumValuesPipelineKey()) {
    if (with_reason || key != wire::PipelineKey::reason) names.emplace_back(Name(key));
  }
  return names;
}

template <typename Code, size_t kCount>
std::vector<Code> Codes(const std::vector<std::string>& names, const Code (&all)[kCount]) {
  std::vector<Code> codes;
  for (const std::string& name : names) {
    codes.push_back(
        *std::find_if(all, all + kCount, [&](Code code) { return Name(code) == name; }));
  }
  return codes;
}

wire::ListRequestT ListRequest(wire::ListKind kind, const ListWords& words) {
  wire::ListRequestT request;
  request.kind = kind;
  request.where = words.where;
  if (kind != wire::ListKind::customers) {
    request.activities = Codes(words.activities, wire::EnumValuesActivity());
    request.need_consent = words.need_consent;
  }
  const size_t colon = words.order_by.find(':');
  request.order_by = words.order_by.substr(0, colon);
  request.descending = colon == std::string::npos || words.order_by.substr(colon + 1) == "desc";
  request.limit = words.limit;
  request.cursor = words.cursor;
  request.fields = words.fields;
  if (const client::AsOf day = AsOfDay(words.as_of)) request.as_of = *day;
  return request;
}

int RunList(const GlobalOptions& options, wire::ListKind kind, const ListWords& words) {
  client::Result<client::Client> client = Connect(options);
  if (!client) return Report(client.error());
  const std::unique_ptr<ListFormat> format = options.json ? MakeListJson(kind)
                                             : options.csv
                                                 ? MakeListCsv()
                                                 : MakeListTable(kind, LookOf(client->server()));
  Output output;
  bool whole = true;
  std::string next, text;
  client::Result<void> done =
      client->List(ListRequest(kind, words), [&](const wire::ListReplyT& chunk) {
        whole = WholeColumns(chunk);
        if (!whole) return false;
        text.clear();
        format->Append(chunk, &text);
        next = chunk.next;
        return output.Write(text);
      });
  const int code = output.Finish();
  if (!done) return Report(done.error(), words.where);
  if (!whole) {
    std::fputs("kundig: the list came damaged; use a kundig of the server's version\n", stderr);
    return kExitRefused;
  }
  if (options.csv && !next.empty()) {
    // The rows alone would look like the whole list.
    std::fprintf(stderr, "kundig: there is more; take --limit 0, or add --cursor %s\n",
                 next.c_str());
  }
  return code;
}

int RunWaterfall(const GlobalOptions& options, const PipelineWords& words) {
  wire::WaterfallRequestT request;
  request.where = words.where;
  request.from = *ParseDay(words.waterfall[0]);
  request.to = *ParseDay(words.waterfall[1]);
  return AskServer(
      options, words.where, [&](client::Client& client) { return client.Waterfall(request); },
      [&](const wire::WaterfallReplyT& reply, const client::ServerInfo& server) {
        return ShowRows(options, WaterfallJson(reply), "changes",
                        [&] { return WaterfallText(reply, LookOf(server)); });
      });
}

int RunConversion(const GlobalOptions& options, const PipelineWords& words) {
  wire::ConversionRequestT request;
  request.where = words.where;
  if (const auto day = ParseDay(words.from)) request.from = *day;
  if (const auto day = ParseDay(words.to)) request.to = *day;
  return AskServer(
      options, words.where, [&](client::Client& client) { return client.Conversion(request); },
      [&](const wire::ConversionReplyT& reply, const client::ServerInfo& server) {
        if (!options.csv) {
          return Show(options, ConversionJson(reply),
                      [&] { return ConversionText(reply, LookOf(server)); });
        }
        Output output;
        output.Write(CsvTable(ConversionRows(reply)));
        return output.Finish();
      });
}

int RunPipeline(const GlobalOptions& options, const PipelineWords& words) {
  if (!words.waterfall.empty()) return RunWaterfall(options, words);
  if (words.conversion) return RunConversion(options, words);
  wire::PipelineRequestT request;
  request.by = Codes(words.by, wire::EnumValuesPipelineKey());
  request.closed_by = Codes(words.closed_by, wire::EnumValuesPipelineKey());
  request.where = words.where;
  if (const auto day = ParseDay(words.as_of)) request.as_of = *day;
  return AskServer(
      options, words.where, [&](client::Client& client) { return client.Pipeline(request); },
      [&](const wire::PipelineReplyT& reply, const client::ServerInfo& server) {
        return ShowRows(options, PipelineJson(reply), "groups",
                        [&] { return PipelineText(reply, LookOf(server)); });
      });
}

void AddListOptions(CLI::App* command, ListWords* words) {
  command->add_option("--order-by", words->order_by, "FIELD[:asc|:desc]; falling unless :asc")
      ->check(CheckOrder);
  command->add_option("--limit", words->limit, "Rows; 0 = all, streamed")->capture_default_str();
  command->add_option("--cursor", words->cursor, "\"next\" of the page before");
  AddAsOf(command, &words->as_of);
  command->add_option("--fields", words->fields, "Fields of the rows, as a,b,c")->delimiter(',');
}

}  // namespace

void AddListCommands(CLI::App* app, CommandLine* line) {
  const GlobalOptions& options = line->options;

  // Of customers that are to be approached, and therefore may be.
  const auto add_approach = [&](const char* name, const char* what, wire::ListKind kind,
                                std::vector<std::string> activities) {
    CLI::App* command = app->add_subcommand(name, what);
    auto words = std::make_shared<ListWords>();
    words->activities = std::move(activities);
    command->add_option("--where", words->where, "Expression that they must meet");
    command->add_option("--activity", words->activities, "Activities, as overdue,active")
        ->delimiter(',')
        ->check(CLI::IsMember(ActivityNames()))
        ->capture_default_str();
    command->add_flag("--need-consent", words->need_consent, "Leave out who has no valid consent");
    AddListOptions(command, words.get());
    command->callback([line, &options, kind, words] {
      line->chosen = [&options, kind, words] { return RunList(options, kind, *words); };
    });
  };
  add_approach("inactive", "Customers to win back that may be approached", wire::ListKind::inactive,
               {"inactive", "lost"});
  add_approach("early-warning",
               "Customers still reachable whose churn band is high, by lifetime value",
               wire::ListKind::early_warning, {"overdue", "active"});

  CLI::App* list = app->add_subcommand("list", "Customers that an expression selects");
  auto list_words = std::make_shared<ListWords>();
  list->add_option("--where", list_words->where, "Expression, as: value_class = \"individual\"");
  AddListOptions(list, list_words.get());
  list->callback([line, &options, list_words] {
    line->chosen = [&options, list_words] {
      return RunList(options, wire::ListKind::customers, *list_words);
    };
  });

  CLI::App* pipeline = app->add_subcommand("pipeline", "Leads, weighted by their chances");
  auto pipeline_words = std::make_shared<PipelineWords>();
  CLI::Option* by =
      pipeline->add_option("--by", pipeline_words->by, "Groups of the open leads, as stage,owner")
          ->delimiter(',')
          ->check(CLI::IsMember(KeyNames(false)))
          ->capture_default_str();
  CLI::Option* closed_by =
      pipeline
          ->add_option("--closed-by", pipeline_words->closed_by, "Groups of the won and the lost")
          ->delimiter(',')
          ->check(CLI::IsMember(KeyNames(true)));
  pipeline->add_option("--where", pipeline_words->where, "Expression over the fields of a lead");
  CLI::Option* as_of =
      pipeline->add_option("--as-of", pipeline_words->as_of, "YYYY-MM-DD: at the end of that day");
  as_of->check(DayMistake);
  CLI::Option* waterfall =
      pipeline
          ->add_option("--waterfall", pipeline_words->waterfall,
                       "Two days: what changed from the end of one to the end of the other")
          ->expected(2)
          ->check(DayMistake);
  CLI::Option* conversion = pipeline->add_flag("--conversion", pipeline_words->conversion,
                                               "How many leads went from stage to stage");
  for (CLI::Option* other : {by, closed_by, as_of}) {
    waterfall->excludes(other);
    conversion->excludes(other);
  }
  conversion->excludes(waterfall);
  pipeline
      ->add_option("--from", pipeline_words->from,
                   "YYYY-MM-DD: leads that entered the stage from then")
      ->check(DayMistake)
      ->needs(conversion);
  pipeline->add_option("--to", pipeline_words->to, "YYYY-MM-DD: leads that entered it until then")
      ->check(DayMistake)
      ->needs(conversion);
  pipeline->callback([line, &options, pipeline_words] {
    line->chosen = [&options, pipeline_words] { return RunPipeline(options, *pipeline_words); };
  });
}

}  // namespace kundig::tools
