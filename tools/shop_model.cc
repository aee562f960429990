#include "tools/shop_model.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "tools/shop_text.h"

namespace kundig::tools {

namespace {

// Pareto/NBD: order rates gamma(r, alpha), rates of leaving gamma(s, beta); days. They give about
// five orders a customer over five years.
constexpr double kOrderShape = 0.8, kOrderScaleDays = 62;
constexpr double kLeaveShape = 0.6, kLeaveScaleDays = 82;

constexpr double kBusinessShare = 0.15;
constexpr double kNeverBuysShare = 0.06;  // known to the shop, without an order
constexpr double kLeaveRateFloor = 1e-7;  // so that a life has an end
constexpr uint32_t kMaxOrders = 5000;     // of one customer
constexpr uint32_t kMaxVisits = 5000;

constexpr double kNoMarginShare = 0.05;
constexpr double kReturnShare = 0.06;  // of orders
constexpr double kWholeReturnShare = 0.5;
constexpr double kContactsPerDay = 0.6 / 365;

constexpr std::array<std::string_view, 4> kSeasons = {"winter", "spring", "summer", "autumn"};

}  // namespace

std::string_view ShopHeader(ShopFile file) {
  switch (file) {
    case ShopFile::kCustomers:
      return "customer,kind,country,region,owner,company_size,products,potential,key_account,"
             "satisfaction,referral,bonding\n";
    case ShopFile::kOrders:
      return "customer,order,at,revenue,margin,items\n";
    case ShopFile::kVisits:
      return "customer,at\n";
    case ShopFile::kContacts:
      return "customer,at,channel,campaign\n";
    case ShopFile::kConsents:
      return "customer,at,state,until\n";
    case ShopFile::kLeads:
      return "lead,stage,revenue,customer,owner,region,product,source,chance,opened,"
             "expected_close,closed,reason\n";
  }
  return {};
}

void Shop::WriteCustomer(uint64_t number, ShopText* text) const {
  RandomStream random(plan_.seed, RandomStream::Purpose::kCustomer, number);
  const Life life = DrawLife(number, &random);
  WriteAttributes(life, &random, text);
  WriteConsents(life, &random, text);
  WriteOrders(life, &random, text);
  WriteVisits(life, &random, text);
  WriteContacts(life, &random, text);
}

Shop::Life Shop::DrawLife(uint64_t number, RandomStream* random) const {
  Life life;
  life.number = number;
  life.business = random->Chance(kBusinessShare);
  life.buys = !random->Chance(kNeverBuysShare);
  // The product may be rounded up to the day after the last one.
  life.joined = std::min(plan_.from + random->Uniform() * (plan_.until - plan_.from + 1),
                         std::nextafter(plan_.until + 1.0, 0.0));
  life.order_rate = random->Gamma(kOrderShape, kOrderScaleDays);
  const double leave_rate = random->Gamma(kLeaveShape, kLeaveScaleDays);
  life.left = life.joined + random->Exponential(std::max(leave_rate, kLeaveRateFloor));
  life.basket = life.business ? random->LogNormal(420, 1.1) : random->LogNormal(38, 0.6);
  return life;
}

void Shop::WriteAttributes(const Life& life, RandomStream* random, ShopText* text) const {
  static constexpr std::array<std::string_view, 8> kCountries = {
      "Germany", "Austria",     "Switzerland",   "United Kingdom",
      "France",  "Netherlands", "United States", "Korea, Republic of"};
  static constexpr std::array<int, 8> kCountryWeights = {55, 10, 8, 8, 7, 6, 4, 2};
  std::string& line = *text->Start(ShopFile::kCustomers);
  const auto out = std::back_inserter(line);
  const auto given = [random](double share) { return random->Chance(share); };

  AppendCustomerId(life.number, &line);
  line += ',';
  if (given(0.97)) line += life.business ? "business" : "consumer";
  line += ',';
  if (given(0.98)) {
    const std::string_view country = kCountries[random->Pick(kCountryWeights)];
    const bool quoted = country.find(',') != std::string_view::npos;
    if (quoted) line += '"';
    line += country;
    if (quoted) line += '"';
  }
  line += ',';
  if (given(0.8)) line += RegionName(random);
  line += ',';
  if (given(life.business ? 0.85 : 0.05)) line += OwnerName(random);
  line += ',';
  if (life.business && given(0.8)) {
    fmt::format_to(out, FMT_COMPILE("{}"),
                   std::clamp<int64_t>(std::llround(random->LogNormal(40, 1.5)), 1, 500'000));
  }
  line += ',';
  if (given(0.7)) {
    fmt::format_to(out, FMT_COMPILE("{}"), 1 + static_cast<int>(random->Exponential(0.6)));
  }
  line += ',';
  if (given(life.business ? 0.6 : 0.1)) {
    // What a year would bring, give or take a factor.
    AppendMoney(ToMinor((1 + life.order_rate * 365) * life.basket * random->LogNormal(1.5, 0.8)),
                &line);
  }
  line += ',';
  const bool key_account = life.business && given(0.03);
  if (key_account || given(0.5)) line += key_account ? "true" : "false";
  line += ',';
  const auto mark = [&](double share, double mean, double deviation, double most) {
    if (!given(share)) return;
    const double drawn = std::clamp(random->Normal(mean, deviation), 0.0, most);
    fmt::format_to(out, FMT_COMPILE("{}"), std::lround(drawn));
  };
  mark(0.35, 7.2, 1.9, 10);
  line += ',';
  mark(0.3, 7.6, 2.2, 10);
  line += ',';
  mark(0.4, 48, 24, 100);
  line += '\n';
}

void Shop::WriteOrders(const Life& life, RandomStream* random, ShopText* text) const {
  if (!life.buys) return;
  const double end = std::min(life.left, plan_.until + 1.0);
  double at = life.joined;
  for (uint32_t order = 1; at < end && order <= kMaxOrders; ++order) {
    const auto day = static_cast<int32_t>(std::floor(at));
    const int64_t revenue = ToMinor(life.basket * random->LogNormal(1, 0.8));
    std::string& line = *text->Start(ShopFile::kOrders);
    AppendCustomerId(life.number, &line);
    line += ',';
    fmt::format_to(std::back_inserter(line), FMT_COMPILE("{}-{}"), life.number + 1, order);
    line += ',';
    AppendTime(day, random, &line);
    line += ',';
    AppendMoney(revenue, &line);
    line += ',';
    if (!random->Chance(kNoMarginShare)) {
      AppendMoney(std::llround(static_cast<double>(revenue) * random->Normal(0.35, 0.15)), &line);
    }
    fmt::format_to(std::back_inserter(line), FMT_COMPILE(",{}\n"),
                   1 + static_cast<int64_t>(random->Exponential(life.business ? 0.08 : 0.5)));
    if (random->Chance(kReturnShare)) WriteReturn(life, order, day, revenue, random, text);
    at += random->Exponential(life.order_rate);
  }
}

void Shop::WriteReturn(const Life& life, uint32_t order, int32_t day, int64_t revenue_minor,
                       RandomStream* random, ShopText* text) const {
  const auto back = static_cast<int32_t>(day + random->Between(2, 30));
  const double share = random->Chance(kWholeReturnShare) ? 1 : random->Uniform();
  const int64_t amount = std::clamp<int64_t>(
      std::llround(static_cast<double>(revenue_minor) * share), 1, revenue_minor);
  if (back > plan_.until) return;
  std::string& line = *text->Start(ShopFile::kOrders);
  AppendCustomerId(life.number, &line);
  fmt::format_to(std::back_inserter(line), FMT_COMPILE(",R{}-{},"), life.number + 1, order);
  AppendTime(back, random, &line);
  line += ',';
  AppendMoney(-amount, &line);
  line += ",,\n";
}

void Shop::WriteVisits(const Life& life, RandomStream* random, ShopText* text) const {
  const double rate = 0.6 * life.order_rate + 0.001;
  const double end = std::min(life.left, plan_.until + 1.0);
  double at = life.joined + random->Exponential(rate);
  for (uint32_t visit = 0; at < end && visit < kMaxVisits; ++visit) {
    std::string& line = *text->Start(ShopFile::kVisits);
    AppendCustomerId(life.number, &line);
    line += ',';
    AppendTime(static_cast<int32_t>(std::floor(at)), random, &line);
    line += '\n';
    at += random->Exponential(rate);
  }
}

void Shop::WriteContacts(const Life& life, RandomStream* random, ShopText* text) const {
  static constexpr std::array<std::string_view, 4> kChannels = {"email", "phone", "letter", "sms"};
  static constexpr std::array<int, 4> kChannelWeights = {60, 20, 15, 5};
  // A shop writes to customers that have left, too: it cannot know.
  double at = life.joined + random->Exponential(kContactsPerDay);
  for (; at < plan_.until + 1.0; at += random->Exponential(kContactsPerDay)) {
    const auto day = static_cast<int32_t>(std::floor(at));
    std::string& line = *text->Start(ShopFile::kContacts);
    AppendCustomerId(life.number, &line);
    line += ',';
    AppendTime(day, random, &line);
    const size_t channel = random->Pick(kChannelWeights);
    line += ',';
    line += kChannels[channel];
    line += ',';
    if (kChannels[channel] != "phone" && random->Chance(0.8)) {
      std::string date;
      AppendDay(day, &date);
      const size_t month =
          static_cast<size_t>(date[5] - '0') * 10 + static_cast<size_t>(date[6] - '0');
      line += kSeasons[month % 12 / 3];
      line += '-';
      line.append(date, 0, 4);
    }
    line += '\n';
  }
}

void Shop::WriteConsents(const Life& life, RandomStream* random, ShopText* text) const {
  const auto joined = static_cast<int32_t>(std::floor(life.joined));
  const auto write = [&](int32_t day, std::string_view state, int32_t last_day) {
    std::string& line = *text->Start(ShopFile::kConsents);
    AppendCustomerId(life.number, &line);
    line += ',';
    AppendTime(day, random, &line);
    line += ',';
    line += state;
    line += ',';
    if (last_day != 0) AppendDay(last_day, &line);
    line += '\n';
  };
  if (random->Chance(0.75)) {
    const bool limited = random->Chance(0.1);
    write(joined, "granted",
          limited ? static_cast<int32_t>(joined + random->Between(365, 4 * 365)) : 0);
    const auto later = static_cast<int32_t>(joined + random->Between(1, 3 * 365));
    if (random->Chance(0.15) && later <= plan_.until) write(later, "withdrawn", 0);
  } else if (random->Chance(0.2)) {
    write(joined, "withdrawn", 0);
  }
}

}  // namespace kundig::tools
