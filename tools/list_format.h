// A list as it arrives: each chunk is rendered and forgotten, so that a list of any length is
// printed in constant memory.
//
// Thread safety: a ListFormat belongs to one thread.

#ifndef KUNDIG_TOOLS_LIST_FORMAT_H_
#define KUNDIG_TOOLS_LIST_FORMAT_H_

#include <memory>
#include <string>

#include "schemas/lists_generated.h"
#include "tools/table.h"

namespace kundig::tools {

class ListFormat {
 public:
  virtual ~ListFormat() = default;
  // Takes the chunks of one list in their order, the last with `last`; appends what is to be
  // printed. A chunk must have WholeColumns().
  virtual void Append(const wire::ListReplyT& chunk, std::string* out) = 0;
};

// Whether every column has a value for every row of the chunk.
bool WholeColumns(const wire::ListReplyT& chunk);

// {"as_of","total","excluded","rows":[...],"next",...} on one line; "excluded" only for `kind`
// inactive.
std::unique_ptr<ListFormat> MakeListJson(wire::ListKind kind);
std::unique_ptr<ListFormat> MakeListCsv();
// Totals, then a table as wide as the first chunk needs it, then how to get the next page.
std::unique_ptr<ListFormat> MakeListTable(wire::ListKind kind, Look look);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_LIST_FORMAT_H_
