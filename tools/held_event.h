// What an export says of each kind of event, once for all renderings.
//
// Thread safety: pure functions.

#ifndef KUNDIG_TOOLS_HELD_EVENT_H_
#define KUNDIG_TOOLS_HELD_EVENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "schemas/events_generated.h"
#include "schemas/export_generated.h"
#include "schemas/lists_generated.h"

namespace kundig::tools {

// One thing that is held, by name; the type says how it is to be read. Times are shown apart.
struct HeldFigure {
  const char* name = "";
  wire::FieldType type = wire::FieldType::text;
  flatbuffers::Optional<int64_t> number{};  // all types but text; nothing where absent
  std::string text{};                       // text; empty where absent
};

struct HeldEvent {
  // In the order in which an export has them.
  enum class Section : uint8_t { kAttributes, kEvents, kLeads, kLeadHistory };

  Section section = Section::kEvents;
  const char* type = "";
  std::optional<int64_t> at_unix_ms{};
  std::vector<HeldFigure> figures{};
};

// Nothing for a kind that has no place in an export, or that is not known here.
std::optional<HeldEvent> ReadHeldEvent(const wire::EventT& event);
HeldEvent ReadLeadChange(const wire::LeadChangeT& change);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_HELD_EVENT_H_
