// Everything in a folder as it lies there, so that a test can say that nothing was changed.
//
// Thread safety: one thread.

#ifndef KUNDIG_TESTS_ENGINE_FOLDER_STATE_H_
#define KUNDIG_TESTS_ENGINE_FOLDER_STATE_H_

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "tests/engine/journal_folder.h"

namespace kundig::engine {

using FolderState = std::map<std::string, std::pair<std::filesystem::file_time_type, std::string>>;

// Folders and files with the time of their last change and their content.
inline FolderState StateOf(const std::filesystem::path& folder) {
  FolderState state;
  if (!std::filesystem::exists(folder)) return state;
  state[""].first = std::filesystem::last_write_time(folder);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_symlink()) {
      state[entry.path()].second = std::filesystem::read_symlink(entry.path());
      continue;
    }
    state[entry.path()] = {entry.last_write_time(),
                           entry.is_regular_file() ? Content(entry.path()) : std::string()};
  }
  return state;
}

}  // namespace kundig::engine

#endif  // KUNDIG_TESTS_ENGINE_FOLDER_STATE_H_
