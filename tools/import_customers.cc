// Customers: attributes by name. An empty text is an attribute that is not named: it stays as it
// is.

#include <limits>
#include <string_view>

#include "tools/import_rows.h"
#include "tools/names.h"

namespace kundig::tools {

namespace {

enum : size_t {
  kCustomerId,
  kCustomerKind,
  kCustomerCountry,
  kCustomerRegion,
  kCustomerOwner,
  kCustomerCompanySize,
  kCustomerProducts,
  kCustomerPotential,
  kCustomerKeyAccount,
  kCustomerSatisfaction,
  kCustomerReferral,
  kCustomerBonding,
  kCustomerPinnedClass
};
constexpr std::array<Role, 13> kCustomerRoles = {{{"customer", true},
                                                  {"kind"},
                                                  {"country"},
                                                  {"region"},
                                                  {"owner"},
                                                  {"company_size"},
                                                  {"products"},
                                                  {"potential"},
                                                  {"key_account"},
                                                  {"satisfaction"},
                                                  {"referral"},
                                                  {"bonding"},
                                                  {"pinned_class"}}};

// The largest marks of definitions.md.
constexpr uint32_t kMaxMark = 10;
constexpr uint32_t kMaxBonding = 100;

// The word that takes a pinned class away: rules and score decide again.
constexpr std::string_view kUnpinned = "none";
constexpr wire::CustomerAttribute kPinnedAttribute = wire::CustomerAttribute::pinned_class;

class CustomerImporter : public RowImporter {
 public:
  explicit CustomerImporter(const ImportDesk& desk)
      : desk_(desk), text_(*desk.columns, desk.moments) {}

  Outcome<void> Take(const CsvRow& row) override {
    StartRow(row, desk_.tally, &text_);
    const std::string_view customer = text_.Text(kCustomerId);
    const std::string_view country = text_.Text(kCustomerCountry);
    const std::string_view region = text_.Text(kCustomerRegion);
    const std::string_view owner = text_.Text(kCustomerOwner);
    constexpr uint32_t kAny = std::numeric_limits<uint32_t>::max();
    const auto kind = Given(kCustomerKind) ? RowCustomerKind(kCustomerKind, &text_)
                                           : wire::CustomerKind::consumer;
    const uint32_t company_size = Number(kCustomerCompanySize, kAny);
    const uint32_t products = Number(kCustomerProducts, kAny);
    const uint32_t satisfaction = Number(kCustomerSatisfaction, kMaxMark);
    const uint32_t referral = Number(kCustomerReferral, kMaxMark);
    const uint32_t bonding = Number(kCustomerBonding, kMaxBonding);
    const int64_t potential = Potential();
    const bool key_account = KeyAccount();
    const wire::ValueClass pinned_class = PinnedClass();
    const bool unpin = Lowered(text_.Raw(kCustomerPinnedClass)) == kUnpinned;
    if (!KeepRow(row, customer, desk_.tally, text_)) return {};

    desk_.events->Add(
        row.line, wire::EventBody::CustomerSet, [&](flatbuffers::FlatBufferBuilder* to) {
          const auto id = EventSender::Text(to, customer);
          const auto country_text = EventSender::TextOrNone(to, country);
          const auto region_text = EventSender::TextOrNone(to, region);
          const auto owner_text = EventSender::TextOrNone(to, owner);
          const flatbuffers::Offset<flatbuffers::Vector<wire::CustomerAttribute>> removed =
              unpin ? to->CreateVector(&kPinnedAttribute, 1) : 0;
          wire::CustomerSetBuilder set(*to);
          set.add_customer(id);
          set.add_country(country_text);
          set.add_region(region_text);
          set.add_owner(owner_text);
          if (Given(kCustomerKind)) set.add_kind(kind);
          if (Given(kCustomerCompanySize)) set.add_company_size(company_size);
          if (Given(kCustomerProducts)) set.add_products(products);
          if (Given(kCustomerPotential)) set.add_potential(potential);
          if (Given(kCustomerKeyAccount)) set.add_key_account(key_account);
          if (Given(kCustomerSatisfaction))
            set.add_satisfaction(static_cast<uint8_t>(satisfaction));
          if (Given(kCustomerReferral)) set.add_referral(static_cast<uint8_t>(referral));
          if (Given(kCustomerBonding)) set.add_bonding(static_cast<uint8_t>(bonding));
          set.add_remove(removed);
          if (Given(kCustomerPinnedClass) && !unpin) set.add_pinned_class(pinned_class);
          return set.Finish().Union();
        });
    return {};
  }

 private:
  bool Given(size_t role) const { return !text_.Raw(role).empty(); }

  uint32_t Number(size_t role, uint32_t most) {
    return Given(role) ? text_.Whole(role, 0, most) : 0;
  }

  // An estimate: what is finer than the minor unit is cut off.
  int64_t Potential() {
    if (!Given(kCustomerPotential)) return 0;
    const Decimal potential = text_.Number(kCustomerPotential);
    const auto minor = potential.Truncated(desk_.options->minor_units ? 0 : 2);
    if (!minor || potential.negative()) text_.MarkBad(kCustomerPotential, "an amount of 0 or more");
    return minor.value_or(0);
  }

  wire::ValueClass PinnedClass() {
    const std::string word = Lowered(text_.Raw(kCustomerPinnedClass));
    if (word.empty() || word == kUnpinned) return wire::ValueClass::review;
    for (const wire::ValueClass value_class : wire::EnumValuesValueClass()) {
      if (word == Name(value_class)) return value_class;
    }
    text_.MarkBad(kCustomerPinnedClass, "individual, standard, review or none");
    return wire::ValueClass::review;
  }

  bool KeyAccount() {
    if (!Given(kCustomerKeyAccount)) return false;
    const std::string word = Lowered(text_.Raw(kCustomerKeyAccount));
    if (word == "1" || word == "true" || word == "yes" || word == "y") return true;
    if (word != "0" && word != "false" && word != "no" && word != "n")
      text_.MarkBad(kCustomerKeyAccount, "true or false");
    return false;
  }

  const ImportDesk desk_;
  RowText text_;
};

}  // namespace

std::span<const Role> CustomerRoles() {
  return kCustomerRoles;
}

std::unique_ptr<RowImporter> MakeCustomerImporter(const ImportDesk& desk) {
  return std::make_unique<CustomerImporter>(desk);
}

}  // namespace kundig::tools
