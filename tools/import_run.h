// One import from first to last file.
//
// What is sent, and when: every file is opened and its header understood before anything is sent.
// Orders of a file are sent when the whole file was read. Files of the other kinds are read twice,
// first only to see that they can be read to their end; a pipe cannot be, so that a pipe that
// breaks leaves the rows before the break stored. Several files are several imports, one after the
// other: an order of a later file replaces that of an earlier one.
//
// Thread safety: called by one thread.

#ifndef KUNDIG_TOOLS_IMPORT_RUN_H_
#define KUNDIG_TOOLS_IMPORT_RUN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tools/import_failure.h"
#include "tools/import_port.h"
#include "tools/import_rows.h"

namespace kundig::tools {

struct ImportAnswer {
  uint64_t rows = 0;
  uint64_t orders = 0;                                // stored, as new ones or not
  uint64_t returns = 0;                               // and those that came to nothing
  uint64_t taken = 0;                                 // rows of the other kinds that were stored
  uint64_t applied = 0, unchanged = 0, replaced = 0;  // without the attributes that orders bring
  std::map<std::string, uint64_t> skipped;            // by reason
  std::vector<std::string> unused_columns;            // of the first file
};

struct ImportRequest {
  ImportKind kind = ImportKind::kOrders;
  std::vector<std::string> files;
  ImportOptions options;
  std::string time_zone;                        // of the book
  std::function<void(const std::string&)> say;  // gets lines about skipped rows
};

// Failure: wrong columns, a file that cannot be read, a server that did not take a batch.
Outcome<ImportAnswer> RunImport(const ImportRequest& request, BatchPort* port);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_IMPORT_RUN_H_
