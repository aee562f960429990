#include "tools/connect.h"

#include <gtest/gtest.h>

namespace kundig::tools {
namespace {

client::Error Refused(std::string message, std::optional<int32_t> position = std::nullopt) {
  client::Error error;
  error.kind = client::ErrorKind::kRefused;
  error.message = std::move(message);
  error.position = position;
  return error;
}

TEST(Connect, AnErrorIsOneSentence) {
  EXPECT_EQ(ErrorText(Refused("the cursor is damaged; start again")),
            "kundig: the cursor is damaged; start again\n");
  EXPECT_EQ(ErrorText(Refused("the cursor is damaged; start again"), "revenue > 3"),
            "kundig: the cursor is damaged; start again\n");
}

TEST(Connect, TheCaretIsUnderThePlace) {
  EXPECT_EQ(ErrorText(Refused("expected a value", 10), "revenue > ?"),
            "kundig: expected a value\n"
            "  revenue > ?\n"
            "            ^\n");
  EXPECT_EQ(ErrorText(Refused("unknown field", 0), "revenu > 3"),
            "kundig: unknown field\n"
            "  revenu > 3\n"
            "  ^\n");
}

TEST(Connect, TheCaretCountsCodePointsAndLinesAreJoined) {
  EXPECT_EQ(ErrorText(Refused("unknown field", 17), "owner = 'Zo\xC3\xAB'\nandx"),
            "kundig: unknown field\n"
            "  owner = 'Zo\xC3\xAB' andx\n"
            "                  ^\n");
}

TEST(Connect, APlaceBeyondTheEndIsTheEnd) {
  EXPECT_EQ(ErrorText(Refused("expected a value", 99), "revenue >"),
            "kundig: expected a value\n"
            "  revenue >\n"
            "           ^\n");
  EXPECT_EQ(ErrorText(Refused("bad", -1), "x"), "kundig: bad\n  x\n  ^\n");
}

TEST(Connect, ExitCodesTellWhoIsToBlame) {
  client::Error error;
  for (auto [kind, code] : {std::pair{client::ErrorKind::kRefused, kExitRefused},
                            std::pair{client::ErrorKind::kProtocol, kExitRefused},
                            std::pair{client::ErrorKind::kInvalid, kExitUsage},
                            std::pair{client::ErrorKind::kUnreachable, kExitNoServer},
                            std::pair{client::ErrorKind::kLost, kExitNoServer},
                            std::pair{client::ErrorKind::kTimedOut, kExitNoServer}}) {
    error.kind = kind;
    EXPECT_EQ(ExitCode(error), code);
  }
}

}  // namespace
}  // namespace kundig::tools
