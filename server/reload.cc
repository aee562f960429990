#include "server/reload.h"

#include <string>
#include <utility>

#include "server/log.h"

namespace kundig::server {
namespace {

engine::Error Refused(std::string message, std::string field) {
  return {.code = engine::ErrorCode::kInvalidValue,
          .message = std::move(message),
          .field = std::move(field),
          .position = std::nullopt};
}

}  // namespace

Reload::Reload(Configuration configuration, engine::DurableBook* book, Callbacks callbacks)
    : in_force_(std::move(configuration)), book_(book), callbacks_(std::move(callbacks)) {}

engine::Result<ReloadOutcome> Reload::Run() {
  engine::Result<ReloadOutcome> outcome = Try();
  if (!outcome) {
    Log(LogLevel::kError, "reload", "the configuration was refused; the former rules stay in force",
        {{"reason", outcome.error().message}});
    return outcome;
  }
  Log(LogLevel::kInfo, "reload",
      outcome->changed ? "other rules are in force" : "the rules are those that were in force",
      {{"rules_version", uint64_t{outcome->state.rules_version}},
       {"journal_sequence", outcome->state.journal_sequence}});
  if (outcome->needs_restart) {
    Log(LogLevel::kWarning, "reload",
        "the configuration differs in more than its rules; that counts from the next start on");
  }
  return outcome;
}

engine::Result<ReloadOutcome> Reload::Try() {
  const std::lock_guard<std::mutex> lock(mutex_);
  engine::Result<Configuration> read = in_force_.read_again();
  if (!read) return Refused(read.error().message, read.error().field);
  if (read->time_zone != in_force_.time_zone) {
    return Refused("the days of this book are those of the time zone " + in_force_.time_zone +
                       ", not of " + read->time_zone + "; another one takes a new book",
                   "book.time_zone");
  }
  ReloadOutcome outcome;
  const std::string text = TextOfRules(*read);
  outcome.changed = text != TextOfRules(in_force_);
  if (outcome.changed) {
    const auto changed = book_->ReplaceRules({read->rules, text});
    if (!changed) {
      if (changed.error().code == engine::ErrorCode::kStorageFailed) {
        callbacks_.storage_failed(changed.error());
      }
      return changed.error();
    }
    in_force_.rules = read->rules;
    callbacks_.rules_changed(in_force_);
  }
  outcome.state = book_->book().Status().state;
  outcome.needs_restart = PrintConfiguration(*read) != PrintConfiguration(in_force_);
  return outcome;
}

}  // namespace kundig::server
