// The journal's records, and the journal itself on the disk of the temporary folder (TMPDIR).

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bench/micro.h"
#include "engine/event_codec.h"
#include "engine/rocks_journal.h"

namespace kundig::bench {
namespace {

constexpr int64_t kAtMs = 1'767'168'000'000;

// Orders as a shop sends them: some seconds apart, a margin in every second.
struct Orders {
  explicit Orders(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      customers.push_back("C" + std::to_string(10'000'000 + i * 7919 % 1'000'000));
      ids.push_back("o-" + std::to_string(90'000'000 + i));
    }
    for (size_t i = 0; i < count; ++i) {
      engine::OrderPlaced order{.customer = customers[i],
                                .order = ids[i],
                                .at = {kAtMs + static_cast<int64_t>(i) * 3'211},
                                .revenue = {1'250 + static_cast<int64_t>(i % 50) * 321},
                                .margin = {},
                                .items = static_cast<uint32_t>(1 + i % 5),
                                .currency = {}};
      if (i % 2 == 0) order.margin = engine::Minor{300};
      orders.push_back(order);
    }
  }
  std::vector<std::string> customers, ids;
  std::vector<engine::OrderPlaced> orders;
};

bool Same(const engine::OrderPlaced& a, const engine::OrderPlaced& b) {
  return a.customer == b.customer && a.order == b.order && a.at == b.at && a.revenue == b.revenue &&
         a.margin == b.margin && a.items == b.items && a.currency == b.currency;
}

// Bytes of the record, proven to be the orders.
std::string Proven(const Orders& orders) {
  std::string bytes;
  engine::EncodeOrders({}, engine::Growth::kAllowed, orders.orders, &bytes);
  engine::JournalRecord record;
  Prove(!engine::DecodeRecord(bytes, &record), "a record that was encoded is decoded");
  Prove(std::equal(record.orders.begin(), record.orders.end(), orders.orders.begin(),
                   orders.orders.end(), Same),
        "the orders as they were");
  return bytes;
}

void EncodeOrderRecord(benchmark::State& state) {
  const Orders orders(static_cast<size_t>(state.range(0)));
  std::string bytes = Proven(orders);
  state.counters["bytes_an_order"] =
      static_cast<double>(bytes.size()) / static_cast<double>(orders.orders.size());
  Time(state, orders.orders.size(), bytes.size(), [&] {
    bytes.clear();
    engine::EncodeOrders({}, engine::Growth::kAllowed, orders.orders, &bytes);
    benchmark::DoNotOptimize(bytes.data());
  });
}
BENCHMARK(EncodeOrderRecord)->Arg(1)->Arg(1000);

void DecodeOrderRecord(benchmark::State& state) {
  const Orders orders(static_cast<size_t>(state.range(0)));
  const std::string bytes = Proven(orders);
  engine::JournalRecord record;
  Time(state, orders.orders.size(), bytes.size(),
       [&] { benchmark::DoNotOptimize(engine::DecodeRecord(bytes, &record)); });
}
BENCHMARK(DecodeOrderRecord)->Arg(1)->Arg(1000);

// A journal in a folder of its own that goes away.
class FreshJournal {
 public:
  FreshJournal() {
    std::string pattern = std::filesystem::temp_directory_path() / "kundig_micro_XXXXXX";
    Prove(mkdtemp(pattern.data()) != nullptr, "a temporary folder");
    folder_ = pattern;
    Open();
  }
  FreshJournal(const FreshJournal&) = delete;
  FreshJournal& operator=(const FreshJournal&) = delete;
  ~FreshJournal() {
    journal_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Open() {
    journal_.reset();
    engine::RocksJournalOptions options;
    options.folder = folder_ / "journal";
    engine::JournalRecovery recovery;
    auto opened = engine::OpenRocksJournal(options, &recovery);
    Prove(opened.has_value(), "a journal in the temporary folder");
    journal_ = std::move(*opened);
  }
  engine::Journal& operator*() { return *journal_; }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<engine::Journal> journal_;
};

uint64_t CountEqual(engine::Journal& journal, std::string_view payload) {
  uint64_t count = 0;
  const auto error = journal.Read(journal.first(), [&](uint64_t, std::string_view read) {
    count += read == payload ? 1 : 0;
    return std::optional<engine::Error>();
  });
  Prove(!error, "the journal is read without an error");
  return count;
}

// Groups of records of 1,000 orders each, durable one after the other. A new segment every 64 MiB,
// as a server begins them.
void AppendDurably(benchmark::State& state) {
  const std::string record = Proven(Orders(1000));
  const std::vector<std::string_view> group(static_cast<size_t>(state.range(0)), record);
  const size_t bytes = group.size() * record.size();
  FreshJournal journal;
  Prove(!(*journal).Append(group), "a group is appended");
  journal.Open();
  Prove(CountEqual(*journal, record) == group.size(), "the group is there after reopening");
  size_t in_segment = 0;
  Time(state, group.size() * 1000, bytes, [&] {
    Prove(!(*journal).Append(group), "a group is appended");
    if ((in_segment += bytes) < (size_t{60} << 20)) return;
    in_segment = 0;
    state.PauseTiming();
    Prove(!(*journal).Roll() && !(*journal).CutThrough((*journal).last()), "a new segment");
    state.ResumeTiming();
  });
}
BENCHMARK(AppendDurably)->Arg(1)->Arg(4)->Arg(16)->UseRealTime();

void ReadJournal(benchmark::State& state) {
  const std::string record = Proven(Orders(1000));
  const std::vector<std::string_view> group(static_cast<size_t>(state.range(0)), record);
  FreshJournal journal;
  Prove(!(*journal).Append(group), "a group is appended");
  const auto bytes_on_disk = static_cast<double>((*journal).bytes_on_disk());
  journal.Open();
  Time(state, group.size() * 1000, group.size() * record.size(),
       [&] { Prove(CountEqual(*journal, record) == group.size(), "every record is read"); });
  state.counters["disk_bytes_an_order"] = bytes_on_disk / static_cast<double>(group.size() * 1000);
}
BENCHMARK(ReadJournal)->Arg(64)->Arg(1024)->UseRealTime();

}  // namespace
}  // namespace kundig::bench

BENCHMARK_MAIN();
