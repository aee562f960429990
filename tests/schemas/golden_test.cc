// The bytes on the wire, guarded: what this build writes is compared with tests/schemas/golden/,
// and what lies there must be readable. The examples of schemas/README.md are taken from there too.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "schemas/frame.h"
#include "tests/schemas/golden_messages.h"

namespace kundig::wire {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr const char* kWhatToDo =
    "The bytes on the wire have changed.\n"
    "If that was not meant: a field was put between others, renumbered or given another type or"
    " default; put new fields at the end of their table instead.\n"
    "If it was: say in the commit who must change with it; where clients or servers of the day"
    " before can no longer read it, raise kProtocolVersion. Then write the files again with\n"
    "  KUNDIG_UPDATE_GOLDEN=1 schemas_test --gtest_filter='Golden*'\n"
    "and commit them with the change, and the examples in schemas/README.md.";

std::string SourcePath(const std::string& path) {
  return std::string(KUNDIG_SOURCE_DIR) + "/" + path;
}

std::string ReadText(const std::string& path) {
  std::ifstream file(SourcePath(path));
  EXPECT_TRUE(file) << path;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// 16 bytes a line.
std::string Hex(const Bytes& bytes) {
  std::string text;
  char digits[4];
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::snprintf(digits, sizeof(digits), "%02x", bytes[i]);
    text += digits;
    text += i % 16 == 15 || i + 1 == bytes.size() ? '\n' : ' ';
  }
  return text;
}

Bytes FromHex(const std::string& text) {
  std::istringstream words(text);
  Bytes bytes;
  for (std::string word; words >> word;) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(word, nullptr, 16)));
  }
  return bytes;
}

Bytes FrameOf(const GoldenMessage& message) {
  Bytes frame;
  AppendFrame(static_cast<uint8_t>(message.type), message.request_id, message.payload, &frame);
  return frame;
}

std::string Heading(const GoldenMessage& message) {
  return "# " + message.name + ": type " + std::to_string(static_cast<int>(message.type)) +
         ", request id " + std::to_string(message.request_id) + "\n";
}

std::string GoldenText(const std::vector<GoldenMessage>& messages) {
  std::string text = "# Whole frames, as they lie on the wire. Written by golden_test.cc.\n";
  for (const GoldenMessage& message : messages) {
    text += "\n" + Heading(message) + Hex(FrameOf(message));
  }
  return text;
}

// The lines below a heading.
std::string Section(const std::string& text, const std::string& heading) {
  const size_t at = text.find(heading);
  if (at == std::string::npos) return "";
  const size_t from = at + heading.size();
  const size_t to = text.find("\n\n", from);
  return text.substr(from, to == std::string::npos ? to : to + 1 - from);
}

struct Golden {
  std::string path;
  std::vector<GoldenMessage> messages;
};

std::vector<Golden> AllGolden() {
  return {{"tests/schemas/golden/requests.hex", GoldenRequests()},
          {"tests/schemas/golden/replies.hex", GoldenReplies()}};
}

TEST(GoldenTest, EveryTypeIsThere) {
  std::set<MessageType> types;
  for (const Golden& golden : AllGolden()) {
    for (const GoldenMessage& message : golden.messages) types.insert(message.type);
  }
  for (const MessageType type : EnumValuesMessageType()) {
    EXPECT_EQ(types.count(type), type == MessageType::none ? 0U : 1U) << EnumNameMessageType(type);
  }
}

TEST(GoldenTest, BytesAreAsTheyWere) {
  for (const Golden& golden : AllGolden()) {
    const std::string text = GoldenText(golden.messages);
    if (std::getenv("KUNDIG_UPDATE_GOLDEN") != nullptr) {
      std::ofstream(SourcePath(golden.path)) << text;
    }
    const std::string kept = ReadText(golden.path);
    for (const GoldenMessage& message : golden.messages) {
      EXPECT_EQ(Section(kept, Heading(message)), Hex(FrameOf(message)))
          << golden.path << ", " << message.name << "\n"
          << kWhatToDo;
    }
    EXPECT_EQ(kept, text) << golden.path << "\n" << kWhatToDo;
  }
}

TEST(GoldenTest, KeptBytesCanBeReadAndWrittenAgain) {
  for (const Golden& golden : AllGolden()) {
    const std::string kept = ReadText(golden.path);
    for (const GoldenMessage& message : golden.messages) {
      const Bytes bytes = FromHex(Section(kept, Heading(message)));
      FrameReader reader(kMaxFrameBytes);
      ASSERT_LE(bytes.size(), reader.Writable().size());
      std::copy(bytes.begin(), bytes.end(), reader.Writable().begin());
      reader.Commit(bytes.size());
      const auto frame = reader.Next();
      ASSERT_TRUE(frame) << message.name << ": " << Describe(reader.error());
      EXPECT_EQ(frame->header.type, static_cast<uint8_t>(message.type));
      EXPECT_EQ(frame->header.request_id, message.request_id);
      const Bytes payload(frame->payload.begin(), frame->payload.end());
      EXPECT_EQ(message.rewrite(payload), payload) << message.name;
    }
  }
}

// In schemas/README.md, "<!-- golden NAME -->" stands before a block that shows that frame.
TEST(GoldenTest, ReadmeShowsTheseBytes) {
  const std::string readme = ReadText("schemas/README.md");
  const std::string mark = "<!-- golden ";
  int shown = 0;
  for (size_t at = readme.find(mark); at != std::string::npos; at = readme.find(mark, at + 1)) {
    const size_t from = at + mark.size();
    const std::string name = readme.substr(from, readme.find(" -->", from) - from);
    const size_t open = readme.find("```\n", at) + 4;
    const std::string block = readme.substr(open, readme.find("```", open) - open);
    bool known = false;
    for (const Golden& golden : AllGolden()) {
      for (const GoldenMessage& message : golden.messages) {
        if (message.name != name) continue;
        known = true;
        EXPECT_EQ(block, Hex(FrameOf(message))) << "schemas/README.md, " << name;
      }
    }
    EXPECT_TRUE(known) << "schemas/README.md shows a message of no name: " << name;
    ++shown;
  }
  EXPECT_GE(shown, 2);
}

}  // namespace
}  // namespace kundig::wire
