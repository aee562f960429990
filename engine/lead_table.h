// The leads of a book: columns, an index by lead id, and the events that change them.
//
// A lead's customer is only a reference: it need not exist. The names of these customers are
// counted, so that erasing a customer leaves none behind.
//
// Of all leads that a shop ever had few are open, and questions are mostly about these: so they lie
// together in the first rows, and what was won and lost is added up as it happens. A lead that is
// closed, reopened or erased trades places for it.
//
// Each lead has its history with it (lead_history.h): what it was on earlier days. The columns are
// what it is now.
//
// Thread safety: const methods need the book's lookup, scan or write lock; others the write lock.
// Invariant: rows 0 ... open_leads - 1 are the open leads, the rows from there to rows - 1 those
// won and lost, in no order; none is unused.

#ifndef KUNDIG_ENGINE_LEAD_TABLE_H_
#define KUNDIG_ENGINE_LEAD_TABLE_H_

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/customer_field.h"
#include "engine/customer_row.h"
#include "engine/dictionary.h"
#include "engine/event.h"
#include "engine/lead_history.h"
#include "engine/part_limits.h"
#include "engine/query.h"
#include "engine/result.h"
#include "engine/rules.h"
#include "engine/shard.h"
#include "engine/units.h"
#include "engine/wide.h"

namespace kundig::engine {

struct LeadPart;

// Place of a stage in a table of them.
using StageIndex = uint16_t;
inline constexpr StageIndex kNoStage = UINT16_MAX;

struct LeadColumns {
  std::vector<std::string> id;
  std::vector<NameCode> customer, owner, region, product, source, reason;
  std::vector<LeadStatus> status;
  std::vector<StageIndex> stage;  // in the stage table; kNoStage for closed leads
  std::vector<int64_t> revenue;
  std::vector<uint16_t> chance;  // the override, hundredths of a percent
  std::vector<LeadDay> opened, expected_close, closed;
  std::vector<uint32_t> close_month;  // of expected_close: year * 12 + month - 1; 0 = none
  std::vector<LeadHistory> history;
};
inline constexpr uint32_t kNoMonth = 0;

// Customers that leads refer to, as codes; a name that no lead uses any more is forgotten.
class LeadCustomers {
 public:
  NameCode Take(std::string_view customer);  // counts one more use
  void Release(NameCode code);               // one use less
  NameCode Find(std::string_view customer) const;
  std::string_view Text(NameCode code) const { return entries_[code - 1].text; }
  size_t size() const { return entries_.size(); }
  // How many open leads of the customer were opened on which day. A code that was released may
  // still be taken away from until the next Take.
  using Opened = std::map<LeadDay, uint32_t>;
  Opened& opened(NameCode code) { return entries_[code - 1].opened; }
  const Opened& opened(NameCode code) const { return entries_[code - 1].opened; }

 private:
  struct Entry {
    std::string text;
    uint32_t uses = 0;
    Opened opened;
  };
  std::vector<Entry> entries_;
  std::vector<NameCode> free_;
  boost::unordered_flat_map<std::string, NameCode> codes_;
};

// What was won, or lost.
struct ClosedSums {
  uint64_t leads = 0;
  Wide revenue = 0;
  friend bool operator==(const ClosedSums&, const ClosedSums&) = default;
};

class LeadTable {
 public:
  LeadTable() = default;
  LeadTable(const LeadTable&) = delete;
  LeadTable& operator=(const LeadTable&) = delete;

  // Nothing is changed where an error is returned.
  Result<Effect> Apply(const LeadSet& event, const Rules& rules, Day today,
                       Growth growth = Growth::kAllowed);
  Result<Effect> Apply(const LeadClosed& event, Day today);
  // Removes the leads of a customer but those for which keep(id); true where there were any.
  bool EraseOf(std::string_view customer, const std::function<bool(std::string_view)>& keep);
  bool EraseOf(std::string_view customer) {
    return EraseOf(customer, [](std::string_view) { return false; });
  }

  // The customer of a lead; empty where there is no such lead, or it has none.
  std::string_view CustomerOf(std::string_view lead) const;
  // Of the customer's open leads opened behind a day the earliest such day, as a column has it:
  // days beyond its range are its first or last; kNoDay where there is none.
  ColumnDay FirstOpenedAfter(std::string_view customer, ColumnDay day) const;

  // The leads of a customer, and one of them as the event that would make it; its texts are valid
  // until the table changes.
  std::vector<uint32_t> RowsOf(std::string_view customer) const;
  LeadSet LeadAt(uint32_t row, const Rules& rules) const;
  // What it has been; the texts of stages stay valid while the table lives.
  std::vector<LeadMoment> MomentsOf(uint32_t row) const;

  // For a snapshot (lead_part.h): between Begin and End every lead that was there at Begin comes
  // into some part, however the rows trade places meanwhile. CopyPart is false when all have.
  void BeginCopying();
  bool CopyPart(const Rules& rules, const PartLimits& limits, LeadPart* part);
  void EndCopying() { copying_.reset(); }
  // Puts leads in their place as they were copied; what an earlier part said about them is gone.
  // Leads that come without a history get one as of `today`. Error: an open lead stands at a stage
  // that the rules do not name.
  std::optional<Error> LoadPart(const LeadPart& part, const Rules& rules, Day today);
  // In a fixed order; for loading.
  std::array<Dictionary*, 5> dictionaries() {
    return {&owners_, &regions_, &products_, &sources_, &reasons_};
  }

  // Other rules are in force. Error: an open lead stands at a stage that they do not name.
  std::optional<Error> CheckStages(const Rules& before, const Rules& after) const;
  void MoveStages(const Rules& before, const Rules& after);

  const LeadColumns& columns() const { return columns_; }
  const LeadStages& stages() const { return stages_; }  // what the histories mean
  uint32_t rows() const { return static_cast<uint32_t>(columns_.status.size()); }
  uint64_t leads() const { return rows(); }
  uint32_t open_leads() const { return open_; }
  // Of kWon or kLost.
  const ClosedSums& closed(LeadStatus status) const {
    return closed_[status == LeadStatus::kWon ? 0 : 1];
  }
  // No lead has a larger revenue; it never falls.
  int64_t largest_revenue() const { return largest_revenue_; }
  // Every close_month lies between these, where there is one; they only ever widen.
  uint32_t first_close_month() const { return first_close_month_; }
  uint32_t last_close_month() const { return last_close_month_; }
  // Calls use(column, names) with the codes of a name field in `columns`, by row, and what has
  // their texts; false where the field is no name.
  template <typename Use>
  bool WithNames(const LeadColumns& columns, LeadField field, Use&& use) const;
  // Codes of a name field are 0 (kNoName) ... CodesOf - 1.
  size_t CodesOf(LeadField field) const;
  // Text of a code of a name field; absent for kNoName.
  std::optional<std::string_view> NameOf(LeadField field, NameCode code) const;

 private:
  // All fields of a lead, to change it as a whole.
  struct Fields {
    NameCode customer = kNoName, owner = kNoName, region = kNoName, product = kNoName,
             source = kNoName, reason = kNoName;
    LeadStatus status = LeadStatus::kOpen;
    StageIndex stage = kNoStage;
    int64_t revenue = 0;
    uint16_t chance = kNoChance;
    LeadDay opened = kNoLeadDay, expected_close = kNoLeadDay, closed = kNoLeadDay;
    friend bool operator==(const Fields&, const Fields&) = default;
  };
  struct KeyHash {
    using is_transparent = void;
    const LeadTable* table;
    size_t operator()(RowIndex row) const;
    size_t operator()(std::string_view id) const;
  };
  struct KeyEqual {
    using is_transparent = void;
    const LeadTable* table;
    bool operator()(RowIndex a, RowIndex b) const { return a == b; }
    bool operator()(std::string_view id, RowIndex row) const {
      return table->columns_.id[Raw(row)] == id;
    }
    bool operator()(RowIndex row, std::string_view id) const { return (*this)(id, row); }
  };

  // What of the leads is in a part already, and what slipped through.
  struct Copying {
    uint32_t next_row = 0;            // the rows before it were copied
    std::vector<std::string> missed;  // leads that left the rows behind it, whereto ever
  };

  Fields Read(uint32_t row) const;
  void Write(uint32_t row, const Fields& fields);
  uint32_t Create(std::string_view lead);
  void Remove(uint32_t row);
  void Swap(uint32_t a, uint32_t b);
  void CopyRow(uint32_t row, LeadPart* part) const;
  // The history of a lead of a part, whose changes begin with `first`; nullopt where it is none of
  // a lead with these fields.
  static std::optional<LeadHistory> LoadHistory(const LeadPart& part, size_t lead, size_t first,
                                                const std::vector<LeadPlace>& places,
                                                const Fields& fields);
  static LeadHistory HistoryOf(const Fields& fields, LeadPlace place, Day today);
  ClosedSums* ClosedOf(const Fields& fields);  // null for an open lead
  // Counts the day of an open lead under its customer, or takes it away.
  static bool HasOpened(const Fields& fields);
  void AddOpened(const Fields& fields);
  void RemoveOpened(const Fields& fields);
  template <typename Use>
  void ForEachColumn(Use&& use);
  // Where a lead with these fields stands; nullopt where no more stages can be remembered.
  std::optional<LeadPlace> PlaceOf(const Fields& fields, const Rules& rules);
  // Whether the change would be one too many for the history of the lead.
  bool IsFull(uint32_t row, const Fields& fields, LeadPlace place) const;
  // Puts `fields` in the place of what the lead was, and counts; returns where the lead lies then.
  uint32_t Put(std::string_view lead, std::optional<uint32_t> known, const Fields& before,
               const Fields& fields);
  // The same for an event, and writes the history. `place` is that of `fields`.
  Effect Change(std::string_view lead, std::optional<uint32_t> known, const Fields& before,
                const Fields& fields, LeadPlace place, Day today);

  LeadColumns columns_;
  boost::unordered_flat_set<RowIndex, KeyHash, KeyEqual> index_{0, KeyHash{this}, KeyEqual{this}};
  LeadCustomers customers_;
  Dictionary owners_, regions_, products_, sources_, reasons_;
  uint32_t open_ = 0;
  std::array<ClosedSums, 2> closed_;  // won, lost
  int64_t largest_revenue_ = 0;
  uint32_t first_close_month_ = UINT32_MAX, last_close_month_ = 0;
  LeadStages stages_;
  std::vector<std::optional<LeadPlace>> place_of_stage_;  // by place in the stage table, once known
  std::optional<Copying> copying_;                        // only while a snapshot is being saved
};

template <typename Use>
bool LeadTable::WithNames(const LeadColumns& columns, LeadField field, Use&& use) const {
  const LeadColumns& c = columns;
  switch (field) {
    case LeadField::kCustomer:
      use(c.customer, customers_);
      return true;
    case LeadField::kOwner:
      use(c.owner, owners_);
      return true;
    case LeadField::kRegion:
      use(c.region, regions_);
      return true;
    case LeadField::kProduct:
      use(c.product, products_);
      return true;
    case LeadField::kSource:
      use(c.source, sources_);
      return true;
    case LeadField::kReason:
      use(c.reason, reasons_);
      return true;
    default:
      return false;
  }
}

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_LEAD_TABLE_H_
