// The half of a shard that comes from a snapshot or from another book: rows as they were, and all
// that follows from them.

#include <algorithm>
#include <string>

#include "engine/check.h"
#include "engine/customer_part.h"
#include "engine/hash.h"
#include "engine/limits.h"
#include "engine/shard.h"

namespace kundig::engine {
namespace {

bool NamesAreKnown(const CustomerFigures& figures, const CustomerNames& names) {
  return figures.country <= names.countries.size() && figures.region <= names.regions.size() &&
         figures.owner <= names.owners.size();
}

// Of packed entries those up to this day, as they were on it: a complaint that was closed later was
// open.
void AppendEntriesThrough(std::string_view entries, Day through, std::string* kept) {
  for (size_t at = 0, size = 0; at < entries.size(); at += size) {
    const auto* packed = reinterpret_cast<const uint8_t*>(entries.data() + at);
    size = PackedSize(packed);
    if (PackedDay(packed) > through) continue;
    HistoryEntry entry;
    if (IsOfKind(packed, EntryKind::kComplaint) && Unpack(packed, &entry) &&
        entry.closed > through) {
      entry.closed.reset();
      const PackedEntry open(entry);
      kept->append(reinterpret_cast<const char*>(open.bytes()), open.size());
    } else {
      kept->append(entries.substr(at, size));
    }
  }
}

}  // namespace

bool Shard::LoadPart(const CustomerPart& part, uint32_t first, const ApplyContext& context) {
  const auto rows = static_cast<uint32_t>(part.live.size());
  if (first != rows_) return false;
  TextCursor next_id(part.ids), next_history(part.histories);
  ApplyContext of_customer = context;
  size_t place = 0;
  for (uint32_t at = first; at < first + rows; ++at) {
    MakeRoom(at);
    rows_ = at + 1;
    if (part.live[at - first] == 0) continue;
    const std::string_view customer = next_id.Next(), history = next_history.Next();
    if (customer.empty() || customer.size() > kMaxIdBytes) return false;
    of_customer.hash = HashBytes(customer);
    Erase(engine::Erase{customer}, of_customer);
    if (!LoadRow(at, part, place++, customer, history, of_customer)) return false;
  }
  return true;
}

bool Shard::LoadRow(uint32_t at, const CustomerPart& part, size_t place, std::string_view customer,
                    std::string_view history, const ApplyContext& context) {
  CustomerRow& row = RowAt(at);
  part.ReadAttributes(place, &row);
  if (!NamesAreKnown(row, *context.names)) return false;
  row.live = true;
  row.short_id = ShortId(customer);
  bool sound = false;
  row.history = History(row.short_id.bytes > 0 ? std::string_view() : customer, history, &sound);
  if (!sound) return false;
  MeasureAll(at, *context.rules, context.today);
  context.counts->Add(RankedOf(row, context.rules->settings().rfm));
  BlockOf(at).StoreAll(at % kBlockRows);
  index_.Insert(context.hash, RowIndex{at});
  return true;
}

void Shard::TakeRows(const CopiedRows& copied, std::optional<Day> through,
                     const ApplyContext& context) {
  ApplyContext of_customer = context;
  const auto remove = [&](std::string_view customer) {
    of_customer.hash = HashBytes(customer);
    Erase(engine::Erase{customer}, of_customer);
  };
  // All first: a customer may have gone to a row whose customer has gone elsewhere.
  for (const uint32_t at : copied.rows) {
    MakeRoom(at);
    rows_ = std::max(rows_, at + 1);
    if (row(at).live) remove(row(at).customer());
  }
  TextCursor next_id(copied.part.ids), next_history(copied.part.histories);
  std::string kept;
  size_t place = 0;
  for (size_t i = 0; i < copied.rows.size(); ++i) {
    const uint32_t at = copied.rows[i];
    BlockOf(at).changed_at[at % kBlockRows] = copied.changed_at[i];
    if (copied.part.live[i] == 0) continue;
    const std::string_view customer = next_id.Next();
    std::string_view history = next_history.Next();
    const size_t of_part = place++;
    remove(customer);
    if (through) {
      kept.clear();
      AppendEntriesThrough(history, *through, &kept);
      if (kept.empty()) continue;
      history = kept;
    }
    KUNDIG_CHECK(LoadRow(at, copied.part, of_part, customer, history, of_customer));
    CustomerRow& row = RowAt(at);
    row.history = row.short_id.bytes > 0 ? History() : History(customer);
    if (through) {
      // What was kept at a later day close, and an owner who came later, are not of that day.
      row.closed_class = kNoClass;
      for (ColumnDay& change : row.owner_changes) {
        if (change > ToColumn(*through)) change = kNoDay;
      }
      std::sort(row.owner_changes.begin(), row.owner_changes.end());
      BlockOf(at).StoreClosedClass(at % kBlockRows);
    }
  }
  // Nobody takes a row here, and no window rolls.
  free_rows_.clear();
  rows_on_day_.Clear();
}

void Shard::EndLoading() {
  while (rows_ > 0 && !row(rows_ - 1).live) --rows_;
  free_rows_.clear();
  for (uint32_t at = rows_; at-- > 0;) {
    if (!row(at).live) free_rows_.push_back(at);
  }
}

}  // namespace kundig::engine
