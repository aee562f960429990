// Scans: one state of the book, looked at by all workers.

#include "engine/book_impl.h"
#include "engine/list.h"
#include "engine/moves.h"

namespace kundig::engine {

// One state of the book, held for a scan; with rankings of that state where they are asked for.
// Rankings that had to be computed for it are published when it ends.
class Book::Impl::Scanning {
 public:
  explicit Scanning(Impl* book) : book_(book) { hold_.emplace(&book->lock_); }
  ~Scanning() {
    hold_.reset();
    if (fresh_) book_->Publish(*fresh_);
  }
  Scanning(const Scanning&) = delete;
  Scanning& operator=(const Scanning&) = delete;

  const Ranking& RankingFor(bool needed) {
    if (!needed || !book_->Stale()) return book_->ranking_;
    fresh_ = book_->NewRanking();
    return *fresh_;
  }
  StateName StateWith(const Ranking& ranking) const {
    StateName state = book_->State();
    state.ranking_version = ranking.version;
    return state;
  }

 private:
  Impl* book_;
  std::optional<StateLock::Scan> hold_;
  std::optional<Ranking> fresh_;
};

StateName Book::Impl::RefreshRankings() {
  Scanning scan(this);
  return scan.StateWith(scan.RankingFor(true));
}

RfmAnswer Book::Impl::Rfm() {
  RfmAnswer answer;
  Scanning scan(this);
  const Ranking& ranking = scan.RankingFor(true);
  answer.state = scan.StateWith(ranking);
  answer.rules = rules_;
  ComputeRfm(SourceOf(ranking), &runner_, &answer);
  return answer;
}

AbcAnswer Book::Impl::Abc() {
  AbcAnswer answer;
  Scanning scan(this);
  const Ranking& ranking = scan.RankingFor(true);
  answer.state = scan.StateWith(ranking);
  answer.measure = rules_->settings().abc.measure;
  answer.total = ranking.abc_total;
  for (size_t at = 0; at < answer.classes.size(); ++at) {
    const Ranking::AbcTotals& totals = ranking.abc[at];
    answer.classes[at] = {totals.customers, totals.sum, std::nullopt};
    if (totals.customers > 0) answer.classes[at].from = Minor{totals.smallest};
  }
  return answer;
}

ValueAnswer Book::Impl::Value() {
  ValueAnswer answer;
  Scanning scan(this);
  FieldSet judged;
  judged.Add(Index(CustomerField::kValueClass));
  const Ranking& ranking = scan.RankingFor(NeedsRanking(judged, *rules_));
  answer.state = scan.StateWith(ranking);
  ComputeValue(SourceOf(ranking), &runner_, &answer);
  return answer;
}

Result<CountAnswer> Book::Impl::Count(std::string_view where) {
  ListQuery query;
  query.where = std::string(where);
  Scanning scan(this);
  const Result<ListPlan> plan = PlanList(query, *rules_, rules_version_, fit_version_);
  if (!plan) return plan.error();
  CountAnswer answer;
  const Ranking& ranking = scan.RankingFor(plan->needs_ranking);
  answer.state = scan.StateWith(ranking);
  ComputeCount(SourceOf(ranking), plan->where, &runner_, &answer);
  return answer;
}

Result<PhasesAnswer> Book::Impl::Phases(std::string_view where) {
  ListQuery query;
  query.where = std::string(where);
  Scanning scan(this);
  const Result<ListPlan> plan = PlanList(query, *rules_, rules_version_, fit_version_);
  if (!plan) return plan.error();
  PhasesAnswer answer;
  const Ranking& ranking = scan.RankingFor(true);  // risks ask for class A
  answer.state = scan.StateWith(ranking);
  ComputePhases(SourceOf(ranking), plan->where, &runner_, &answer);
  return answer;
}

Result<ListAnswer> Book::Impl::List(const ListQuery& query) {
  Scanning scan(this);
  const Result<ListPlan> plan = PlanList(query, *rules_, rules_version_, fit_version_);
  if (!plan) return plan.error();
  if (plan->early_warning && outlook_ == nullptr) {
    return Error{ErrorCode::kTooLittleData,
                 "no churn model is in force; fit one to the book with `kundig churn`, or pin "
                 "churn.parameters",
                 "churn", std::nullopt};
  }
  if (plan->cursor && plan->cursor->sequence < first_cursor_sequence_) {
    return Error{ErrorCode::kBadCursor,
                 "the server has started again since the cursor was given; begin without a cursor",
                 "cursor", std::nullopt};
  }
  ListSource source;
  source.shards = shards_;
  source.rules = rules_.get();
  source.names = &names_;
  // A later page is judged by the ranking of the first.
  const bool given = plan->cursor && plan->cursor->ranking;
  source.ranking = given ? *plan->cursor->ranking : scan.RankingFor(plan->needs_ranking);
  source.today = today_;
  source.sequence = sequence_;
  source.memory_bytes = options_.list_memory_bytes;
  source.churn = outlook_.get();
  Result<ListAnswer> answer = ComputeList(*plan, source, &runner_);
  if (answer) answer->state = scan.StateWith(source.ranking);
  return answer;
}

// What the answer cannot tell where a side has no fit of its churn model. A side is silent about it
// that foretells nothing to compare with and judges nobody by it.
std::vector<std::string> Book::Impl::NotesOnFits(const Impl& to) const {
  const auto judges_by_churn = [](const Rules& rules) {
    FieldSet judged;
    judged.Add(Index(CustomerField::kValueClass));
    return NeedsOutlook(judged, rules);
  };
  const bool foretells = outlook_ != nullptr, other_foretells = to.outlook_ != nullptr;
  std::vector<std::string> notes;
  if (!foretells && (other_foretells || judges_by_churn(*rules_))) {
    notes.push_back(
        "By the rules in force nobody is judged by churn: the book has no fit of their "
        "churn.model. `kundig churn` makes one.");
  }
  if (!other_foretells && (foretells || judges_by_churn(*to.rules_))) {
    notes.push_back(
        "By the other configuration nobody is judged by churn: the book has no fit of its "
        "churn.model, and a what-if makes none. Pin churn.parameters to see what it would change.");
  }
  return notes;
}

Result<MovesAnswer> Book::Impl::Moves(Impl* to, const MovesQuery& query) {
  Scanning scan(this), scan_of_other(to);
  const Ranking& ranking = scan.RankingFor(true);
  const SummarySource other = to->SourceOf(scan_of_other.RankingFor(true));
  Result<MovesAnswer> answer =
      ComputeMoves(SourceOf(ranking), other, query, options_.list_memory_bytes, &runner_);
  if (answer) {
    answer->state = scan.StateWith(ranking);
    answer->notes = NotesOnFits(*to);
  }
  return answer;
}

}  // namespace kundig::engine
