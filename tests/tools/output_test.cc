#include "tools/output.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <string>

#include "tools/command.h"

namespace kundig::tools {
namespace {

TEST(Output, ANeverFullFileTakesAll) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  Output output(file);
  EXPECT_TRUE(output.Write("a line\n"));
  EXPECT_EQ(output.Finish(), kExitDone);
  EXPECT_EQ(std::ftell(file), 7);
  std::fclose(file);
}

TEST(Output, AReaderThatLeftIsNoError) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  close(ends[0]);
  std::FILE* file = fdopen(ends[1], "w");
  ASSERT_NE(file, nullptr);
  Output output(file);
  // More than any buffer of the library, so that the failure shows while writing.
  EXPECT_FALSE(output.Write(std::string(1 << 20, 'x')));
  EXPECT_FALSE(output.Write("more"));
  EXPECT_EQ(output.Finish(), kExitDone);
  std::fclose(file);
  std::signal(SIGPIPE, before);
}

TEST(Output, AFullDiskIsAnError) {
  std::FILE* file = std::fopen("/dev/full", "w");
  ASSERT_NE(file, nullptr);
  Output output(file);
  output.Write("a line\n");
  EXPECT_EQ(output.Finish(), kExitRefused);
  std::fclose(file);
}

}  // namespace
}  // namespace kundig::tools
