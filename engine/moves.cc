#include "engine/moves.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/check.h"
#include "engine/customer_block.h"
#include "engine/customer_view.h"
#include "engine/scan_kernels.h"
#include "engine/selection.h"
#include "engine/value_judge.h"
#include "engine/wide.h"

namespace kundig::engine {
namespace {

// A class of a judgement by its place among the names of the classes.
using JudgedCodes = std::array<Column<uint8_t>, kJudgements>;
static_assert(kMaxSegments < UINT8_MAX, "one code more is for who has no segment");

CustomerField JudgedField(Judgement judgement) {
  switch (judgement) {
    case Judgement::kRfmSegment:
      return CustomerField::kRfmSegment;
    case Judgement::kAbc:
      return CustomerField::kAbc;
    case Judgement::kValueClass:
      return CustomerField::kValueClass;
    case Judgement::kActivity:
      return CustomerField::kActivity;
  }
  KUNDIG_CHECK(false);
}

std::vector<std::string> ClassNames(const Rules& rules, Judgement judgement) {
  std::vector<std::string> names = rules.customer_fields().At(Index(JudgedField(judgement))).values;
  if (judgement == Judgement::kRfmSegment) names.emplace_back(MovesAnswer::kNoSegment);
  return names;
}

// Reads the codes of the customers of a block.
class Judging {
 public:
  explicit Judging(const SummarySource& source)
      : view_(source.view),
        judge_(*source.view.rules, *source.view.names),
        no_segment_(static_cast<uint8_t>(view_.rules->segment_names().size())) {}

  void Read(const CustomerBlock& block, const Selection& rows, JudgedCodes* codes) const {
    rows.ForEach([&](uint32_t row) {
      const ColumnFields fields(block, row);
      const std::optional<RfmScores> scores = ScoresOf(view_, fields);
      Of(codes, Judgement::kRfmSegment)[row] = scores ? scores->segment : no_segment_;
      Of(codes, Judgement::kAbc)[row] =
          static_cast<uint8_t>(view_.ranking->AbcOf(fields.abc_value()));
      Of(codes, Judgement::kActivity)[row] = static_cast<uint8_t>(ActivityOf(view_, fields));
    });
    const ValueJudge::Classes classes = judge_.Judge(view_, block, rows);
    for (size_t code = 0; code < classes.rows.size(); ++code) {
      classes.rows[code].ForEach([&](uint32_t row) {
        Of(codes, Judgement::kValueClass)[row] = static_cast<uint8_t>(code);
      });
    }
  }

  static Column<uint8_t>& Of(JudgedCodes* codes, Judgement judgement) {
    return (*codes)[static_cast<size_t>(judgement)];
  }

 private:
  const BookView& view_;
  const ValueJudge judge_;
  const uint8_t no_segment_;
};

struct Cell {
  uint64_t customers = 0;
  Wide revenue = 0;
};
// By code moved from, then by code moved to.
using Table = std::vector<Cell>;

struct Mover {
  int64_t revenue_total = 0;
  uint32_t shard = 0, row = 0;
};

// What the list asks for, as codes.
struct WantedMove {
  size_t judgement = 0;
  uint8_t from = 0, to = 0;
};

struct ShardPart {
  std::array<Table, kJudgements> tables;
  std::vector<Mover> movers;
  uint64_t listed = 0;
};

class Comparing {
 public:
  Comparing(const SummarySource& from, const SummarySource& to, const MovesQuery& query,
            uint64_t memory_bytes, ShardRunner* runner)
      : from_(from), to_(to), query_(query), memory_bytes_(memory_bytes), runner_(runner) {
    for (size_t at = 0; at < kJudgements; ++at) {
      from_names_[at] = ClassNames(*from.view.rules, static_cast<Judgement>(at));
      to_names_[at] = ClassNames(*to.view.rules, static_cast<Judgement>(at));
    }
  }

  Result<MovesAnswer> Run();

 private:
  std::optional<Error> FindWanted();
  std::string_view CustomerOf(const Mover& mover) const {
    return from_.shards[mover.shard]->row(mover.row).customer();
  }
  bool Before(const Mover& a, const Mover& b) const {
    if (a.revenue_total != b.revenue_total) return a.revenue_total > b.revenue_total;
    return CustomerOf(a) < CustomerOf(b);
  }
  // Leaves those that come first, in no order.
  void Keep(std::vector<Mover>* movers) const;
  void CompareShard(uint32_t shard, const Judging& from, const Judging& to, ShardPart* part) const;
  std::optional<Error> FillRows(std::vector<ShardPart>* parts, MovesAnswer* answer) const;

  const SummarySource& from_;
  const SummarySource& to_;
  const MovesQuery& query_;
  const uint64_t memory_bytes_;
  ShardRunner* const runner_;
  std::array<std::vector<std::string>, kJudgements> from_names_, to_names_;
  std::optional<WantedMove> wanted_;
};

std::optional<Error> Comparing::FindWanted() {
  if (!query_.list) return std::nullopt;
  WantedMove wanted;
  wanted.judgement = static_cast<size_t>(query_.list->judgement);
  const auto find = [](const std::vector<std::string>& names, const std::string& name,
                       uint8_t* code) -> std::optional<Error> {
    const auto found = std::find(names.begin(), names.end(), name);
    *code = static_cast<uint8_t>(found - names.begin());
    if (found != names.end()) return std::nullopt;
    std::string all;
    for (const std::string& one : names) all += (all.empty() ? "" : ", ") + one;
    return Error{ErrorCode::kInvalidValue, "there is no class '" + name + "'; name one of " + all,
                 "list", std::nullopt};
  };
  if (auto error = find(from_names_[wanted.judgement], query_.list->from, &wanted.from)) {
    return error;
  }
  if (auto error = find(to_names_[wanted.judgement], query_.list->to, &wanted.to)) return error;
  wanted_ = wanted;
  return std::nullopt;
}

void Comparing::Keep(std::vector<Mover>* movers) const {
  if (query_.limit == 0 || movers->size() <= query_.limit) return;
  std::nth_element(movers->begin(), movers->begin() + query_.limit, movers->end(),
                   [this](const Mover& a, const Mover& b) { return Before(a, b); });
  movers->resize(query_.limit);
}

void Comparing::CompareShard(uint32_t shard, const Judging& from, const Judging& to,
                             ShardPart* part) const {
  for (size_t at = 0; at < kJudgements; ++at) {
    part->tables[at].resize(from_names_[at].size() * to_names_[at].size());
  }
  const Shard& before = *from_.shards[shard];
  const Shard& after = *to_.shards[shard];
  JudgedCodes from_codes, to_codes;
  for (uint32_t at = 0; at < before.blocks(); ++at) {
    const CustomerBlock& block = before.block(at);
    const Selection rows = InRange(block.columns.live, 1, 1);
    if (rows.Empty()) continue;
    from.Read(block, rows, &from_codes);
    to.Read(after.block(at), rows, &to_codes);
    rows.ForEach([&](uint32_t row) {
      const ColumnFields fields(block, row);
      const int64_t revenue = fields.revenue();
      for (size_t judgement = 0; judgement < kJudgements; ++judgement) {
        Cell& cell =
            part->tables[judgement][from_codes[judgement][row] * to_names_[judgement].size() +
                                    to_codes[judgement][row]];
        ++cell.customers;
        cell.revenue += revenue;
      }
      if (!wanted_ || from_codes[wanted_->judgement][row] != wanted_->from ||
          to_codes[wanted_->judgement][row] != wanted_->to) {
        return;
      }
      ++part->listed;
      part->movers.push_back({fields.revenue_total(), shard, at * kBlockRows + row});
    });
    if (part->movers.size() / 2 > query_.limit) Keep(&part->movers);
  }
  Keep(&part->movers);
}

std::optional<Error> Comparing::FillRows(std::vector<ShardPart>* parts, MovesAnswer* answer) const {
  std::vector<Mover> movers;
  for (ShardPart& part : *parts) {
    answer->listed += part.listed;
    movers.insert(movers.end(), part.movers.begin(), part.movers.end());
    std::vector<Mover>().swap(part.movers);
  }
  Keep(&movers);
  constexpr uint64_t kRowBytes = 2 * sizeof(Mover) + sizeof(MovesAnswer::Row) + kMaxIdBytes;
  if (movers.size() > memory_bytes_ / kRowBytes) {
    return Error{ErrorCode::kResultTooLarge,
                 "the list has " + std::to_string(movers.size()) +
                     " rows, more than fit into the memory for one list (" +
                     std::to_string(memory_bytes_) + " bytes); ask with a limit",
                 "list_memory_bytes", std::nullopt};
  }
  std::sort(movers.begin(), movers.end(),
            [this](const Mover& a, const Mover& b) { return Before(a, b); });
  answer->rows.reserve(movers.size());
  for (const Mover& mover : movers) {
    const CustomerRow& row = from_.shards[mover.shard]->row(mover.row);
    answer->rows.push_back(
        {std::string(row.customer()), Minor{row.revenue}, Minor{row.revenue_total}});
  }
  return std::nullopt;
}

Result<MovesAnswer> Comparing::Run() {
  if (auto error = FindWanted()) return *error;
  const Judging from(from_), to(to_);
  std::vector<ShardPart> parts(from_.shards.size());
  runner_->ForEach(parts.size(), [&](size_t shard) {
    CompareShard(static_cast<uint32_t>(shard), from, to, &parts[shard]);
  });
  MovesAnswer answer;
  for (size_t at = 0; at < kJudgements; ++at) {
    MovesAnswer::Matrix& matrix = answer.matrices[at];
    for (size_t cell = 0; cell < from_names_[at].size() * to_names_[at].size(); ++cell) {
      Cell sum;
      for (const ShardPart& part : parts) {
        sum.customers += part.tables[at][cell].customers;
        sum.revenue += part.tables[at][cell].revenue;
      }
      if (sum.customers == 0) continue;
      MovesAnswer::Move move;
      move.from = from_names_[at][cell / to_names_[at].size()];
      move.to = to_names_[at][cell % to_names_[at].size()];
      move.customers = sum.customers;
      move.revenue = Narrow(sum.revenue);
      if (move.from != move.to) matrix.moved += sum.customers;
      matrix.moves.push_back(std::move(move));
    }
  }
  answer.list = query_.list;
  if (auto error = FillRows(&parts, &answer)) return *std::move(error);
  return answer;
}

}  // namespace

Result<MovesAnswer> ComputeMoves(const SummarySource& from, const SummarySource& to,
                                 const MovesQuery& query, uint64_t memory_bytes,
                                 ShardRunner* runner) {
  return Comparing(from, to, query, memory_bytes, runner).Run();
}

}  // namespace kundig::engine
