#include "tests/engine/random_history_actions.h"

#include <algorithm>

#include "tests/engine/sample_days.h"

namespace kundig::engine {

namespace {

constexpr size_t kIdLengths[] = {1, 2, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 63, 64};

// Heavy ties, nothing, and the extremes.
constexpr int64_t kAmounts[] = {0,   0,    1,    99,   100,  100,    100,       100,
                                250, 1000, 1000, 1000, 1001, 123456, 1'000'000, 1'000'000'000'000};

class HistoryMaker {
 public:
  explicit HistoryMaker(uint64_t seed) : random_(seed), history_(new RandomHistory) {}

  std::unique_ptr<RandomHistory> Make(int64_t least_rounds) {
    today_ = history_->first_day =
        Day{static_cast<int32_t>(random_.Pick({int64_t{-25000}, int64_t{0}, int64_t{11016},
                                               int64_t{14953}, random_.Between(10000, 20000)}))};
    if (random_.Chance(40)) {
      // Two changes of the clock, as a zone with summer time has them every year.
      const int64_t change = int64_t{today_.since_epoch} * kDayMs;
      calendar_ = Calendar({{TimeMs{change - 100 * kDayMs}, 3600},
                            {TimeMs{change - 5 * kDayMs + 3'600'000}, 7200},
                            {TimeMs{change + 2 * kDayMs + 3'600'000}, -39600}});
    }
    history_->rules = RandomRules(&random_, Stages(), calendar_);
    MakeNames();

    const int64_t rounds = random_.Between(least_rounds, 4 * least_rounds);
    const bool has_whale = random_.Chance(25);
    for (int64_t round = 0; round < rounds; ++round) {
      for (uint64_t n = random_.Below(30) + 1; n > 0; --n) AddEvent();
      if (has_whale && random_.Chance(15)) AddBurst();
      if (random_.Chance(35)) AddDayChange();
      if (random_.Chance(15)) {
        history_->actions.push_back(RuleChange{RandomRules(&random_, Stages(), calendar_)});
      }
      if (random_.Chance(20)) history_->actions.push_back(FitChange{RandomFit(&random_, today_)});
    }
    return std::move(history_);
  }

 private:
  std::string_view Keep(std::string text) { return history_->texts.emplace_back(std::move(text)); }

  // Ids of one length share all but their last letters.
  std::string_view NewId(size_t length, uint64_t number) {
    std::string id = std::to_string(number);
    if (length >= id.size() + 2 && random_.Chance(20)) id = "\xc3\xa4" + id;
    if (id.size() < length) id.insert(0, length - id.size(), random_.Chance(50) ? '0' : 'x');
    return Keep(std::move(id));
  }

  void MakeNames() {
    const uint64_t customers = random_.Pick<uint64_t>({2, 5, 12, 30, 60});
    for (uint64_t i = 0; i < customers; ++i) {
      history_->customers.push_back(NewId(random_.Pick(kIdLengths), i));
    }
    for (uint64_t i = 0; i < 12; ++i) order_ids_.push_back(NewId(random_.Pick(kIdLengths), i));
    for (uint64_t i = 0; i < 10; ++i) leads_.push_back(NewId(random_.Pick(kIdLengths), i));
  }

  // Stages come and go with the rules, but mostly stay, because rules that lack the stage of an
  // open lead are refused.
  std::vector<StageSetting> Stages() {
    std::vector<StageSetting> stages;
    for (const std::string_view name : kStageNames) {
      if (random_.Chance(3)) continue;
      stages.push_back({std::string(name), random_.Pick({0, 1, 2500, 3333, 7500, 10000})});
    }
    if (stages.empty() || random_.Chance(20)) stages.push_back({"Extra", 5000});
    if (random_.Chance(30)) std::swap(stages.front(), stages.back());
    return stages;
  }

  std::string_view Customer() { return random_.Pick(history_->customers); }
  std::string_view Name() { return random_.Pick(kHistoryNames); }
  Minor Amount() { return Minor{random_.Pick(kAmounts)}; }

  // Near the edges of windows, and anywhere; now and then refused.
  TimeMs Time() {
    const int32_t back = random_.Pick(
        {0,   0,   0,    1,    1,    2,    29, 30, 31, 364,
         365, 366, 1000, 1094, 1095, 3000, -1, -1, -2, static_cast<int32_t>(random_.Below(800))});
    int32_t day = today_.since_epoch - back;
    if (random_.Chance(1)) day = kFirstDay.since_epoch - static_cast<int32_t>(random_.Below(2));
    const int64_t of_day =
        random_.Pick({int64_t{0}, int64_t{1}, int64_t{43'200'000}, int64_t{43'200'000}, kDayMs - 1,
                      random_.Between(0, kDayMs - 1)});
    return TimeMs{day * kDayMs + of_day};
  }

  std::string_view Currency() {
    return random_.Pick({std::string_view(), std::string_view(), std::string_view(),
                         std::string_view("EUR"), std::string_view("EUR"),
                         std::string_view(random_.Chance(10) ? "GBP" : "EUR")});
  }

  std::optional<Minor> Margin() {
    if (random_.Chance(40)) return std::nullopt;
    return Minor{random_.Chance(30) ? -Amount().units : Amount().units};
  }

  template <typename T, typename Draw>
  Patch<T> MaybeSet(uint64_t percent, Draw&& draw) {
    if (!random_.Chance(percent)) return {};
    return random_.Chance(25) ? Patch<T>::Remove() : Patch<T>::Set(static_cast<T>(draw()));
  }

  Event MakeCustomerSet() {
    CustomerSet set;
    set.customer = Customer();
    const auto name = [this] { return Name(); };
    set.kind = MaybeSet<CustomerKind>(20, [this] {
      return random_.Pick({CustomerKind::kConsumer, CustomerKind::kBusiness});
    });
    set.country = MaybeSet<std::string_view>(30, name);
    set.region = MaybeSet<std::string_view>(20, name);
    set.owner = MaybeSet<std::string_view>(20, name);
    set.company_size = MaybeSet<uint32_t>(20, [this] { return random_.Pick({0, 1, 5, 1000000}); });
    set.products = MaybeSet<uint32_t>(20, [this] { return random_.Pick({0, 1, 2, 3}); });
    set.potential = MaybeSet<Minor>(20, [this] { return Amount(); });
    set.key_account = MaybeSet<bool>(20, [this] { return random_.Chance(50); });
    set.satisfaction = MaybeSet<uint8_t>(20, [this] { return random_.Below(11); });
    set.referral = MaybeSet<uint8_t>(20, [this] { return random_.Below(11); });
    set.bonding = MaybeSet<uint8_t>(20, [this] { return random_.Below(101); });
    set.pinned_class = MaybeSet<ValueClass>(5, [this] {
      return random_.Pick({ValueClass::kIndividual, ValueClass::kStandard, ValueClass::kReview});
    });
    return set;
  }

  Event MakeOrder() {
    OrderPlaced order{Customer(), random_.Pick(order_ids_), Time(), Amount(), Margin(), 0,
                      Currency()};
    order.items = random_.Pick({0u, 1u, 1u, 2u, 12u, 1000000u});
    if (random_.Chance(1)) order.revenue = Minor{-1};
    return order;
  }

  Event MakeReturn() {
    return ReturnReceived{Customer(), random_.Pick(order_ids_),
                          Time(),     std::max(Amount(), Minor{1}),
                          Margin(),   Currency()};
  }

  Event MakeConsent() {
    Consent consent{Customer(), Time(), ConsentState::kWithdrawn, std::nullopt};
    if (random_.Chance(65)) {
      consent.state = ConsentState::kGranted;
      if (random_.Chance(50)) {
        consent.until = today_ + random_.Pick({-1, 0, 1, 30, 365});
      }
    }
    return consent;
  }

  Event MakeTermination() {
    Termination notice{Customer(), Time(), TerminationState::kWithdrawn, std::nullopt,
                       random_.Chance(50) ? Name() : std::string_view()};
    if (random_.Chance(70)) {
      notice.state = TerminationState::kGiven;
      notice.effective = today_ + random_.Pick({-365, -1, 0, 1, 30, 365, kLastDay - today_});
    }
    return notice;
  }

  Event MakeComplaint() {
    Complaint complaint{Customer(), random_.Pick(order_ids_), Time(), std::nullopt};
    if (random_.Chance(50)) {
      complaint.closed = calendar_.DayOf(complaint.at) + random_.Pick({-1, 0, 1, 6, 7, 300});
    }
    return complaint;
  }

  Event MakeCost() {
    Cost cost{Customer(), random_.Pick(order_ids_), Time(), Amount(), Currency()};
    if (random_.Chance(2)) cost.amount = Minor{-1};
    return cost;
  }

  Day LeadDay() {
    if (random_.Chance(2)) return random_.Pick({kFirstDay, kLastDay});
    return today_ + random_.Pick({-400, -31, -1, 0, 1, 20, 45, 80, 200, 400});
  }

  Event MakeLeadSet() {
    LeadSet set;
    set.lead = random_.Pick(leads_);
    if (random_.Chance(45)) {
      set.status =
          random_.Pick({LeadStatus::kOpen, LeadStatus::kOpen, LeadStatus::kWon, LeadStatus::kLost});
    }
    if (set.status == LeadStatus::kWon || set.status == LeadStatus::kLost) {
      if (random_.Chance(75)) set.reason = Name();
      if (random_.Chance(40)) set.closed = LeadDay();
      if (random_.Chance(10)) set.stage = random_.Pick(kStageNames);
    } else if (random_.Chance(70)) {
      set.stage = random_.Chance(96) ? random_.Pick(kStageNames) : std::string_view("nowhere");
    }
    if (random_.Chance(50)) set.revenue = random_.Chance(97) ? Amount() : Minor{-5};
    set.chance = MaybeSet<uint16_t>(30, [this] {
      return random_.Pick({0, 1, 3333, 5000, 9999, 10000});
    });
    const auto name = [this] { return Name(); };
    set.customer = MaybeSet<std::string_view>(30, [this] { return Customer(); });
    set.owner = MaybeSet<std::string_view>(30, name);
    set.region = MaybeSet<std::string_view>(20, name);
    set.product = MaybeSet<std::string_view>(20, name);
    set.source = MaybeSet<std::string_view>(20, name);
    set.opened = MaybeSet<Day>(20, [this] { return LeadDay(); });
    set.expected_close = MaybeSet<Day>(40, [this] { return LeadDay(); });
    set.currency = Currency();
    return set;
  }

  Event MakeLeadClosed() {
    LeadClosed closed{random_.Pick(leads_), random_.Pick({LeadStatus::kWon, LeadStatus::kLost}),
                      std::nullopt, random_.Chance(90) ? Name() : std::string_view()};
    if (random_.Chance(40)) closed.closed = LeadDay();
    return closed;
  }

  Event MakeEvent() {
    const uint64_t kind = random_.Below(100);
    if (kind < 30) return MakeOrder();
    if (kind < 32) return MakeTermination();
    if (kind < 34) return MakeComplaint();
    if (kind < 36) return ServiceRequest{Customer(), Time()};
    if (kind < 38) return LatePayment{Customer(), Time()};
    if (kind < 40) return MakeCost();
    if (kind < 48) return MakeReturn();
    if (kind < 56) return OrderCancelled{Customer(), random_.Pick(order_ids_)};
    if (kind < 62) return Visit{Customer(), Time()};
    if (kind < 67) return Contact{Customer(), Time(), random_.Chance(50) ? Name() : "", Name()};
    if (kind < 73) return MakeConsent();
    if (kind < 81) return MakeCustomerSet();
    if (kind < 93) return MakeLeadSet();
    if (kind < 97) return MakeLeadClosed();
    return Erase{Customer()};
  }

  // Some events come again, as they were or with other figures.
  void AddEvent() {
    if (!events_.empty() && random_.Chance(15)) {
      Event again = random_.Pick(events_);
      OrderPlaced* order = std::get_if<OrderPlaced>(&again);
      if (order != nullptr && random_.Chance(50)) {
        (random_.Chance(50) ? order->revenue : order->margin.emplace()) = Amount();
      }
      if (order != nullptr && random_.Chance(20)) order->at = Time();
      if (Complaint* complaint = std::get_if<Complaint>(&again)) complaint->closed = today_;
      if (Cost* cost = std::get_if<Cost>(&again)) cost->amount = Amount();
      if (Termination* notice = std::get_if<Termination>(&again)) {
        notice->state = TerminationState::kWithdrawn;
        notice->effective.reset();
      }
      history_->actions.push_back(again);
      return;
    }
    events_.push_back(MakeEvent());
    history_->actions.push_back(events_.back());
  }

  // One customer orders hundreds of times.
  void AddBurst() {
    const std::string_view whale = history_->customers.front();
    for (int64_t n = random_.Between(50, 400); n > 0; --n) {
      const std::string_view id = Keep("b" + std::to_string(random_.Below(1000)));
      history_->actions.push_back(
          OrderPlaced{whale, id, Time(), Amount(), Margin(), 1, std::string_view()});
    }
  }

  void AddDayChange() {
    const int32_t days = random_.Pick({1, 1, 1, 1, 2, 3, 30, 31, 364, 365, 366, 1100, 0});
    if (today_ + days > kLastDay - 400) return;
    history_->actions.push_back(DayChange{today_ + days});
    today_ = today_ + days;
  }

  Random random_;
  std::unique_ptr<RandomHistory> history_;
  Calendar calendar_;
  Day today_;
  std::vector<std::string_view> order_ids_, leads_;
  std::vector<Event> events_;
};

}  // namespace

std::unique_ptr<RandomHistory> MakeHistory(uint64_t seed, int64_t rounds) {
  return HistoryMaker(seed).Make(rounds);
}

}  // namespace kundig::engine
