// Fuzzes the frame reader: any bytes, in any pieces.
//
// The input is a script. A byte below 64 makes a sound frame; the next byte says how long its
// payload is, in bytes, or in kilobytes where the first is below 8, and the bytes that follow fill
// it as far as the input goes. Other bytes bring 8 times their low 3 bits of the input onto the
// stream as they are. So broken bytes come behind sound frames, which random input alone would
// never make. Another reader gets the same stream in one go: the pieces must make no difference.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "schemas/frame.h"
#include "schemas/limits.h"

namespace {

using kundig::wire::AppendFrame;
using kundig::wire::Frame;
using kundig::wire::FrameError;
using kundig::wire::FrameReader;

using Bytes = std::vector<uint8_t>;

// Frames of the script go above it, and above what a reader holds at first.
constexpr uint32_t kLimitBytes = 200 << 10;
static_assert(kLimitBytes > kundig::wire::kReadChunkBytes);

void Check(bool holds) {
  if (!holds) std::abort();
}

struct Script {
  Bytes stream;
  Bytes pieces;  // lengths of the reads, used in turn
};

Script ReadScript(std::span<const uint8_t> input) {
  Script script;
  const auto take = [&](size_t count) {
    const auto taken = input.first(std::min(count, input.size()));
    input = input.subspan(taken.size());
    return taken;
  };
  const auto pieces = take(4);
  script.pieces.assign(pieces.begin(), pieces.end());
  while (!input.empty()) {
    const uint8_t command = take(1).front();
    if (command >= 64) {
      const auto raw = take(size_t{8} * (command & 7U));
      script.stream.insert(script.stream.end(), raw.begin(), raw.end());
      continue;
    }
    const size_t number = input.empty() ? 0 : take(1).front();
    const size_t length = kundig::wire::kMinPayloadBytes + (command < 8 ? number << 10 : number);
    const auto given = take(std::min(length, size_t{64}));
    Bytes payload(given.begin(), given.end());
    payload.resize(length);
    AppendFrame(command, static_cast<uint32_t>(number), payload, &script.stream);
  }
  return script;
}

struct Outcome {
  Bytes frames;  // as they would be written again
  FrameError error = FrameError::kNone;
};

// With `in_place`, frames of a type below 32 are taken where they lie, as far as they are aligned.
Outcome ReadInPieces(std::span<const uint8_t> stream, std::span<const uint8_t> pieces,
                     bool in_place) {
  Outcome outcome;
  FrameReader reader(kLimitBytes);
  size_t fed = 0;
  size_t largest_bytes = 0;  // ever received and not given out
  for (size_t turn = 0; fed < stream.size() && reader.error() == FrameError::kNone; ++turn) {
    const std::span<uint8_t> room = reader.Writable();
    Check(!room.empty());
    Check(reader.buffer_bytes() <= kundig::wire::kFrameHeaderBytes + kLimitBytes);
    Check(reader.buffer_bytes() <= std::max(kundig::wire::kReadChunkBytes, 2 * largest_bytes));
    size_t count = std::min(room.size(), stream.size() - fed);
    if (!pieces.empty()) count = std::min(count, size_t{1} + pieces[turn % pieces.size()]);
    std::copy_n(stream.begin() + static_cast<ptrdiff_t>(fed), count, room.begin());
    reader.Commit(count);
    fed += count;
    largest_bytes = std::max(largest_bytes, fed - outcome.frames.size());
    std::vector<Frame> run;
    const auto write_run = [&] {
      for (const Frame& frame : run) {
        AppendFrame(frame.header.type, frame.header.request_id, frame.payload, &outcome.frames,
                    frame.header.version);
      }
      run.clear();
    };
    for (;;) {
      for (uint8_t type = 0; in_place && type < 32; ++type) {
        const auto frame = reader.NextInPlace(kundig::wire::kProtocolVersion, type, 4);
        if (!frame) continue;
        Check(reinterpret_cast<uintptr_t>(frame->payload.data()) % 4 == 0);
        run.push_back(*frame);
        type = UINT8_MAX;  // again from the first
      }
      // Only now: those of a run stay as they were until here.
      write_run();
      const std::optional<Frame> frame = reader.Next();
      if (!frame) break;
      Check(reinterpret_cast<uintptr_t>(frame->payload.data()) % kundig::wire::kPayloadAlignment ==
            0);
      Check(frame->payload.size() == frame->header.payload_bytes);
      Check(frame->payload.size() >= kundig::wire::kMinPayloadBytes);
      Check(frame->payload.size() <= kLimitBytes);
      AppendFrame(frame->header.type, frame->header.request_id, frame->payload, &outcome.frames,
                  frame->header.version);
    }
  }
  outcome.error = reader.error();
  Check((outcome.error != FrameError::kNone) == reader.faulty_header().has_value());
  // What was given out is a prefix of what came, and all of it where nothing is left over.
  Check(outcome.frames.size() <= stream.size());
  Check(std::equal(outcome.frames.begin(), outcome.frames.end(), stream.begin()));
  if (outcome.error == FrameError::kNone && !reader.mid_frame()) {
    Check(outcome.frames.size() == stream.size());
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Script script = ReadScript({data, size});
  const Outcome whole = ReadInPieces(script.stream, {}, false);
  for (const bool in_place : {false, true}) {
    const Outcome pieces = ReadInPieces(script.stream, script.pieces, in_place);
    Check(pieces.frames == whole.frames);
    Check(pieces.error == whole.error);
  }
  return 0;
}
