#include "engine/producer_table.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

namespace kundig::engine {
namespace {

// Numbers in the byte order of the machine, which the snapshot's format fixes as little-endian;
// texts with their length in front.
class ProducerWriter {
 public:
  template <typename T>
  void Number(T value) {
    static_assert(std::is_integral_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void Text(std::string_view text) {
    Number(static_cast<uint32_t>(text.size()));
    bytes_.append(text);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what ProducerWriter wrote; after a failure everything is zero and empty.
class ProducerReader {
 public:
  explicit ProducerReader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T Number() {
    T value{};
    if (!Has(sizeof(T))) return value;
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view Text() {
    const auto size = Number<uint32_t>();
    if (!Has(size)) return {};
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  // For a count of things of which each takes a byte at least.
  uint32_t Count() {
    const auto count = Number<uint32_t>();
    return Has(count) ? count : 0;
  }
  bool failed() const { return failed_; }
  std::string_view rest() const { return rest_; }

 private:
  bool Has(size_t bytes) {
    failed_ = failed_ || bytes > rest_.size();
    return !failed_;
  }

  std::string_view rest_;
  bool failed_ = false;
};

void SaveAnswer(const ApplyAnswer& answer, ProducerWriter* out) {
  out->Number(answer.state.journal_sequence);
  out->Number(answer.state.ranking_version);
  out->Number(answer.state.as_of.since_epoch);
  out->Number(answer.applied);
  out->Number(answer.replaced);
  out->Number(answer.unchanged);
  out->Number(answer.refused_more);
  out->Number(static_cast<uint32_t>(answer.refused.size()));
  for (const RefusedEvent& refused : answer.refused) {
    out->Number(refused.index);
    out->Number(static_cast<uint8_t>(refused.error.code));
    out->Text(refused.error.message);
    out->Text(refused.error.field);
  }
}

ApplyAnswer LoadAnswer(ProducerReader* in) {
  ApplyAnswer answer;
  answer.state.journal_sequence = in->Number<uint64_t>();
  answer.state.ranking_version = in->Number<uint64_t>();
  answer.state.as_of = Day{in->Number<int32_t>()};
  answer.applied = in->Number<uint32_t>();
  answer.replaced = in->Number<uint32_t>();
  answer.unchanged = in->Number<uint32_t>();
  answer.refused_more = in->Number<uint32_t>();
  for (uint32_t left = in->Count(); left > 0; --left) {
    RefusedEvent refused;
    refused.index = in->Number<uint32_t>();
    refused.error.code = static_cast<ErrorCode>(in->Number<uint8_t>());
    refused.error.message = in->Text();
    refused.error.field = in->Text();
    answer.refused.push_back(std::move(refused));
  }
  return answer;
}

size_t RefusalBytes(const ApplyAnswer& answer) {
  size_t bytes = 0;
  for (const RefusedEvent& refused : answer.refused) {
    bytes += sizeof(refused) + refused.error.message.size() + refused.error.field.size();
  }
  return bytes;
}

}  // namespace

ProducerTable::Verdict ProducerTable::Look(const BatchName& name, ApplyAnswer* answer) const {
  const auto found = by_name_.find(name.producer);
  if (found == by_name_.end()) return Verdict::kNew;
  const Producer& producer = *found->second;
  if (const auto kept = producer.answers.find(name.batch); kept != producer.answers.end()) {
    *answer = kept->second;
    answer->repeated = true;
    return Verdict::kKnown;
  }
  return producer.forgotten && name.batch <= *producer.forgotten ? Verdict::kTooOld : Verdict::kNew;
}

ProducerTable::Producer* ProducerTable::Find(std::string_view name) {
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    producers_.splice(producers_.end(), producers_, found->second);
    return &producers_.back();
  }
  if (producers_.size() == kMaxProducers) {
    for (const auto& [batch, answer] : producers_.front().answers) Forget(answer);
    by_name_.erase(producers_.front().name);
    producers_.pop_front();
  }
  producers_.push_back({.name = std::string(name), .forgotten = {}, .answers = {}});
  by_name_.emplace(producers_.back().name, std::prev(producers_.end()));
  return &producers_.back();
}

void ProducerTable::Forget(const ApplyAnswer& answer) {
  refusal_bytes_ -= RefusalBytes(answer);
}

void ProducerTable::Keep(Producer* producer, uint64_t batch, ApplyAnswer answer) {
  const auto [place, is_new] = producer->answers.try_emplace(batch);
  if (!is_new) Forget(place->second);
  size_t kept = std::min(answer.refused.size(), kKeptRefusals);
  if (refusal_bytes_ > kMaxKeptRefusalBytes) kept = 0;
  answer.refused_more += static_cast<uint32_t>(answer.refused.size() - kept);
  answer.refused.resize(kept);
  answer.refused.shrink_to_fit();
  refusal_bytes_ += RefusalBytes(answer);
  place->second = std::move(answer);
}

void ProducerTable::Remember(const BatchName& name, const ApplyAnswer& answer) {
  if (name.producer.empty()) return;
  Producer* producer = Find(name.producer);
  Keep(producer, name.batch, answer);
  if (producer->answers.size() > kKeptBatches) {
    producer->forgotten = producer->answers.begin()->first;
    Forget(producer->answers.begin()->second);
    producer->answers.erase(producer->answers.begin());
  }
}

std::string ProducerTable::Save() const {
  ProducerWriter out;
  out.Number(static_cast<uint32_t>(producers_.size()));
  for (const Producer& producer : producers_) {
    out.Text(producer.name);
    out.Number(static_cast<uint8_t>(producer.forgotten.has_value()));
    out.Number(producer.forgotten.value_or(0));
    out.Number(static_cast<uint32_t>(producer.answers.size()));
    for (const auto& [batch, answer] : producer.answers) {
      out.Number(batch);
      SaveAnswer(answer, &out);
    }
  }
  return out.Take();
}

std::optional<Error> ProducerTable::Load(std::string_view* bytes) {
  producers_.clear();
  by_name_.clear();
  refusal_bytes_ = 0;
  ProducerReader in(*bytes);
  for (uint32_t left = in.Count(); left > 0 && !in.failed(); --left) {
    Producer* producer = Find(in.Text());
    const bool has_forgotten = in.Number<uint8_t>() != 0;
    const auto forgotten = in.Number<uint64_t>();
    if (has_forgotten) producer->forgotten = forgotten;
    for (uint32_t answers = in.Count(); answers > 0 && !in.failed(); --answers) {
      const auto batch = in.Number<uint64_t>();
      Keep(producer, batch, LoadAnswer(&in));
    }
  }
  if (!in.failed()) {
    *bytes = in.rest();
    return std::nullopt;
  }
  return Error{.code = ErrorCode::kDamaged,
               .message = "the table of producers is damaged; restore a backup",
               .field = "producers",
               .position = {}};
}

}  // namespace kundig::engine
