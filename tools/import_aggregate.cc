#include "tools/import_aggregate.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kundig::tools {

namespace {

void AppendPart(const OrderPart& part, std::string* out) {
  AppendRecordText(part.order, out);
  AppendRecordText(part.customer, out);
  AppendVarint(part.line, out);
  // Times before 1970 are negative: the sign goes to the lowest bit.
  AppendVarint((static_cast<uint64_t>(part.at_ms) << 1) ^ static_cast<uint64_t>(part.at_ms >> 63),
               out);
  part.amount.AppendTo(out);
  part.items.AppendTo(out);
  out->push_back(part.has_margin ? 1 : 0);
  if (part.has_margin) part.margin.AppendTo(out);
  for (const std::string_view text : part.attributes) AppendRecordText(text, out);
}

// The part points into the record. nullopt where the record is damaged.
std::optional<OrderPart> ReadPart(std::string_view record) {
  RecordReader reader(record);
  OrderPart part;
  part.order = reader.Text();
  part.customer = reader.Text();
  part.line = reader.Varint();
  const uint64_t at = reader.Varint();
  part.at_ms = static_cast<int64_t>((at >> 1) ^ (~(at & 1) + 1));
  const auto amount = Decimal::ReadFrom(reader.at(), reader.end());
  const auto items = Decimal::ReadFrom(reader.at(), reader.end());
  if (!amount || !items) return std::nullopt;
  part.amount = *amount;
  part.items = *items;
  part.has_margin = reader.Varint() != 0;
  if (part.has_margin) {
    const auto margin = Decimal::ReadFrom(reader.at(), reader.end());
    if (!margin) return std::nullopt;
    part.margin = *margin;
  }
  for (std::string_view& text : part.attributes) text = reader.Text();
  return part;
}

}  // namespace

OrderAggregate::OrderAggregate(size_t memory_bytes, Tally* tally, AttributeMerge* attributes,
                               int depth)
    : memory_bytes_(memory_bytes),
      tally_(tally),
      attributes_(attributes),
      depth_(depth),
      texts_(std::make_unique<std::pmr::monotonic_buffer_resource>()) {}

OrderAggregate::~OrderAggregate() = default;

Outcome<void> OrderAggregate::Add(const OrderPart& part) {
  if (!spill_ && used_bytes_ > memory_bytes_ && depth_ < kMaxSpillDepth) {
    const auto done = StartSpill();
    if (done.has_error()) return done.error();
  }
  if (!spill_) return Merge(part);
  record_.clear();
  AppendPart(part, &record_);
  return spill_->Write(part.order, record_);
}

OrderAggregate::State* OrderAggregate::Find(const OrderPart& part) {
  if (!orders_.empty() && orders_[last_].order == part.order) return &orders_[last_];
  const auto found = places_.find(part.order);
  if (found == places_.end()) return nullptr;
  last_ = found->second;
  return &orders_[last_];
}

Outcome<void> OrderAggregate::Merge(const OrderPart& part) {
  State* state = Find(part);
  if (state == nullptr) {
    State fresh;
    fresh.order = Keep(part.order);
    fresh.customer = !orders_.empty() && orders_.back().customer == part.customer
                         ? orders_.back().customer
                         : Keep(part.customer);
    fresh.line = part.line;
    fresh.at_ms = part.at_ms;
    fresh.amount = part.amount;
    fresh.items = part.items;
    fresh.margin = part.margin;
    fresh.has_margin = part.has_margin;
    last_ = orders_.size();
    places_.emplace(fresh.order, last_);
    orders_.push_back(fresh);
    used_bytes_ += sizeof(State) + kIndexBytes;
  } else if (state->customer != part.customer) {
    tally_->Skip(kOtherCustomer);
    return {};
  } else {
    State sum = *state;
    if (!sum.amount.Add(part.amount) || !sum.items.Add(part.items) ||
        !sum.margin.Add(part.margin)) {
      tally_->BadRow(part.line, "the sum of the order's rows needs more than 38 digits");
      return {};
    }
    sum.at_ms = std::min(sum.at_ms, part.at_ms);
    sum.has_margin = sum.has_margin || part.has_margin;
    *state = sum;
  }
  for (const std::string_view text : part.attributes) {
    if (!text.empty()) return attributes_->Set(part.customer, part.attributes, part.line);
  }
  return {};
}

std::string_view OrderAggregate::Keep(std::string_view text) {
  char* const bytes = static_cast<char*>(texts_->allocate(text.size(), 1));
  std::memcpy(bytes, text.data(), text.size());
  used_bytes_ += text.size();
  return {bytes, text.size()};
}

Outcome<void> OrderAggregate::StartSpill() {
  spill_.emplace(depth_);
  for (const State& state : orders_) {
    record_.clear();
    AppendPart(ToPart(state), &record_);
    const auto done = spill_->Write(state.order, record_);
    if (done.has_error()) return done.error();
  }
  places_ = {};
  orders_ = {};
  texts_.reset();
  used_bytes_ = 0;
  return {};
}

OrderPart OrderAggregate::ToPart(const State& state) {
  OrderPart part;
  part.order = state.order;
  part.customer = state.customer;
  part.line = state.line;
  part.at_ms = state.at_ms;
  part.amount = state.amount;
  part.items = state.items;
  part.margin = state.margin;
  part.has_margin = state.has_margin;
  return part;
}

Outcome<void> OrderAggregate::Finish(const Emit& emit) {
  if (!spill_) {
    for (const State& state : orders_) {
      auto done = emit(ToPart(state));
      if (done.has_error()) return done;
    }
    return {};
  }
  for (size_t partition = 0; partition < kSpillPartitions; ++partition) {
    OrderAggregate part(memory_bytes_, tally_, attributes_, depth_ + 1);
    auto done = spill_->Read(partition, [&part](std::string_view record) -> Outcome<void> {
      const auto read = ReadPart(record);
      if (!read) return Failure{"a temporary file of the import is damaged; import again"};
      return part.Add(*read);
    });
    if (done.has_value()) done = part.Finish(emit);
    if (done.has_error()) return done;
  }
  return {};
}

}  // namespace kundig::tools
