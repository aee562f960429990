// Reading the configuration again while the server runs: its rules are put in force as a whole, or
// refused, and nothing is changed.
//
// What else stands in the configuration (addresses, limits, the pinned day) counts from a start on,
// and so does the time zone, because the days of a book are those of one time zone.
//
// Thread safety: all methods from any thread; reloads take turns. The one who asks waits until the
// book has been judged anew, and for a snapshot that is being saved.

#ifndef KUNDIG_SERVER_RELOAD_H_
#define KUNDIG_SERVER_RELOAD_H_

#include <functional>
#include <mutex>

#include "engine/durable_book.h"
#include "engine/query.h"
#include "engine/result.h"
#include "server/configuration.h"

namespace kundig::server {

struct ReloadOutcome {
  engine::StateName state;     // with the version of the rules in force
  bool changed = false;        // whether other rules were put in force
  bool needs_restart = false;  // whether something differs that only counts from a start on
};

class Reload {
 public:
  struct Callbacks {
    // After other rules were put in force.
    std::function<void(const Configuration&)> rules_changed;
    // The change could not be kept; should end the process.
    std::function<void(const engine::Error&)> storage_failed;
  };

  // `configuration` is the one in force; the book outlives this.
  Reload(Configuration configuration, engine::DurableBook* book, Callbacks callbacks);
  Reload(const Reload&) = delete;
  Reload& operator=(const Reload&) = delete;

  // Logs what came of it. Errors: kInvalidValue with the place in the file and what was expected;
  // those of DurableBook::ReplaceRules.
  engine::Result<ReloadOutcome> Run();

 private:
  engine::Result<ReloadOutcome> Try();

  std::mutex mutex_;
  Configuration in_force_;  // under mutex_
  engine::DurableBook* const book_;
  const Callbacks callbacks_;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_RELOAD_H_
