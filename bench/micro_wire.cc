// The wire: checksums, frames, and the way from bytes to judged values.

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "bench/micro.h"
#include "client/event_batch.h"
#include "client/message.h"
#include "client/order_batch.h"
#include "schemas/crc32c.h"
#include "schemas/frame.h"
#include "schemas/profile_generated.h"
#include "server/decode.h"
#include "server/decode_events.h"
#include "server/decode_orders.h"

namespace kundig::bench {
namespace {

constexpr int64_t kAtMs = 1'767'168'000'000;

// Memory as a FrameReader gives it: the payload of a frame lies on a 16-byte boundary.
class Payload {
 public:
  explicit Payload(const std::vector<uint8_t>& bytes) : storage_((bytes.size() + 15) / 16) {
    std::memcpy(storage_.data(), bytes.data(), bytes.size());
    bytes_ = bytes.size();
  }
  std::span<const uint8_t> span() const {
    return {reinterpret_cast<const uint8_t*>(storage_.data()), bytes_};
  }

 private:
  struct alignas(16) Block {
    uint8_t bytes[16];
  };
  std::vector<Block> storage_;
  size_t bytes_ = 0;
};

std::vector<std::string> Ids(size_t count) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < count; ++i) ids.push_back("C" + std::to_string(10'000'000 + i));
  return ids;
}

std::vector<uint8_t> RandomBytes(size_t count) {
  std::mt19937 random(1);
  std::vector<uint8_t> bytes(count);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<uint8_t>(random()); });
  return bytes;
}

void Crc32c(benchmark::State& state) {
  const std::vector<uint8_t> bytes = RandomBytes(static_cast<size_t>(state.range(0)));
  constexpr std::string_view kCheck = "123456789";  // the checksum's published check value
  const std::vector<uint8_t> check(kCheck.begin(), kCheck.end());
  Prove(wire::Crc32c(check) == 0xe3069283, "CRC32C of 123456789");
  Prove(wire::Crc32c(bytes) == wire::Crc32cPortable(bytes, 0), "both ways give one checksum");
  Time(state, 1, bytes.size(), [&] { benchmark::DoNotOptimize(wire::Crc32c(bytes)); });
}
BENCHMARK(Crc32c)->Arg(64)->Arg(4 << 10)->Arg(64 << 10);

// 64 frames in one read, as a client that pipelines sends them.
void FrameParse(benchmark::State& state) {
  constexpr uint32_t kFrames = 64;
  const std::vector<uint8_t> payload = RandomBytes(static_cast<size_t>(state.range(0)));
  std::vector<uint8_t> stream;
  for (uint32_t id = 0; id < kFrames; ++id) wire::AppendFrame(1, id, payload, &stream);
  wire::FrameReader reader(1u << 20);
  const auto parse = [&] {
    uint32_t frames = 0;
    for (size_t given = 0; given < stream.size();) {
      const std::span<uint8_t> room = reader.Writable();
      const size_t count = std::min(room.size(), stream.size() - given);
      std::memcpy(room.data(), stream.data() + given, count);
      reader.Commit(count);
      given += count;
      while (const auto frame = reader.Next()) {
        if (frame->header.request_id == frames && frame->payload.size() == payload.size()) ++frames;
      }
    }
    return frames;
  };
  Prove(parse() == kFrames && !reader.mid_frame(), "every frame comes out once, in order");
  Time(state, kFrames, stream.size(), [&] { benchmark::DoNotOptimize(parse()); });
}
BENCHMARK(FrameParse)->Arg(48)->Arg(2 << 10)->Arg(50 << 10);

// From the payload to ids that are verified and judged.
void DecodeIds(benchmark::State& state) {
  const std::vector<std::string> ids = Ids(static_cast<size_t>(state.range(0)));
  wire::ProfilesRequestT request;
  request.customers = ids;
  const Payload payload(client::Packed(request));
  std::vector<std::string_view> decoded;
  const auto decode = [&] {
    decoded.clear();
    return !server::DecodeProfiles(payload.span(), 10'000, &decoded);
  };
  Prove(decode() && std::equal(ids.begin(), ids.end(), decoded.begin(), decoded.end()),
        "the ids as they were sent");
  Time(state, ids.size(), payload.span().size(), [&] { benchmark::DoNotOptimize(decode()); });
}
BENCHMARK(DecodeIds)->Arg(1)->Arg(100)->Arg(1000);

void DecodeOrderColumns(benchmark::State& state) {
  const std::vector<std::string> ids = Ids(static_cast<size_t>(state.range(0)));
  client::OrderBatch batch;
  for (const std::string& id : ids) batch.Add(id, "o-" + id, kAtMs, 1250, 2);
  const Payload payload(batch.Packed(batch.All()));
  server::DecodedOrders decoded;
  const auto decode = [&] { return !server::DecodeOrders(payload.span(), 10'000, &decoded); };
  Prove(decode() && decoded.events.size() == ids.size() && decoded.refused.empty(),
        "every order of the batch");
  for (size_t i = 0; i < ids.size(); ++i) {
    Prove(decoded.events[i].customer == ids[i] && decoded.events[i].revenue == engine::Minor{1250},
          "the orders as they were sent");
  }
  Time(state, ids.size(), payload.span().size(), [&] { benchmark::DoNotOptimize(decode()); });
}
BENCHMARK(DecodeOrderColumns)->Arg(1000);

void DecodeOrderEvents(benchmark::State& state) {
  const std::vector<std::string> ids = Ids(static_cast<size_t>(state.range(0)));
  client::EventBatch batch;
  for (const std::string& id : ids) batch.Order(id, "o-" + id, kAtMs, 1250, 2);
  const Payload payload(batch.Packed({0, batch.size()}));
  server::DecodedBatch decoded;
  const auto decode = [&] {
    decoded.Clear();
    return !server::DecodeEvents(payload.span(), 10'000, &decoded);
  };
  Prove(decode() && decoded.events.size() == ids.size() && decoded.refused.empty(),
        "every event of the batch");
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto* order = std::get_if<engine::OrderPlaced>(&decoded.events[i]);
    Prove(order != nullptr && order->customer == ids[i] && order->revenue == engine::Minor{1250},
          "the orders as they were sent");
  }
  Time(state, ids.size(), payload.span().size(), [&] { benchmark::DoNotOptimize(decode()); });
}
BENCHMARK(DecodeOrderEvents)->Arg(1000);

}  // namespace
}  // namespace kundig::bench

BENCHMARK_MAIN();
