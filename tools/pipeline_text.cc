#include <fmt/format.h>

#include <string>

#include "tools/answer_text.h"
#include "tools/figures.h"
#include "tools/names.h"

namespace kundig::tools {

namespace {

void AddTotal(const char* name, const wire::WaterfallTotal& total, Table* table) {
  table->AddRow({{name, std::string(kBold)},
                 FormatCount(total.leads()),
                 FormatMoney(total.revenue()),
                 {FormatMoney(total.weighted()), std::string(kBold)}});
}

// As people call it.
std::string_view Words(wire::WaterfallPart part) {
  switch (part) {
    case wire::WaterfallPart::moved_up:
      return "moved up";
    case wire::WaterfallPart::moved_down:
      return "moved down";
    case wire::WaterfallPart::revalued:
      return "re-valued";
    default:
      return Name(part);
  }
}

}  // namespace

std::string WaterfallText(const wire::WaterfallReplyT& reply, const Look& look) {
  Table table({{"", Align::kLeft},
               {"leads", Align::kRight},
               {"revenue", Align::kRight},
               {"weighted", Align::kRight}});
  AddTotal("opening", *reply.opening, &table);
  table.AddRule();
  for (const wire::WaterfallChange& change : reply.changes) {
    const bool closes =
        change.part() == wire::WaterfallPart::won || change.part() == wire::WaterfallPart::lost;
    table.AddRow({std::string(Words(change.part())), FormatCount(change.leads()),
                  closes ? FormatMoney(change.revenue()) : std::string(),
                  (change.weighted() > 0 ? "+" : "") + FormatMoney(change.weighted())});
  }
  table.AddRule();
  AddTotal("closing", *reply.closing, &table);
  return fmt::format("Open leads from the end of {} to the end of {}, money in {}\n\n{}",
                     FormatDay(reply.from), FormatDay(reply.to), look.currency, table.Render(look));
}

std::string ConversionText(const wire::ConversionReplyT& reply, const Look& look) {
  Table table({{"from", Align::kLeft},
               {"leads", Align::kRight},
               {"to", Align::kLeft},
               {"reached", Align::kRight},
               {"share", Align::kRight},
               {"median days", Align::kRight}});
  for (size_t at = 0; at < reply.stages.size(); ++at) {
    const wire::ConversionStageT& stage = *reply.stages[at];
    if (at > 0) table.AddRule();
    for (size_t place = 0; place < stage.to.size(); ++place) {
      const wire::ConversionStepT& step = *stage.to[place];
      table.AddRow({{place == 0 ? stage.stage : std::string(), std::string(kBold)},
                    place == 0 ? FormatCount(stage.leads) : std::string(),
                    std::string(StageReached(reply, at, place)),
                    FormatCount(step.leads),
                    FormatPercent(ShareReached(stage, step)),
                    step.median_days ? FormatCount(*step.median_days) : std::string(kAbsent)});
    }
  }
  return fmt::format("Leads that went from a stage to a later one, as of {}\n\n{}",
                     FormatDay(reply.state->as_of()), table.Render(look));
}

}  // namespace kundig::tools
