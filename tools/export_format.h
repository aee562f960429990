// Everything held about one customer, as it arrives: each chunk is rendered and forgotten, like
// those of a list.
//
// Thread safety: an ExportFormat belongs to one thread.

#ifndef KUNDIG_TOOLS_EXPORT_FORMAT_H_
#define KUNDIG_TOOLS_EXPORT_FORMAT_H_

#include <memory>
#include <string>

#include "schemas/export_generated.h"
#include "tools/table.h"

namespace kundig::tools {

class ExportFormat {
 public:
  virtual ~ExportFormat() = default;
  // Takes the chunks of one export in their order, the last with `last`; appends what is to be
  // printed. A chunk must be one that IsReadable().
  virtual void Append(const wire::ExportReplyT& chunk, std::string* out) = 0;
};

// Whether every event is of a kind that is known here. An export that left something out would be
// no export.
bool IsReadable(const wire::ExportReplyT& chunk);

// {"customer","found","as_of","currency","profile":{...},"attributes":{...},"events":[...],
// "leads":[...], and its state} on one line; {"customer","found":false} where nothing is held.
std::unique_ptr<ExportFormat> MakeExportJson(std::string currency);
// The profile, then one table of all that it follows from; nothing where nothing is held.
std::unique_ptr<ExportFormat> MakeExportTable(Look look);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_EXPORT_FORMAT_H_
