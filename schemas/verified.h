// The one way from bytes of the network to a FlatBuffers message.
//
// Says nullptr to what is not sound: then nothing of it may be read. What it does not say:
//   - A union member with an unknown tag is taken as sound, and so is every number of an enum;
//     whoever decodes rejects those (server/decode for events).
//   - A nested buffer would be verified with FlatBuffers' default limits; the schemas have none.
//   - Ranges, lengths of texts, UTF-8 and counts of elements are the decoder's, too.
// The frame's checksum comes first (frame.h); this only guards against a wrong or hostile peer.
//
// Thread safety: a pure function.

#ifndef KUNDIG_SCHEMAS_VERIFIED_H_
#define KUNDIG_SCHEMAS_VERIFIED_H_

#include <flatbuffers/flatbuffers.h>

#include <cstdint>
#include <span>

#include "schemas/limits.h"

namespace kundig::wire {

// The root of `payload` as a message of type T, which lives as long as `payload`; nullptr where it
// is unsound, too short, longer than any frame may be, or its address is not a multiple of
// `kAlignment`, the largest scalar of the message (a FrameReader's payload and memory from operator
// new are; memory inside a FlatBufferBuilder need not be).
template <typename T, size_t kAlignment = kPayloadScalarAlignment>
const T* VerifiedRoot(std::span<const uint8_t> payload) {
  if (payload.size() < kMinPayloadBytes || payload.size() > kLargestMaxFrameBytes) return nullptr;
  // The verifier checks offsets from the start, never the start itself.
  if (reinterpret_cast<uintptr_t>(payload.data()) % kAlignment != 0) return nullptr;
  flatbuffers::Verifier::Options options;
  options.max_depth = kMaxVerifyDepth;
  options.max_tables = kMaxVerifyTables;
  flatbuffers::Verifier verifier(payload.data(), payload.size(), options);
  if (!verifier.VerifyBuffer<T>(nullptr)) return nullptr;
  return flatbuffers::GetRoot<T>(payload.data());
}

}  // namespace kundig::wire

#endif  // KUNDIG_SCHEMAS_VERIFIED_H_
