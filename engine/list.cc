#include "engine/list.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <utility>

#include "engine/block_filter.h"
#include "engine/block_scan.h"
#include "engine/check.h"
#include "engine/customer_view.h"
#include "engine/hash.h"
#include "engine/list_column.h"
#include "engine/scan_kernels.h"
#include "engine/wide.h"

namespace kundig::engine {
namespace {

constexpr size_t kCopyRows = 4096;  // rows copied by one piece of work

// A row of the list with its place in the order. Names are ordered by their rank among all names.
struct Candidate {
  int64_t number = 0;
  bool absent = false;
  uint32_t shard = 0;
  uint32_t row = 0;
};

// The place of a row, as a number that does not move with the day: days since something are counted
// backwards from a fixed day, so that the order stays that of the days.
class OrderKey {
 public:
  OrderKey(const ListPlan& plan, const ListSource& source) : plan_(plan) {
    if (IsNameField(plan.order_by)) ranks_ = NamesOf(*source.names, plan.order_by).Ranks();
  }

  void Read(const BookView& view, const CustomerBlock& block, uint32_t at,
            Candidate* candidate) const {
    if (plan_.order_by == CustomerField::kCustomer) return;  // the tie-break orders
    int64_t value = 0;
    if (IsJudgedField(plan_.order_by)) {
      const CustomerView customer(view, block.rows[at]);
      candidate->absent = !RowReader(customer).Number(Index(plan_.order_by), &value);
    } else {
      candidate->absent = !WithField(view, plan_.order_by, [&](auto value_of) {
        return value_of(ColumnFields(block, at), &value);
      });
    }
    if (candidate->absent) return;
    if (!ranks_.empty()) {
      value = ranks_[static_cast<size_t>(value)];
    } else if (IsDaysSince()) {
      value -= view.today.since_epoch;
    }
    candidate->number = value;
  }

  // The rows of `among` that may come before or beside one of this number in the order.
  Selection NotBehind(const BookView& view, const CustomerBlock& block, int64_t number,
                      const Selection& among) const {
    if (plan_.order_by == CustomerField::kCustomer || !ranks_.empty()) return among;
    if (IsDaysSince()) number += view.today.since_epoch;
    constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
    constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();
    return FieldInRange(view, block, plan_.order_by, plan_.descending ? number : kLowest,
                        plan_.descending ? kHighest : number, among);
  }

  bool IsDaysSince() const {
    return plan_.order_by == CustomerField::kRecencyDays ||
           plan_.order_by == CustomerField::kInactiveDays;
  }

 private:
  const ListPlan& plan_;
  std::vector<uint32_t> ranks_;
};

class Lister {
 public:
  Lister(const ListPlan& plan, const ListSource& source, ShardRunner* runner)
      : plan_(plan),
        source_(source),
        view_{source.rules, &source.ranking, source.names, source.today, source.churn},
        runner_(runner),
        filter_(plan.where, *source.rules, *source.names),
        key_(plan, source),
        bound_(plan.descending ? std::numeric_limits<int64_t>::min()
                               : std::numeric_limits<int64_t>::max()) {}

  Result<ListAnswer> Run();

 private:
  struct ShardPart {
    uint64_t customers = 0, no_consent = 0, contacted = 0;
    Wide revenue_total = 0;
    std::vector<Candidate> rows;
  };

  const CustomerRow& RowOf(const Candidate& candidate) const {
    return source_.shards[candidate.shard]->row(candidate.row);
  }
  std::string_view CustomerOf(const Candidate& candidate) const {
    return RowOf(candidate).customer();
  }
  // Ties are broken by id ascending, but where the id is what is asked for it has its own
  // direction.
  bool ByCustomerDescending() const {
    return plan_.order_by == CustomerField::kCustomer && plan_.descending;
  }
  bool Before(const Candidate& a, const Candidate& b) const;
  bool AfterCursor(const Candidate& candidate) const;
  // The rows of `among` with an activity that was asked for.
  Selection InActivities(const CustomerBlock& block, const Selection& among) const;
  // The rows of `among` that may be approached; the others are counted.
  Selection MayApproach(const CustomerBlock& block, Selection among, ShardPart* part) const;
  void ScanShard(uint32_t shard, ShardPart* part);
  void Keep(std::vector<Candidate>* rows, size_t count) const;
  void CopyColumn(const std::vector<Candidate>& rows, CustomerField field, ListColumn* column,
                  ListAnswer* answer) const;
  std::string NextCursor(const Candidate& last) const;

  const ListPlan& plan_;
  const ListSource& source_;
  const BookView view_;
  ShardRunner* runner_;
  BlockFilter filter_;
  OrderKey key_;

  // With a limit: a row whose number lies behind this one is on no page, because some shard has
  // found enough rows that are not behind it. Shards tell each other by it; it decides what is
  // looked at, never what is answered.
  bool Closer(int64_t number, int64_t than) const {
    return plan_.descending ? number > than : number < than;
  }
  void Tighten(const std::vector<Candidate>& rows);
  std::atomic<bool> bounded_ = false;
  std::atomic<int64_t> bound_;
};

bool Lister::Before(const Candidate& a, const Candidate& b) const {
  if (a.absent != b.absent) return b.absent;
  if (a.number != b.number) return plan_.descending ? a.number > b.number : a.number < b.number;
  if (ByCustomerDescending()) return CustomerOf(b) < CustomerOf(a);
  return CustomerOf(a) < CustomerOf(b);
}

bool Lister::AfterCursor(const Candidate& candidate) const {
  const Cursor& cursor = *plan_.cursor;
  const CustomerRow& row = RowOf(candidate);
  if (source_.shards[candidate.shard]->changed_at(candidate.row) > cursor.sequence) return false;
  const ListPlace& place = cursor.place;
  if (candidate.absent != place.absent) return candidate.absent;
  if (!candidate.absent && IsNameField(plan_.order_by)) {
    std::string_view text;
    const CustomerView customer(view_, row);
    RowReader(customer).Text(Index(plan_.order_by), &text);
    if (text != place.text) return plan_.descending ? text < place.text : text > place.text;
  } else if (candidate.number != place.number) {
    return Closer(place.number, candidate.number);
  }
  if (ByCustomerDescending()) return CustomerOf(candidate) < cursor.customer;
  return CustomerOf(candidate) > cursor.customer;
}

Selection Lister::InActivities(const CustomerBlock& block, const Selection& among) const {
  Selection rows;
  for (int64_t first = 0; first <= static_cast<int64_t>(Activity::kActive); ++first) {
    if ((plan_.activities >> first & 1) == 0) continue;
    int64_t last = first;
    while ((plan_.activities >> (last + 1) & 1) != 0) ++last;
    rows = rows | FieldInRange(view_, block, CustomerField::kActivity, first, last, among);
    first = last;
  }
  return rows;
}

Selection Lister::MayApproach(const CustomerBlock& block, Selection among, ShardPart* part) const {
  if (plan_.need_consent) {
    constexpr auto kGranted = static_cast<int64_t>(ConsentStatus::kGranted);
    const Selection consenting =
        FieldInRange(view_, block, CustomerField::kConsent, kGranted, kGranted, among);
    part->no_consent += CountOf(among) - CountOf(consenting);
    among = consenting;
  }
  // Contacts of the last days, and of tomorrow.
  const int32_t waiting_days = source_.rules->settings().waiting_days;
  const Selection contacted = FieldInRange(view_, block, CustomerField::kLastContact,
                                           (source_.today - waiting_days).since_epoch + 1,
                                           std::numeric_limits<int64_t>::max(), among);
  part->contacted += CountOf(contacted);
  return Without(among, contacted);
}

// `rows` are as many as a page takes.
void Lister::Tighten(const std::vector<Candidate>& rows) {
  int64_t last = rows.front().number;
  for (const Candidate& row : rows) {
    if (row.absent) return;
    if (Closer(last, row.number)) last = row.number;
  }
  int64_t bound = bound_.load(std::memory_order_relaxed);
  while (Closer(last, bound) &&
         !bound_.compare_exchange_weak(bound, last, std::memory_order_relaxed)) {
  }
  bounded_.store(true, std::memory_order_relaxed);
}

// Leaves the first `count` rows of the order, themselves in no order.
void Lister::Keep(std::vector<Candidate>* rows, size_t count) const {
  if (rows->size() <= count) return;
  std::nth_element(rows->begin(), rows->begin() + static_cast<ptrdiff_t>(count), rows->end(),
                   [this](const Candidate& a, const Candidate& b) { return Before(a, b); });
  rows->resize(count);
}

void Lister::ScanShard(uint32_t shard, ShardPart* part) {
  const Shard& rows_of = *source_.shards[shard];
  // One row more than the page tells whether there is a next one.
  const size_t wanted = size_t{plan_.limit} + 1;
  for (uint32_t at = 0; at < rows_of.blocks(); ++at) {
    const CustomerBlock& block = rows_of.block(at);
    Selection listed = filter_.Select(view_, block);
    if (plan_.reactivation) {
      listed = InActivities(block, listed);
      if (plan_.early_warning) {
        constexpr auto kHigh = static_cast<int64_t>(ChurnBand::kHigh);
        listed = FieldInRange(view_, block, CustomerField::kChurnBand, kHigh, kHigh, listed);
      }
      listed = MayApproach(block, listed, part);
    }
    if (listed.Empty()) continue;
    part->customers += CountOf(listed);
    part->revenue_total += SumOfMoney(block, kRevenueTotalColumn, listed);
    if (bounded_.load(std::memory_order_relaxed)) {
      listed = key_.NotBehind(view_, block, bound_.load(std::memory_order_relaxed), listed);
    }
    listed.ForEach([&](uint32_t in_block) {
      Candidate candidate;
      candidate.shard = shard;
      candidate.row = at * kBlockRows + in_block;
      key_.Read(view_, block, in_block, &candidate);
      if (plan_.cursor && !AfterCursor(candidate)) return;
      part->rows.push_back(candidate);
    });
    if (plan_.limit != 0 && part->rows.size() >= 2 * wanted) {
      Keep(&part->rows, wanted);
      Tighten(part->rows);
    }
  }
  if (plan_.limit != 0) Keep(&part->rows, wanted);
}

void Lister::CopyColumn(const std::vector<Candidate>& rows, CustomerField field, ListColumn* column,
                        ListAnswer* answer) const {
  const FieldInfo& info = source_.rules->customer_fields().At(Index(field));
  column->name = info.name;
  column->type = info.type;
  column->names = info.values;
  column->absent.resize(rows.size());
  const bool is_text = info.type == FieldType::kText;
  if (is_text) {
    column->texts.resize(rows.size());
  } else {
    column->numbers.resize(rows.size());
  }
  const size_t pieces = (rows.size() + kCopyRows - 1) / kCopyRows;
  if (field == CustomerField::kCustomer) answer->ids.resize(pieces);
  runner_->ForEach(pieces, [&](size_t piece) {
    const size_t begin = piece * kCopyRows;
    const size_t end = std::min(begin + kCopyRows, rows.size());
    if (field == CustomerField::kCustomer) {
      // Ids may be erased once the lock is gone, so they are copied; names of dictionaries stay.
      std::string& copy = answer->ids[piece];
      size_t bytes = 0;
      for (size_t at = begin; at < end; ++at) bytes += CustomerOf(rows[at]).size();
      copy.reserve(bytes);
      for (size_t at = begin; at < end; ++at) {
        const std::string_view id = CustomerOf(rows[at]);
        copy.append(id);
        column->texts[at] = std::string_view(copy).substr(copy.size() - id.size());
      }
      return;
    }
    for (size_t at = begin; at < end; ++at) {
      const CustomerView customer(view_, RowOf(rows[at]));
      const RowReader reader(customer);
      const bool present = is_text ? reader.Text(Index(field), &column->texts[at])
                                   : reader.Number(Index(field), &column->numbers[at]);
      column->absent[at] = present ? 0 : 1;
      if (!present && !is_text) column->numbers[at] = 0;
    }
  });
  if (info.type == FieldType::kSet) NameSets(info, column, &answer->sets);
}

std::string Lister::NextCursor(const Candidate& last) const {
  Cursor cursor;
  cursor.question = plan_.question;
  cursor.rules_version = plan_.rules_version;
  cursor.sequence = plan_.cursor ? plan_.cursor->sequence : source_.sequence;
  cursor.as_of = source_.today;
  if (plan_.needs_ranking) cursor.ranking = source_.ranking;
  cursor.place.absent = last.absent;
  cursor.place.number = last.number;
  if (!last.absent && IsNameField(plan_.order_by)) {
    const CustomerView customer(view_, RowOf(last));
    std::string_view text;
    RowReader(customer).Text(Index(plan_.order_by), &text);
    cursor.place.text = std::string(text);
    cursor.place.number = 0;
  }
  cursor.customer = std::string(CustomerOf(last));
  return EncodeCursor(cursor);
}

Result<ListAnswer> Lister::Run() {
  std::vector<ShardPart> parts(source_.shards.size());
  runner_->ForEach(parts.size(),
                   [&](size_t shard) { ScanShard(static_cast<uint32_t>(shard), &parts[shard]); });
  ListAnswer answer;
  Wide revenue_total = 0;
  size_t kept = 0;
  for (const ShardPart& part : parts) {
    answer.total_customers += part.customers;
    answer.excluded_no_consent += part.no_consent;
    answer.excluded_contacted += part.contacted;
    revenue_total += part.revenue_total;
    kept += part.rows.size();
  }
  answer.total_revenue = Narrow(revenue_total);

  const size_t page = plan_.limit == 0 ? kept : std::min<size_t>(kept, plan_.limit);
  const uint64_t row_bytes = sizeof(Candidate) * 2 + plan_.fields.size() * 17;
  if (page > source_.memory_bytes / row_bytes) {
    return Error{ErrorCode::kResultTooLarge,
                 "the list has " + std::to_string(kept) +
                     " rows, more than fit into the memory for one list (" +
                     std::to_string(source_.memory_bytes) +
                     " bytes); ask for pages with a limit, or for fewer fields",
                 "list_memory_bytes", std::nullopt};
  }
  std::vector<Candidate> rows;
  rows.reserve(kept);
  for (ShardPart& part : parts) {
    rows.insert(rows.end(), part.rows.begin(), part.rows.end());
    std::vector<Candidate>().swap(part.rows);
  }
  const bool more = page < rows.size();
  Keep(&rows, page);
  std::sort(rows.begin(), rows.end(),
            [this](const Candidate& a, const Candidate& b) { return Before(a, b); });
  answer.rows = rows.size();
  answer.columns.resize(plan_.fields.size());
  for (size_t at = 0; at < plan_.fields.size(); ++at) {
    CopyColumn(rows, plan_.fields[at], &answer.columns[at], &answer);
  }
  if (more) answer.next = NextCursor(rows.back());
  return answer;
}

// Whether a customer's place in the order may change although nothing happened to it.
bool MovesWithTheDay(CustomerField order_by) {
  switch (order_by) {
    case CustomerField::kActivity:
    case CustomerField::kConsent:
    case CustomerField::kValueScore:
    case CustomerField::kValueClass:
    case CustomerField::kHiddenPotential:
    case CustomerField::kPAlive:
    case CustomerField::kChurnScore:
    case CustomerField::kChurnBand:
    case CustomerField::kExpectedOrders:
    case CustomerField::kClv:
    case CustomerField::kPhase:
    case CustomerField::kRisk:
      return true;
    default:
      return false;
  }
}

}  // namespace

Result<ListAnswer> ComputeList(const ListPlan& plan, const ListSource& source,
                               ShardRunner* runner) {
  if (plan.cursor && plan.cursor->as_of != source.today && MovesWithTheDay(plan.order_by)) {
    return Error{ErrorCode::kBadCursor,
                 "the day has changed since the cursor was given, and with it the order; begin "
                 "without a cursor",
                 "cursor", std::nullopt};
  }
  return Lister(plan, source, runner).Run();
}

}  // namespace kundig::engine
