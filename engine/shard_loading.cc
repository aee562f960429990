// The half of a shard that comes from a snapshot: rows as they were, and all that follows from
// them.

#include <algorithm>

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

    CustomerRow& row = RowAt(at);
    part.ReadAttributes(place++, &row);
    if (!NamesAreKnown(row, *context.names)) return false;
    row.live = true;
    row.short_id = ShortId(customer);
    bool sound = false;
    row.history = History(row.short_id.bytes > 0 ? std::string_view() : customer, history, &sound);
    if (!sound) return false;
    MeasureAll(at, *context.rules, context.today);
    context.counts->Add(RankedOf(row, context.rules->settings().rfm));
    BlockOf(at).StoreAll(at % kBlockRows);
    index_.Insert(of_customer.hash, RowIndex{at});
  }
  return true;
}

void Shard::EndLoading() {
  while (rows_ > 0 && !row(rows_ - 1).live) --rows_;
  free_rows_.clear();
  for (uint32_t at = rows_; at-- > 0;) {
    if (!row(at).live) free_rows_.push_back(at);
  }
}

}  // namespace kundig::engine
