// The real programs, driven from outside as a user would: kundigd in a folder of its own, kundig
// with whatever words.
//
// Thread safety: used by one thread.

#ifndef KUNDIG_TESTS_END_TO_END_PROGRAMS_H_
#define KUNDIG_TESTS_END_TO_END_PROGRAMS_H_

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/env.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/io.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace kundig::end_to_end {

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A folder that goes with the object.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kundig-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  // Returns the path of the new file.
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return *this / name;
  }

 private:
  std::filesystem::path path_;
};

struct Done {
  int code = 0;
  std::string out, err;
};

inline Done RunProgram(const std::string& program, const std::vector<std::string>& words) {
  namespace process = boost::process;
  const Folder folder;
  Done done;
  process::child child(program, process::args(words),
                       process::std_in<process::null, process::std_out> folder / "out",
                       process::std_err > folder / "err");
  child.wait();
  done.code = child.exit_code();
  done.out = ReadFile(folder / "out");
  done.err = ReadFile(folder / "err");
  return done;
}

// How a Server is started, beside its configuration.
struct ServerStart {
  std::string listen = "127.0.0.1:0";
  std::map<std::string, std::string> environment = {};  // beside that of the test
  // It is killed (SIGKILL) after so long where it does not answer yet.
  std::optional<std::chrono::microseconds> kill_after = std::nullopt;
};

class Server {
 public:
  explicit Server(const std::string& toml, const std::string& listen = "127.0.0.1:0")
      : Server(toml, ServerStart{.listen = listen}) {}
  Server(const std::string& toml, const ServerStart& start) {
    namespace process = boost::process;
    using Clock = std::chrono::steady_clock;
    const std::vector<std::string> words{"--config",       folder_.Write("book.toml", toml),
                                         "--listen",       start.listen,
                                         "--address-file", folder_ / "address"};
    process::environment environment = boost::this_process::environment();
    for (const auto& [name, value] : start.environment) environment[name] = value;
    child_ = process::child(KUNDIG_BIN_DIR "/kundigd", process::args(words), environment,
                            process::std_in<process::null, process::std_out> folder_ / "out",
                            process::std_err > folder_ / "err");
    const auto begin = Clock::now();
    while (address_.empty() && child_.running() && Clock::now() < begin + std::chrono::minutes(1)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      address_ = ReadFile(folder_ / "address");
      if (address_.empty() && start.kill_after && Clock::now() >= begin + *start.kill_after) {
        Stop(SIGKILL);
      }
    }
    while (!address_.empty() && address_.back() == '\n') address_.pop_back();
  }
  ~Server() {
    if (child_.running()) child_.terminate();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Empty where the server did not start.
  const std::string& address() const { return address_; }
  const Folder& folder() const { return folder_; }
  std::string log() const { return ReadFile(folder_ / "out") + ReadFile(folder_ / "err"); }

  bool running() { return child_.running(); }
  void Signal(int signal_number) { ::kill(child_.id(), signal_number); }
  // Waits for the end and returns the exit code.
  int Stop(int signal_number) {
    Signal(signal_number);
    return Wait();
  }
  int Wait() {
    child_.wait();
    return child_.exit_code();  // or the number of the signal that ended it
  }

  // kundig, connected to this server.
  Done Run(std::vector<std::string> words) const {
    words.insert(words.begin(), {"--server", address_});
    return RunProgram(KUNDIG_BIN_DIR "/kundig", words);
  }

  // The lines of JSON that `kundig --json words...` prints; it must succeed.
  std::vector<boost::json::object> Ask(std::vector<std::string> words) const {
    words.insert(words.begin(), "--json");
    const Done done = Run(words);
    EXPECT_EQ(done.code, 0) << testing::PrintToString(words) << '\n' << done.err;
    std::vector<boost::json::object> lines;
    for (size_t begin = 0, end = 0; begin < done.out.size(); begin = end + 1) {
      end = done.out.find('\n', begin);
      if (end == std::string::npos) {
        ADD_FAILURE() << "the last line does not end: " << done.out;
        break;
      }
      lines.push_back(boost::json::parse(done.out.substr(begin, end - begin)).as_object());
    }
    return lines;
  }

  // The same where one line is expected.
  boost::json::object One(const std::vector<std::string>& words) const {
    std::vector<boost::json::object> lines = Ask(words);
    EXPECT_EQ(lines.size(), 1u) << testing::PrintToString(words);
    return lines.empty() ? boost::json::object() : lines.front();
  }

 private:
  Folder folder_;
  boost::process::child child_;
  std::string address_;
};

}  // namespace kundig::end_to_end

#endif  // KUNDIG_TESTS_END_TO_END_PROGRAMS_H_
