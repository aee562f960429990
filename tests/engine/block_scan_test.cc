// Scans of columns against the definition of each field, row by row: every field, ranges at and
// beyond the edges, money that does not fit its column, and free rows between live ones.

#include "engine/block_scan.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "engine/limits.h"
#include "engine/scan_kernels.h"
#include "tests/engine/sample_days.h"

namespace kundig::engine {
namespace {

constexpr int64_t kLowest = std::numeric_limits<int64_t>::min();
constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();

class BlockScanTest : public testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override {
    RuleSettings settings;
    if (GetParam() % 2 == 1) {
      settings.rfm.frequency = RfmFrequency::kPurchaseDays;
      settings.rfm.monetary = RfmMonetary::kAverage;
    }
    settings.activity = {90, 90 + static_cast<int32_t>(random_() % 300), 150};
    settings.value.criteria = {{"revenue", 3, Missing::kZero, {{0, 10}, {5000, 70}}},
                               {"satisfaction", 1, Missing::kSkip, {{0, 0}, {5, 100}}}};
    settings.value.potential = {"potential > 1000"};
    rules_ = CompileRules(settings, Calendar()).value();
    ranking_.scored = true;
    ranking_.recency_cuts = {kToday.since_epoch - 300, kToday.since_epoch - 200,
                             kToday.since_epoch - 100, kToday.since_epoch - 10};
    ranking_.frequency_cuts = {1, 2, 2, 5};
    ranking_.monetary_cuts = {-5, 100, 5000, int64_t{1} << 40};
    ranking_.a_from = 5000;
    ranking_.b_from = 100;
    AdoptedFit fit;
    fit.parameters = {.r = 0.5, .alpha = 6, .a = 0.9, .b = 1.6};
    fit.spend = AdoptedSpend{.measure = OneOf({SpendMeasure::kRevenue, SpendMeasure::kMargin}),
                             .parameters = {.p = 6, .q = 4, .gamma = 1500}};
    outlook_ = ChurnOutlook::Make(settings.churn, fit);
    view_ = {rules_.get(), &ranking_, &names_, kToday, outlook_.get()};
    block_ = std::make_unique<CustomerBlock>();
    for (uint32_t row = 0; row < kBlockRows; ++row) {
      if (random_() % 10 == 0) continue;  // of nobody
      Draw(&block_->rows[row]);
      block_->StoreAll(row);
    }
  }

  template <typename T>
  T OneOf(std::initializer_list<T> values) {
    return values.begin()[random_() % values.size()];
  }
  int64_t Money() {
    return OneOf<int64_t>({0, 1, 99, 100, 4999, 5000, -7, kLastNarrowMoney, kLastNarrowMoney + 1,
                           kFirstNarrowMoney, kFirstNarrowMoney - 1, kFirstNarrowMoney - 2,
                           int64_t{1} << 45, static_cast<int64_t>(random_() % 100'000)});
  }
  ColumnDay SomeDay() {
    const auto back = static_cast<int32_t>(random_() % 500);
    return OneOf<ColumnDay>({kNoDay, ToColumn(kToday), ToColumn(kToday + 1), ToColumn(kToday - 90),
                             ToColumn(kToday - 89), ToColumn(kToday - back)});
  }
  void Draw(CustomerRow* row) {
    row->live = true;
    row->revenue_total = Money();
    row->margin_total = Money();
    row->revenue = Money();
    row->margin = Money();
    row->abc_value = Money();
    row->potential = OneOf<int64_t>({kNoPotential, 0, 1001, int64_t{1} << 33});
    row->items = OneOf<uint64_t>({0, 1, 7, kWideItems, uint64_t{kWideItems} + 5});
    row->orders = static_cast<uint32_t>(random_() % 7);
    row->orders_total = row->orders + static_cast<uint32_t>(random_() % 3);
    row->country = static_cast<NameCode>(random_() % 4);
    row->region = static_cast<NameCode>(random_() % 4);
    row->owner = static_cast<NameCode>(random_() % 4);
    row->company_size = OneOf<uint32_t>({kNoCount, 0, 10, kMaxCount});
    row->products = OneOf<uint32_t>({kNoCount, 0, 1, 2});
    row->last_order = row->orders > 0 ? ToColumn(kToday - static_cast<int32_t>(random_() % 400))
                                      : OneOf<ColumnDay>({kNoDay, ToColumn(kToday - 600)});
    row->first_order = row->last_order == kNoDay
                           ? kNoDay
                           : static_cast<ColumnDay>(row->last_order - random_() % 300);
    row->last_visit = SomeDay();
    row->last_contact = SomeDay();
    row->purchase_days_window = static_cast<uint16_t>(row->orders);
    row->purchase_days = static_cast<uint16_t>(row->orders_total);
    row->consent =
        OneOf({ColumnConsent::kAbsent, ColumnConsent::kGranted, ColumnConsent::kWithdrawn});
    row->consent_until = SomeDay();
    row->kind = OneOf({ColumnKind::kAbsent, ColumnKind::kConsumer, ColumnKind::kBusiness});
    row->key_account = OneOf({ColumnFlag::kAbsent, ColumnFlag::kFalse, ColumnFlag::kTrue});
    row->satisfaction = OneOf<uint8_t>({kNoRating, 0, 5, 10});
    row->referral = OneOf<uint8_t>({kNoRating, 0, 5, 10});
    row->bonding = OneOf<uint8_t>({kNoRating, 0, 50, 100});
    row->pinned_class = OneOf<ClassCode>({0, 0, 1, 2, 3}) & kClassCodes;
    row->closed_class = OneOf<ClassCode>({0, 1, 2, 3}) & kClassCodes;
  }

  // The field of a row as a lookup reads it.
  bool ValueOf(CustomerField field, uint32_t row, int64_t* value) const {
    const CustomerView customer(view_, block_->rows[row]);
    if (!IsNameField(field)) return RowReader(customer).Number(Index(field), value);
    return WithField(view_, field,
                     [&](auto value_of) { return value_of(RowFields(block_->rows[row]), value); });
  }

  std::mt19937_64 random_{GetParam()};
  std::shared_ptr<const Rules> rules_;
  Ranking ranking_;
  std::unique_ptr<const ChurnOutlook> outlook_;
  CustomerNames names_;
  BookView view_;
  std::unique_ptr<CustomerBlock> block_;
};

TEST_P(BlockScanTest, ARangeOfAFieldIsThatOfItsDefinition) {
  for (size_t index = 1; index < kCustomerFieldCount; ++index) {
    const auto field = static_cast<CustomerField>(index);
    std::vector<int64_t> edges = {kLowest, kHighest, -1, 0, 1, 2, 3, 4, 5, 6, 100'000'000'000};
    for (int at = 0; at < 8; ++at) {
      int64_t value = 0;
      if (ValueOf(field, static_cast<uint32_t>(random_() % kBlockRows), &value)) {
        edges.push_back(value);
      }
    }
    for (int round = 0; round < 12; ++round) {
      int64_t low = edges[random_() % edges.size()], high = edges[random_() % edges.size()];
      if (round > 1 && low > high) std::swap(low, high);
      Selection among = LiveRows(*block_);
      if (round % 3 == 0) {
        Selection some;
        among.ForEach([&](uint32_t row) {
          if (random_() % 2 == 0) some.Add(row);
        });
        among = some;
      }
      const Selection rows = FieldInRange(view_, *block_, field, low, high, among);
      for (uint32_t row = 0; row < kBlockRows; ++row) {
        int64_t value = 0;
        const bool expected =
            among.Has(row) && ValueOf(field, row, &value) && low <= value && value <= high;
        ASSERT_EQ(rows.Has(row), expected) << "field " << index << " row " << row << " value "
                                           << value << " in " << low << " .. " << high;
      }
    }
  }
}

TEST_P(BlockScanTest, SumsOfMoneyCountWhatDoesNotFitTheColumn) {
  const Selection live = LiveRows(*block_);
  for (const MoneyColumn& money :
       {kRevenueColumn, kRevenueTotalColumn, kMarginColumn, kMarginTotalColumn, kAbcColumn}) {
    Wide expected = 0;
    uint32_t customers = 0;
    for (const CustomerRow& row : block_->rows) {
      if (!row.live) continue;
      ++customers;
      expected += row.*money.field;
    }
    EXPECT_TRUE(SumOfMoney(*block_, money, live) == expected);
    EXPECT_EQ(CountOf(live), customers);
  }
}

TEST_P(BlockScanTest, CellsAreThoseOfTheScores) {
  auto cells = std::make_unique<Column<uint8_t>>();
  ScoreCells(view_, *block_, cells.get());
  for (uint32_t row = 0; row < kBlockRows; ++row) {
    const auto scores = ScoresOf(view_, RowFields(block_->rows[row]));
    const int expected =
        scores ? 25 * (scores->r - 1) + 5 * (scores->f - 1) + scores->m - 1 : kNoCell;
    ASSERT_EQ((*cells)[row], expected) << row;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, BlockScanTest, testing::Range(uint64_t{1}, uint64_t{7}));

}  // namespace
}  // namespace kundig::engine
