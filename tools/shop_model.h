// A made-up shop: customers with what they buy, visit, send back and agree to, and leads.
//
// Orders follow the Pareto/NBD model (Schmittlein, Morrison, Colombo: Counting your customers,
// 1987): each customer buys at random at a rate of its own and leaves after an exponential time,
// and both rates are gamma-distributed over the customers. Baskets are log-normal, those of
// businesses an order of magnitude above those of consumers, so that revenues differ by several.
//
// Everything about a customer comes from its own stream of random numbers: the same seed gives the
// same customer, whoever else is generated and in which order.
//
// Thread safety: a Shop is immutable; any number of threads may write from it.

#ifndef KUNDIG_TOOLS_SHOP_MODEL_H_
#define KUNDIG_TOOLS_SHOP_MODEL_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tools/generate_random.h"

namespace kundig::tools {

// The files of a shop, each importable by `kundig import` as it is.
enum class ShopFile : uint8_t { kCustomers, kOrders, kVisits, kContacts, kConsents, kLeads };
inline constexpr size_t kShopFiles = 6;
inline constexpr std::array<std::string_view, kShopFiles> kShopFileNames = {
    "customers", "orders", "visits", "contacts", "consents", "leads"};

// The first line of a file, with its line end.
std::string_view ShopHeader(ShopFile file);

struct ShopPlan {
  uint64_t customers = 0;
  uint64_t seed = 1;
  // First and last day of the shop, as days since 1970-01-01; no event lies outside.
  int32_t from = 0;
  int32_t until = 0;

  // One lead for so many customers.
  static constexpr uint64_t kCustomersPerLead = 10;
  uint64_t leads() const { return customers / kCustomersPerLead; }
};

// Lines of each file, and how many they are.
struct ShopText {
  std::array<std::string, kShopFiles> lines;
  std::array<uint64_t, kShopFiles> rows{};

  std::string* Start(ShopFile file) {
    ++rows[static_cast<size_t>(file)];
    return &lines[static_cast<size_t>(file)];
  }
};

class Shop {
 public:
  explicit Shop(const ShopPlan& plan) : plan_(plan) {}

  // Appends everything of customer `number` (from 0) and of lead `number`.
  void WriteCustomer(uint64_t number, ShopText* text) const;
  void WriteLead(uint64_t number, ShopText* text) const;

 private:
  // One customer's place in the model; times in days since 1970-01-01, rates per day.
  struct Life {
    uint64_t number = 0;
    bool business = false;
    bool buys = true;
    double joined = 0;
    double left = 0;  // may lie after the last day
    double order_rate = 0;
    double basket = 0;  // median, in major units
  };

  Life DrawLife(uint64_t number, RandomStream* random) const;
  void WriteAttributes(const Life& life, RandomStream* random, ShopText* text) const;
  void WriteOrders(const Life& life, RandomStream* random, ShopText* text) const;
  void WriteReturn(const Life& life, uint32_t order, int32_t day, int64_t revenue_minor,
                   RandomStream* random, ShopText* text) const;
  void WriteVisits(const Life& life, RandomStream* random, ShopText* text) const;
  void WriteContacts(const Life& life, RandomStream* random, ShopText* text) const;
  void WriteConsents(const Life& life, RandomStream* random, ShopText* text) const;

  const ShopPlan plan_;
};

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_SHOP_MODEL_H_
