// Leads of the made-up shop, in the stages of the default table.

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "tools/shop_model.h"
#include "tools/shop_text.h"

namespace kundig::tools {

namespace {

constexpr std::array<std::string_view, 5> kStages = {"Address", "Interest", "Concrete", "Offer",
                                                     "Negotiation"};
constexpr std::array<int, 5> kStageWeights = {15, 30, 25, 20, 10};
constexpr std::array<std::string_view, 6> kProducts = {"Basic", "Plus",    "Pro",
                                                       "Care",  "Academy", "Migration"};
constexpr std::array<std::string_view, 5> kSources = {"web", "fair", "referral", "call", "partner"};
constexpr std::array<std::string_view, 4> kWonReasons = {"price", "relationship", "quality",
                                                         "speed"};
constexpr std::array<std::string_view, 5> kLostReasons = {"price", "competitor", "timing",
                                                          "no budget", "no need"};

constexpr int32_t kOldestLeadDays = 540;
constexpr double kDaysToClose = 90;  // mean
constexpr double kWonShare = 0.4;
constexpr double kOverrideShare = 0.12;  // of open leads
constexpr double kKnownCustomerShare = 0.7;

template <size_t N>
std::string_view Any(const std::array<std::string_view, N>& texts, RandomStream* random) {
  return texts[static_cast<size_t>(random->Between(0, N - 1))];
}

}  // namespace

void Shop::WriteLead(uint64_t number, ShopText* text) const {
  RandomStream random(plan_.seed, RandomStream::Purpose::kLead, number);
  const auto opened = static_cast<int32_t>(
      random.Between(std::max(plan_.from, plan_.until - kOldestLeadDays), plan_.until));
  const double days = random.Exponential(1 / kDaysToClose);
  const bool closed = opened + days < plan_.until + 1.0;
  const bool won = closed && random.Chance(kWonShare);

  std::string& line = *text->Start(ShopFile::kLeads);
  const auto out = std::back_inserter(line);
  fmt::format_to(out, FMT_COMPILE("L{:08},"), number + 1);
  line += !closed ? kStages[random.Pick(kStageWeights)] : won ? "Won" : "Lost";
  line += ',';
  AppendMoney(ToMinor(random.LogNormal(4000, 1.5)), &line);
  line += ',';
  if (random.Chance(kKnownCustomerShare)) {
    AppendCustomerId(
        static_cast<uint64_t>(random.Between(0, static_cast<int64_t>(plan_.customers) - 1)), &line);
  }
  line += ',';
  if (random.Chance(0.95)) line += OwnerName(&random);
  line += ',';
  if (random.Chance(0.9)) line += RegionName(&random);
  line += ',';
  if (random.Chance(0.9)) line += Any(kProducts, &random);
  line += ',';
  if (random.Chance(0.8)) line += Any(kSources, &random);
  line += ',';
  if (!closed && random.Chance(kOverrideShare)) {
    const int64_t chance = random.Between(0, 10'000);
    fmt::format_to(out, FMT_COMPILE("{}.{:02}"), chance / 100, chance % 100);
  }
  line += ',';
  AppendDay(opened, &line);
  line += ',';
  if (random.Chance(0.85)) {
    AppendDay(static_cast<int32_t>(opened + random.Between(20, 240)), &line);
  }
  line += ',';
  if (closed) AppendDay(static_cast<int32_t>(std::floor(opened + days)), &line);
  line += ',';
  if (closed) line += won ? Any(kWonReasons, &random) : Any(kLostReasons, &random);
  line += '\n';
}

}  // namespace kundig::tools
