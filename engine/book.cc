#include "engine/book.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine/book_impl.h"
#include "engine/check.h"

namespace kundig::engine {

Book::Impl::Impl(std::shared_ptr<const Rules> rules, const BookOptions& options)
    : options_(options),
      rules_(std::move(rules)),
      today_(options.today),
      feeds_(options.now),
      runner_(options.threads) {
  KUNDIG_CHECK(std::has_single_bit(options.shards) && options.shards <= kMaxShards);
  KUNDIG_CHECK(options.today >= kFirstDay && options.today <= kLastDay);
  for (uint32_t shard = 0; shard < options.shards; ++shard) {
    shards_.push_back(std::make_unique<Shard>(&arena_, today_));
  }
  lanes_.resize(std::min(runner_.threads(), kMaxLanes));
  ranking_ = NewRanking();
  outlook_ = ChurnOutlook::Make(rules_->settings().churn, fit_);
}

Ranking Book::Impl::NewRanking() {
  RankCounts counts = counts_;
  for (const Lane& lane : lanes_) counts.Merge(lane.counts);
  return ComputeRanking(counts, shards_, *rules_, today_, sequence_, &runner_);
}

Book::Book(std::shared_ptr<const Rules> rules, const BookOptions& options)
    : impl_(std::make_unique<Impl>(std::move(rules), options)) {}
Book::~Book() = default;

ApplyAnswer Book::Apply(std::span<const Event> events, Growth growth) {
  return impl_->Apply(events, growth);
}
ApplyAnswer Book::Apply(std::span<const OrderPlaced> orders, Growth growth) {
  return impl_->Apply(orders, growth);
}
Result<StateName> Book::AdvanceDay(Day day) {
  return impl_->AdvanceDay(day);
}
StateName Book::AdoptFit(const AdoptedFit& fit) {
  return impl_->AdoptFit(fit);
}
bool Book::FitIsDue() {
  return impl_->FitIsDue();
}
bool Book::LacksFit() {
  return impl_->LacksFit();
}
Result<StateName> Book::ReplaceRules(std::shared_ptr<const Rules> rules) {
  return impl_->ReplaceRules(std::move(rules));
}
std::optional<Error> Book::JudgeRules(const Rules& rules) const {
  return impl_->JudgeRules(rules);
}
Result<SnapshotInfo> Book::SaveSnapshot(const SnapshotOrder& order) {
  return impl_->SaveSnapshot(order);
}
void Book::Replay(uint64_t record, std::span<const Event> events, Growth growth) {
  impl_->Replay(record, events, growth);
}
void Book::Replay(uint64_t record, std::span<const OrderPlaced> orders, Growth growth) {
  impl_->Replay(record, orders, growth);
}
void Book::ReplayDay(uint64_t record, Day day) {
  impl_->ReplayDay(record, day);
}
void Book::ReplayFit(uint64_t record, const AdoptedFit& fit) {
  impl_->ReplayFit(record, fit);
}
StateName Book::RefreshRankings() {
  return impl_->RefreshRankings();
}
bool Book::RankingsStale() const {
  return impl_->RankingsStale();
}
std::shared_ptr<const Rules> Book::rules() const {
  return impl_->rules();
}
StatusAnswer Book::Status() const {
  return impl_->Status();
}
void Book::Profiles(std::span<const std::string_view> ids, ProfilesAnswer* answer) const {
  impl_->Profiles(ids, answer);
}
void Book::Records(std::span<const std::string_view> ids, RecordsAnswer* answer) const {
  impl_->Records(ids, answer);
}
NamesAnswer Book::Names(NameKind kind, uint32_t first, size_t limit) const {
  return impl_->Names(kind, first, limit);
}
ExplainAnswer Book::Explain(std::string_view id) {
  return impl_->Explain(id);
}
Result<ExportAnswer> Book::Export(std::string_view id) {
  return impl_->Export(id);
}
RfmAnswer Book::Rfm() {
  return impl_->Rfm();
}
AbcAnswer Book::Abc() {
  return impl_->Abc();
}
ValueAnswer Book::Value() {
  return impl_->Value();
}
Result<PhasesAnswer> Book::Phases(std::string_view where) {
  return impl_->Phases(where);
}
Result<CountAnswer> Book::Count(std::string_view where) {
  return impl_->Count(where);
}
Result<ListAnswer> Book::List(const ListQuery& query) {
  return impl_->List(query);
}
Result<PipelineAnswer> Book::Pipeline(const PipelineQuery& query) {
  return impl_->Pipeline(query);
}
Result<WaterfallAnswer> Book::Waterfall(const WaterfallQuery& query) {
  return impl_->Waterfall(query);
}
Result<ConversionAnswer> Book::Conversion(const ConversionQuery& query) {
  return impl_->Conversion(query);
}
Result<ChurnAnswer> Book::Churn(const ChurnQuery& query) {
  return impl_->Churn(query);
}
Result<std::vector<std::unique_ptr<Book>>> Book::Recount(const RecountOrder& order) {
  return impl_->Recount(order);
}
bool Book::CatchUp(Book* recount) {
  return impl_->CatchUp(recount->impl_.get());
}
uint64_t Book::RecountBytes() const {
  return impl_->RecountBytes();
}
Result<MovesAnswer> Book::Moves(Book* to, const MovesQuery& query) {
  return impl_->Moves(to->impl_.get(), query);
}
Result<std::shared_ptr<Feed>> Book::OpenFeed(const WatchQuery& query) {
  return impl_->OpenFeed(query);
}
void Book::CloseFeed(const Feed& feed) {
  impl_->CloseFeed(feed);
}

}  // namespace kundig::engine
