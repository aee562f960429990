#include "engine/adopted_fit.h"

#include <bit>
#include <cmath>
#include <vector>

#include "engine/snapshot_columns.h"

namespace kundig::engine {
namespace {

constexpr size_t kChurnNumbers = 12, kSpendNumbers = 8;

uint64_t DoubleBits(double number) {
  return std::bit_cast<uint64_t>(number);
}

// Takes numbers in the order in which they were put.
class Words {
 public:
  explicit Words(const std::vector<uint64_t>& words) : words_(words) {}

  uint64_t Next() { return words_[next_++]; }
  double Double() { return std::bit_cast<double>(Next()); }
  // A number up to `last`, where nothing else was ever put.
  uint64_t UpTo(uint64_t last) {
    const uint64_t word = Next();
    sound_ = sound_ && word <= last;
    return word;
  }
  bool Flag() { return UpTo(1) == 1; }
  bool sound() const { return sound_; }

 private:
  const std::vector<uint64_t>& words_;
  size_t next_ = 0;
  bool sound_ = true;
};

}  // namespace

std::string EncodeFit(const AdoptedFit& fit) {
  std::vector<uint64_t> words = {static_cast<uint64_t>(fit.model),
                                 DoubleBits(fit.parameters.r),
                                 DoubleBits(fit.parameters.alpha),
                                 DoubleBits(fit.parameters.a),
                                 DoubleBits(fit.parameters.b),
                                 fit.pinned,
                                 fit.converged,
                                 fit.at_limit,
                                 static_cast<uint64_t>(int64_t{fit.fitted_through.since_epoch}),
                                 fit.customers,
                                 fit.purchases,
                                 DoubleBits(fit.log_likelihood)};
  if (fit.spend) {
    const AdoptedSpend& spend = *fit.spend;
    words.insert(words.end(), {static_cast<uint64_t>(spend.measure), DoubleBits(spend.parameters.p),
                               DoubleBits(spend.parameters.q), DoubleBits(spend.parameters.gamma),
                               DoubleBits(spend.log_likelihood), spend.customers, spend.converged,
                               spend.at_limit});
  }
  std::string bytes;
  PutNumbers(words, &bytes);
  return bytes;
}

std::optional<AdoptedFit> DecodeFit(std::string_view bytes) {
  ColumnReader columns(bytes);
  std::vector<uint64_t> numbers;
  columns.Numbers(kChurnNumbers + kSpendNumbers, &numbers);
  const bool has_spend = numbers.size() == kChurnNumbers + kSpendNumbers;
  if (!columns.ok() || !columns.at_end() || (numbers.size() != kChurnNumbers && !has_spend)) {
    return std::nullopt;
  }
  Words words(numbers);
  AdoptedFit fit;
  fit.model =
      static_cast<ChurnModelKind>(words.UpTo(static_cast<uint64_t>(ChurnModelKind::kBgNbd)));
  fit.parameters.r = words.Double();
  fit.parameters.alpha = words.Double();
  fit.parameters.a = words.Double();
  fit.parameters.b = words.Double();
  fit.pinned = words.Flag();
  fit.converged = words.Flag();
  fit.at_limit = words.Flag();
  const auto day = static_cast<int64_t>(words.Next());
  fit.customers = words.Next();
  fit.purchases = words.Next();
  fit.log_likelihood = words.Double();
  if (has_spend) {
    AdoptedSpend& spend = fit.spend.emplace();
    spend.measure =
        static_cast<SpendMeasure>(words.UpTo(static_cast<uint64_t>(SpendMeasure::kMargin)));
    spend.parameters.p = words.Double();
    spend.parameters.q = words.Double();
    spend.parameters.gamma = words.Double();
    spend.log_likelihood = words.Double();
    spend.customers = words.Next();
    spend.converged = words.Flag();
    spend.at_limit = words.Flag();
    if (!SpendModel::Make(spend.parameters) || !std::isfinite(spend.log_likelihood)) {
      return std::nullopt;
    }
  }
  if (!words.sound() || day < kFirstDay.since_epoch || day > kLastDay.since_epoch ||
      !ChurnModel::Make(fit.model, fit.parameters) || !std::isfinite(fit.log_likelihood)) {
    return std::nullopt;
  }
  fit.fitted_through = Day{static_cast<int32_t>(day)};
  return fit;
}

}  // namespace kundig::engine
