// The records that a loaded book is completed by (replay_marks.h).
//
// Whether an event was loaded already is a question of the record alone, not of the place in it: a
// part shows its customers after a whole record. So what was loaded is left out first, and the rest
// is applied as ever. Only an erasure is taken by itself, because it concerns a customer and leads,
// which come from different parts.

#include <type_traits>
#include <variant>
#include <vector>

#include "engine/book_impl.h"
#include "engine/check.h"
#include "engine/hash.h"

namespace kundig::engine {

template <typename Body>
bool Book::Impl::IsLoaded(uint64_t record, const Body& body) const {
  if constexpr (std::is_same_v<Body, Event>) {
    return std::visit([&](const auto& one) { return IsLoaded(record, one); }, body);
  } else if constexpr (std::is_same_v<Body, LeadSet> || std::is_same_v<Body, LeadClosed>) {
    return replaying_->HasLead(body.lead, record);
  } else {
    const uint64_t hash = HashBytes(body.customer);
    const std::optional<RowIndex> row = ShardOf(hash).Find(body.customer, hash);
    return row && replaying_->shards[ShardNumber(hash)].Has(*row, record);
  }
}

void Book::Impl::ReplayErase(uint64_t record, const engine::Erase& event) {
  const StateLock::Write write(&lock_);
  leads_.EraseOf(event.customer,
                 [&](std::string_view lead) { return replaying_->HasLead(lead, record); });
  if (IsLoaded(record, event)) return SettleLeadsOf(event.customer, sequence_);
  ApplyContext context = Context(&counts_);
  context.hash = HashBytes(event.customer);
  ShardOf(context.hash).Erase(event, context);
}

template <typename AnyEvent>
void Book::Impl::Replay(uint64_t record, std::span<const AnyEvent> events, Growth growth) {
  KUNDIG_CHECK(replaying_ && record == replaying_->next_record);
  std::vector<AnyEvent> missing;
  for (const AnyEvent& event : events) {
    if constexpr (std::is_same_v<AnyEvent, Event>) {
      if (const engine::Erase* erase = std::get_if<engine::Erase>(&event)) {
        Apply(std::span<const AnyEvent>(missing), growth);
        missing.clear();
        ReplayErase(record, *erase);
        continue;
      }
    }
    if (!IsLoaded(record, event)) missing.push_back(event);
  }
  Apply(std::span<const AnyEvent>(missing), growth);
  EndRecord(record);
}

template void Book::Impl::Replay(uint64_t record, std::span<const Event> events, Growth growth);
template void Book::Impl::Replay(uint64_t record, std::span<const OrderPlaced> events,
                                 Growth growth);

void Book::Impl::ReplayDay(uint64_t record, Day day) {
  KUNDIG_CHECK(replaying_ && record == replaying_->next_record);
  // Refused then is refused now: the day is the same as it was.
  static_cast<void>(AdvanceDay(day));
  EndRecord(record);
}

void Book::Impl::ReplayFit(uint64_t record, const AdoptedFit& fit) {
  KUNDIG_CHECK(replaying_ && record == replaying_->next_record);
  AdoptFit(fit);
  EndRecord(record);
}

void Book::Impl::EndRecord(uint64_t record) {
  ++replaying_->next_record;
  if (record == replaying_->end_record) EndReplay();
}

void Book::Impl::EndReplay() {
  const StateLock::Write write(&lock_);
  // What was left out has its places in the sequence, too.
  sequence_ = figures_changed_at_ = first_cursor_sequence_ = replaying_->end_sequence;
  replaying_.reset();
  ranking_ = NewRanking();
}

}  // namespace kundig::engine
