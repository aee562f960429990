// Configurations from texts and command lines, as kundigd reads them.
//
// Thread safety: one thread.

#ifndef KUNDIG_TESTS_SERVER_CONFIGURATION_FILES_H_
#define KUNDIG_TESTS_SERVER_CONFIGURATION_FILES_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/configuration.h"

namespace kundig::server {

// A file that goes with the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    path_ = testing::TempDir() + "kundigd-" +
            testing::UnitTest::GetInstance()->current_test_info()->test_suite_name() + "-" +
            testing::UnitTest::GetInstance()->current_test_info()->name() +
            std::to_string(getpid()) + ".toml";
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline engine::Result<Configuration> Load(
    const std::vector<std::string>& arguments,
    const std::map<std::string, std::string>& variables = {}) {
  std::vector<const char*> argv{"kundigd"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  return LoadConfiguration(static_cast<int>(argv.size()), argv.data(),
                           [&](const std::string& name) -> std::optional<std::string> {
                             const auto found = variables.find(name);
                             if (found == variables.end()) return std::nullopt;
                             return found->second;
                           });
}

inline engine::Result<Configuration> LoadText(const std::string& text) {
  const TemporaryFile file(text);
  return Load({"--config", file.path()});
}

// The message without the path before the first colon: "LINE: section.key: ...".
inline std::string MistakeIn(const std::string& text) {
  const TemporaryFile file(text);
  const auto loaded = Load({"--config", file.path()});
  if (loaded) return "no mistake";
  const std::string& message = loaded.error().message;
  EXPECT_EQ(message.substr(0, file.path().size()), file.path());
  return message.substr(file.path().size() + 1);
}

inline void ExpectMistake(const std::string& text, const std::string& begin) {
  EXPECT_EQ(MistakeIn(text).substr(0, begin.size()), begin) << text;
}

}  // namespace kundig::server

#endif  // KUNDIG_TESTS_SERVER_CONFIGURATION_FILES_H_
