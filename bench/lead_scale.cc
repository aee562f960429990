// What leads and their histories cost in the engine alone: memory, events, and questions about what
// the pipeline is and was.
//
//   lead_scale [LEADS]     default 1000000
//
// Every lead is opened, then told something new on four later days: two stages, a revenue, and on
// the last day a closing for five in six. Before anything is timed, what the book says of each day
// is compared with sums added up while drawing. Times are those of the processor, all workers
// together, so that they say the same on a machine that others use, too; medians of several runs.

#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/book.h"
#include "engine/check.h"

namespace {

using namespace kundig::engine;  // NOLINT: a program of its own

constexpr Day kBegin{20'000};
constexpr int32_t kRounds = 5;  // a day each, ten days apart
constexpr size_t kBatch = 1000;

double SecondsOf(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double begin = now();
  work();
  return now() - begin;
}

double MedianMs(const std::function<void()>& work, int runs = 7) {
  std::vector<double> ms;
  for (int run = 0; run < runs; ++run) ms.push_back(SecondsOf(work) * 1000);
  std::nth_element(ms.begin(), ms.begin() + runs / 2, ms.end());
  return ms[static_cast<size_t>(runs / 2)];
}

double HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

void Report(const std::string& what, double value, const char* unit) {
  std::printf("%-58s %12.2f %s\n", what.c_str(), value, unit);
  std::fflush(stdout);
}

Day DayOf(int32_t round) {
  return kBegin + 10 * round;
}

// What the pipeline has to be after each round.
struct Expected {
  uint64_t open = 0;
  int64_t revenue = 0;
};

class Leads {
 public:
  explicit Leads(uint64_t count) : revenue_(count), random_(7) {}

  // Tells the book of every lead what is new on that day.
  void Tell(int32_t round, Book* book) {
    constexpr std::array<std::string_view, kRounds> kStage = {"Interest", "Concrete", "", "Offer",
                                                              "Negotiation"};
    for (uint64_t next = 0; next < revenue_.size(); next += kBatch) {
      std::vector<std::string> texts;
      texts.reserve(2 * kBatch);
      std::vector<Event> events;
      for (uint64_t at = next; at < std::min<uint64_t>(next + kBatch, revenue_.size()); ++at) {
        LeadSet lead;
        lead.lead = texts.emplace_back("l" + std::to_string(at));
        const bool closes = round + 1 == kRounds && at % 6 != 0;
        if (closes) {
          lead.status = at % 2 == 0 ? LeadStatus::kWon : LeadStatus::kLost;
          lead.reason = "price";
        } else if (!kStage[static_cast<size_t>(round)].empty()) {
          lead.stage = kStage[static_cast<size_t>(round)];
        }
        if (round == 0 || round == 2) {
          revenue_[at] = 1 + static_cast<int64_t>(random_() % 10'000'000) + 10'000'000 * round;
          lead.revenue = Minor{revenue_[at]};
        }
        if (round == 0) {
          lead.owner = Patch<std::string_view>::Set(
              texts.emplace_back("owner " + std::to_string(random_() % 200)));
          lead.expected_close = Patch<Day>::Set(kBegin + static_cast<int32_t>(at % 365));
        }
        events.emplace_back(lead);
        expected_[static_cast<size_t>(round)].open += closes ? 0 : 1;
        expected_[static_cast<size_t>(round)].revenue += closes ? 0 : revenue_[at];
      }
      KUNDIG_CHECK(book->Apply(events).refused.empty());
    }
  }
  const Expected& After(int32_t round) const { return expected_[static_cast<size_t>(round)]; }

 private:
  std::vector<int64_t> revenue_;
  std::array<Expected, kRounds> expected_;
  std::mt19937_64 random_;
};

void CheckDays(const Leads& leads, Book* book) {
  for (int32_t round = 0; round < kRounds; ++round) {
    for (const int32_t later : {0, 9}) {
      if (DayOf(round) + later > DayOf(kRounds - 1)) continue;
      PipelineQuery query;
      query.as_of = DayOf(round) + later;
      const Result<PipelineAnswer> answer = book->Pipeline(query);
      KUNDIG_CHECK(answer->total.leads == leads.After(round).open);
      KUNDIG_CHECK(answer->total.revenue == Minor{leads.After(round).revenue});
    }
  }
  const Result<WaterfallAnswer> fall =
      book->Waterfall({kBegin - 1, DayOf(kRounds - 1), std::string()});
  Minor running = fall->opening.weighted;
  for (const WaterfallAnswer::Part& part : fall->parts) running += part.weighted;
  KUNDIG_CHECK(running == fall->closing.weighted);
  KUNDIG_CHECK(running == book->Pipeline({})->total.weighted);
  const Result<ConversionAnswer> ways = book->Conversion({});
  KUNDIG_CHECK(ways->stages[1].to[1].median_days == 30u);  // Interest to Offer
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  BookOptions options;
  options.today = kBegin;
  Book book(*CompileRules(RuleSettings(), Calendar()), options);
  Leads leads(count);
  const double empty = HeapBytes();
  for (int32_t round = 0; round < kRounds; ++round) {
    if (round > 0) KUNDIG_CHECK(book.AdvanceDay(DayOf(round)).has_value());
    const double seconds = SecondsOf([&] { leads.Tell(round, &book); });
    const std::string changes = std::to_string(round + 1) + " change" + (round > 0 ? "s" : "");
    Report("events that bring each lead to " + changes, static_cast<double>(count) / seconds / 1e3,
           "k/s");
    Report("memory with " + changes + ", each lead",
           (HeapBytes() - empty) / static_cast<double>(count), "bytes");
  }
  CheckDays(leads, &book);

  PipelineQuery query;
  const auto ask = [&](const std::string& what) {
    Report(what, MedianMs([&] { KUNDIG_CHECK(book.Pipeline(query).has_value()); }), "ms");
  };
  ask("pipeline by stage");
  query.by = {PipelineKey::kOwner, PipelineKey::kMonth};
  ask("pipeline by owner and month");
  for (const int32_t round : {0, 3, 4}) {
    query = PipelineQuery();
    query.as_of = DayOf(round) - (round == 4 ? 1 : 0);
    ask("pipeline as of the day of change " + std::to_string(round + 1));
  }
  query.where = "owner = 'owner 7' and chance > 10";
  ask("pipeline as of the day before the last, one owner");
  const auto fall = [&](const char* what, int32_t from, const char* where) {
    Report(what, MedianMs([&] {
             KUNDIG_CHECK(book.Waterfall({DayOf(from), DayOf(kRounds - 1), where}).has_value());
           }),
           "ms");
  };
  fall("waterfall over the last change", kRounds - 2, "");
  fall("waterfall over four changes", 0, "");
  fall("waterfall over four changes, one owner", 0, "owner = 'owner 7'");
  Report("conversion", MedianMs([&] { KUNDIG_CHECK(book.Conversion({}).has_value()); }), "ms");
  return 0;
}
