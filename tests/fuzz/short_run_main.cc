// The main() of a fuzzer's short run: feeds LLVMFuzzerTestOneInput a fixed number of inputs, random
// ones and mutated pieces of the corpus, so that every test run of every compiler tries the hostile
// side too. Long, coverage-guided runs are libFuzzer's (the preset `fuzz`).
//
//   NAME_fuzz [CORPUS_FOLDER] [--only NUMBER]
//
// Input number N depends on N and the corpus alone: a crash names its number, and `--only N`
// repeats it under a debugger. A time limit ends the run early on a slow machine; what was run
// stays the same.
//
// Thread safety: one thread.

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

#if defined(__SANITIZE_ADDRESS__)
// A finding then ends in SIGABRT as a failed assertion does, and NameTheInput names the input.
extern "C" const char* __asan_default_options() {
  return "abort_on_error=1";
}
constexpr bool kReportsBadAccess = true;
#else
constexpr bool kReportsBadAccess = false;
#endif

namespace {

using Bytes = std::vector<uint8_t>;
using Random = std::mt19937_64;

constexpr size_t kInputs = 50'000;
constexpr std::chrono::seconds kTimeLimit{5};
constexpr size_t kInputBytesMax = 4096;
constexpr size_t kMutationsMax = 8;

// The text that the handler writes; made before each input, because a handler may not format.
std::array<char, 64> failure_text{};

void NameTheInput(int signal_number) {
  const ssize_t written =
      write(STDERR_FILENO, failure_text.data(), std::strlen(failure_text.data()));
  static_cast<void>(written);
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

size_t Below(Random& random, size_t bound) {
  return std::uniform_int_distribution<size_t>{0, bound - 1}(random);
}

uint8_t AnyByte(Random& random) {
  return static_cast<uint8_t>(Below(random, 256));
}

Bytes RandomInput(Random& random) {
  // Short inputs find most, and long ones are needed to cross buffer borders: sizes spread by
  // powers.
  const size_t size = Below(random, size_t{2} << Below(random, 12));
  Bytes input(std::min(size, kInputBytesMax));
  // Half of them printable, so that a text parser gets beyond its first character.
  const bool printable = Below(random, 2) == 0;
  for (uint8_t& byte : input) {
    byte = printable ? static_cast<uint8_t>(' ' + Below(random, 95)) : AnyByte(random);
  }
  return input;
}

void Mutate(Random& random, const std::vector<Bytes>& corpus, Bytes& input) {
  const size_t place = Below(random, input.size() + 1);
  const auto at = input.begin() + static_cast<std::ptrdiff_t>(place);
  const size_t rest = input.size() - place;
  switch (Below(random, 7)) {
    case 0:  // flip one bit
      if (rest > 0) input[place] = static_cast<uint8_t>(input[place] ^ (1U << Below(random, 8)));
      break;
    case 1:  // another byte
      if (rest > 0) input[place] = AnyByte(random);
      break;
    case 2:  // cut off
      input.erase(at, input.end());
      break;
    case 3:  // take some out
      if (rest > 0) input.erase(at, at + static_cast<std::ptrdiff_t>(1 + Below(random, rest)));
      break;
    case 4:  // put some in
      input.insert(at, 1 + Below(random, 16), AnyByte(random));
      break;
    case 5: {  // a number on the edge of its range, little-endian, over four bytes
      constexpr std::array<uint32_t, 8> kEdges = {0,          1,          0x7f,       0xffff,
                                                  0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
      const uint32_t edge = kEdges[Below(random, kEdges.size())];
      for (size_t i = 0; i < std::min<size_t>(4, rest); ++i) {
        input[place + i] = static_cast<uint8_t>(edge >> (8 * i));
      }
      break;
    }
    default: {  // go on as another piece of the corpus does
      const Bytes& other = corpus[Below(random, corpus.size())];
      const size_t from = Below(random, other.size() + 1);
      input.erase(at, input.end());
      input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
      break;
    }
  }
}

// First the corpus as it is, then in turn mutated corpus and random bytes.
Bytes MakeInput(size_t number, const std::vector<Bytes>& corpus) {
  if (number < corpus.size()) return corpus[number];
  Random random(number);
  if (corpus.empty() || Below(random, 4) == 0) return RandomInput(random);
  Bytes input = corpus[Below(random, corpus.size())];
  for (size_t left = 1 + Below(random, kMutationsMax); left > 0; --left) {
    Mutate(random, corpus, input);
  }
  return input;
}

// The files in the folder in the order of their names; none where there is no folder.
std::vector<Bytes> ReadCorpus(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  if (!folder.empty() && std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

void Run(size_t number, const std::vector<Bytes>& corpus) {
  std::snprintf(failure_text.data(), failure_text.size(),
                "input %zu failed; repeat it with --only %zu\n", number, number);
  const Bytes input = MakeInput(number, corpus);
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder;
  std::optional<size_t> only;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--only" && i + 1 < argc) {
      only = std::strtoull(argv[++i], nullptr, 10);
    } else {
      folder = argv[i];
    }
  }
  std::signal(SIGABRT, NameTheInput);
  if (!kReportsBadAccess) {
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(number, NameTheInput);
  }

  const std::vector<Bytes> corpus = ReadCorpus(folder);
  if (only) {
    Run(*only, corpus);
    return 0;
  }
  const auto end = std::chrono::steady_clock::now() + kTimeLimit;
  size_t done = 0;
  // The corpus is run whole: it holds what once went wrong.
  while (done < std::max(kInputs, corpus.size()) &&
         (done <= corpus.size() || std::chrono::steady_clock::now() < end)) {
    Run(done++, corpus);
  }
  std::printf("%zu inputs run, %zu of them the corpus as it is\n", done, corpus.size());
  return 0;
}
