#include "tools/import_attributes.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kundig::tools {

AttributeMerge::AttributeMerge(size_t memory_bytes, int depth)
    : memory_bytes_(memory_bytes), depth_(depth) {
  Forget();
}

AttributeMerge::~AttributeMerge() = default;

Outcome<void> AttributeMerge::Set(std::string_view customer, const AttributeTexts& texts,
                                  uint64_t line) {
  Lines lines;
  lines.fill(line);
  return Merge(customer, texts, lines);
}

Outcome<void> AttributeMerge::Merge(std::string_view customer, const AttributeTexts& texts,
                                    const Lines& lines) {
  if (used_bytes_ > memory_bytes_ && depth_ < kMaxSpillDepth) {
    const auto done = Spill();
    if (done.has_error()) return done.error();
  }
  if (states_.empty() || states_[last_].customer != customer) {
    const auto found = places_.find(customer);
    if (found != places_.end()) {
      last_ = found->second;
    } else {
      State state;
      state.customer = Keep(customer);
      last_ = states_.size();
      places_.emplace(state.customer, last_);
      states_.push_back(state);
      used_bytes_ += sizeof(State) + kIndexBytes;
    }
  }
  State& state = states_[last_];
  for (size_t i = 0; i < kOrderAttributes; ++i) {
    if (texts[i].empty() || lines[i] < state.lines[i]) continue;
    state.lines[i] = lines[i];
    if (state.texts[i] == texts[i]) continue;
    auto value = values_.find(texts[i]);
    if (value == values_.end()) {
      const std::string_view kept = Keep(texts[i]);
      value = values_.emplace(kept, kept).first;
      used_bytes_ += kIndexBytes;
    }
    state.texts[i] = value->second;
  }
  return {};
}

std::string_view AttributeMerge::Keep(std::string_view text) {
  char* const bytes = static_cast<char*>(texts_->allocate(text.size(), 1));
  std::memcpy(bytes, text.data(), text.size());
  used_bytes_ += text.size();
  return {bytes, text.size()};
}

Outcome<void> AttributeMerge::Spill() {
  if (!spill_) spill_.emplace(depth_);
  std::string record;
  for (const State& state : states_) {
    record.clear();
    AppendRecordText(state.customer, &record);
    for (size_t i = 0; i < kOrderAttributes; ++i) {
      AppendVarint(state.lines[i], &record);
      AppendRecordText(state.texts[i], &record);
    }
    const auto done = spill_->Write(state.customer, record);
    if (done.has_error()) return done.error();
  }
  Forget();
  return {};
}

void AttributeMerge::Forget() {
  places_ = {};
  values_ = {};
  states_.clear();
  last_ = 0;
  used_bytes_ = 0;
  texts_ = std::make_unique<std::pmr::monotonic_buffer_resource>();
}

Outcome<void> AttributeMerge::Finish(const Emit& emit) {
  if (!spill_) {
    for (const State& state : states_) {
      auto done = emit(state.customer, state.texts,
                       *std::max_element(state.lines.begin(), state.lines.end()));
      if (done.has_error()) return done;
    }
    return {};
  }
  auto done = Spill();
  for (size_t partition = 0; partition < kSpillPartitions && done.has_value(); ++partition) {
    AttributeMerge part(memory_bytes_, depth_ + 1);
    done = spill_->Read(partition, [&part](std::string_view record) {
      RecordReader reader(record);
      const std::string_view customer = reader.Text();
      AttributeTexts texts;
      Lines lines;
      for (size_t i = 0; i < kOrderAttributes; ++i) {
        lines[i] = reader.Varint();
        texts[i] = reader.Text();
      }
      return part.Merge(customer, texts, lines);
    });
    if (done.has_value()) done = part.Finish(emit);
  }
  return done;
}

}  // namespace kundig::tools
