// What another configuration would change, in each rendering: the matrices of moves, and who makes
// one of them, chunk by chunk.
//
// Thread safety: a WhatIfFormat belongs to one thread.

#ifndef KUNDIG_TOOLS_WHAT_IF_FORMAT_H_
#define KUNDIG_TOOLS_WHAT_IF_FORMAT_H_

#include <memory>
#include <optional>
#include <string>

#include "schemas/what_if_generated.h"
#include "tools/table.h"

namespace kundig::tools {

class WhatIfFormat {
 public:
  virtual ~WhatIfFormat() = default;
  // Takes the chunks of one answer in their order, the last with `last`; appends what is to be
  // printed.
  virtual void Append(const wire::WhatIfReplyT& chunk, std::string* out) = 0;
};

// `list`: what was asked for, if anything.
using AskedMove = std::optional<wire::MoveListT>;
std::unique_ptr<WhatIfFormat> MakeWhatIfJson(AskedMove list);
// The rows of the list; without one the moves.
std::unique_ptr<WhatIfFormat> MakeWhatIfCsv(AskedMove list);
std::unique_ptr<WhatIfFormat> MakeWhatIfTable(AskedMove list, Look look);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_WHAT_IF_FORMAT_H_
