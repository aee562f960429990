// Orders and returns: rows of order lines, summed to orders, sent when the whole file is read.

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tools/import_aggregate.h"
#include "tools/import_rows.h"

namespace kundig::tools {

namespace {

enum : size_t {
  kOrderCustomer,
  kOrderId,
  kOrderAt,
  kOrderRevenue,
  kOrderQuantity,
  kOrderPrice,
  kOrderMargin,
  kOrderItems,
  kOrderCountry,
  kOrderKind,
  kOrderRegion
};
constexpr std::array<Role, 11> kOrderRoles = {{{"customer", true},
                                               {"order", true},
                                               {"at", true},
                                               {"revenue"},
                                               {"quantity"},
                                               {"price"},
                                               {"margin"},
                                               {"items"},
                                               {"country"},
                                               {"kind"},
                                               {"region"}}};

// Where the attributes of an order's row are in AttributeTexts.
enum : size_t { kCountryText, kKindText, kRegionText };

class OrderImporter : public RowImporter {
 public:
  explicit OrderImporter(const ImportDesk& desk)
      : desk_(desk),
        text_(*desk.columns, desk.moments),
        attributes_(desk.options->memory_bytes / 4),
        orders_(desk.options->memory_bytes / 4 * 3, desk.tally, &attributes_) {}

  Outcome<void> Take(const CsvRow& row) override {
    StartRow(row, desk_.tally, &text_);
    OrderPart part;
    part.line = row.line;
    part.order = text_.Id(kOrderId);
    part.at_ms = text_.Time(kOrderAt);
    TakeAmount(&part);
    if (!text_.Raw(kOrderItems).empty()) part.items = text_.Number(kOrderItems);
    part.has_margin = !text_.Raw(kOrderMargin).empty();
    if (part.has_margin) part.margin = text_.Number(kOrderMargin);
    part.customer = text_.Text(kOrderCustomer);
    TakeAttributes(&part);
    if (!KeepRow(row, part.customer, desk_.tally, text_)) return {};
    return orders_.Add(part);
  }

  Outcome<void> Finish() override {
    auto done = orders_.Finish([this](const OrderPart& order) { return SendOrder(order); });
    if (done.has_error()) return done;
    return attributes_.Finish(
        [this](std::string_view customer, const AttributeTexts& texts, uint64_t line) {
          return SendAttributes(customer, texts, line);
        });
  }

  uint64_t empty_returns() const override { return empty_returns_; }

 private:
  void TakeAmount(OrderPart* part) {
    if (text_.Has(kOrderRevenue)) {
      part->amount = text_.Number(kOrderRevenue);
      return;
    }
    const Decimal quantity = text_.Number(kOrderQuantity);
    const auto amount = Decimal::Multiply(quantity, text_.Number(kOrderPrice));
    if (!amount) text_.MarkBad(kOrderPrice, "a product with the quantity of at most 38 digits");
    part->amount = amount.value_or(Decimal());
    if (!quantity.negative()) part->items = quantity;
  }

  void TakeAttributes(OrderPart* part) {
    part->attributes[kCountryText] = text_.Text(kOrderCountry);
    part->attributes[kRegionText] = text_.Text(kOrderRegion);
    if (!text_.Raw(kOrderKind).empty()) {
      part->attributes[kKindText] = wire::EnumNameCustomerKind(RowCustomerKind(kOrderKind, &text_));
    }
  }

  Outcome<void> SendOrder(const OrderPart& order) {
    const int decimals = desk_.options->minor_units ? 0 : 2;
    const auto amount = order.amount.Rounded(decimals);
    const auto margin = order.margin.Rounded(decimals);
    // Items taken back by later rows must not leave less than none.
    const auto items = order.items.negative() ? 0 : order.items.Truncated(0);
    if (!amount || !margin || !items || *items > std::numeric_limits<uint32_t>::max()) {
      desk_.tally->BadRow(order.line,
                          fmt::format("revenue, margin or items of order {:.40} are out "
                                      "of range",
                                      order.order));
      return {};
    }
    const flatbuffers::Optional<int64_t> sent_margin =
        order.has_margin ? flatbuffers::Optional<int64_t>(*margin) : flatbuffers::nullopt;
    if (!order.amount.negative()) {
      desk_.events->Add(order.line, wire::EventBody::Order,
                        [&](flatbuffers::FlatBufferBuilder* to) {
                          const auto customer = EventSender::Text(to, order.customer);
                          const auto id = EventSender::Text(to, order.order);
                          return wire::CreateOrder(*to, customer, id, order.at_ms, *amount,
                                                   sent_margin, static_cast<uint32_t>(*items))
                              .Union();
                        });
    } else if (*amount != 0) {
      desk_.events->Add(
          order.line, wire::EventBody::Return, [&](flatbuffers::FlatBufferBuilder* to) {
            const auto customer = EventSender::Text(to, order.customer);
            const auto id = EventSender::Text(to, order.order);
            return wire::CreateReturn(*to, customer, id, order.at_ms, -*amount, sent_margin)
                .Union();
          });
    } else {
      // Nothing to take off, but the customer is one that the book must know.
      ++empty_returns_;
      return SendAttributes(order.customer, {}, order.line);
    }
    return GoOn(*desk_.events);
  }

  Outcome<void> SendAttributes(std::string_view customer, const AttributeTexts& texts,
                               uint64_t line) {
    desk_.attributes->Add(
        line, wire::EventBody::CustomerSet, [&](flatbuffers::FlatBufferBuilder* to) {
          const auto id = EventSender::Text(to, customer);
          const auto country = EventSender::TextOrNone(to, texts[kCountryText]);
          const auto region = EventSender::TextOrNone(to, texts[kRegionText]);
          wire::CustomerSetBuilder set(*to);
          set.add_customer(id);
          set.add_country(country);
          set.add_region(region);
          if (!texts[kKindText].empty()) {
            set.add_kind(texts[kKindText] ==
                                 wire::EnumNameCustomerKind(wire::CustomerKind::business)
                             ? wire::CustomerKind::business
                             : wire::CustomerKind::consumer);
          }
          return set.Finish().Union();
        });
    return GoOn(*desk_.attributes);
  }

  // What the server said is told by the sender's counts.
  static Outcome<void> GoOn(const EventSender& sender) {
    if (sender.failed()) return Failure{"the server did not take a batch"};
    return {};
  }

  const ImportDesk desk_;
  RowText text_;
  AttributeMerge attributes_;
  OrderAggregate orders_;
  uint64_t empty_returns_ = 0;
};

}  // namespace

std::span<const Role> OrderRoles() {
  return kOrderRoles;
}

Outcome<std::unique_ptr<RowImporter>> MakeOrderImporter(const ImportDesk& desk) {
  const Columns& columns = *desk.columns;
  if (!columns.Has(kOrderRevenue) && !(columns.Has(kOrderQuantity) && columns.Has(kOrderPrice))) {
    return Failure{fmt::format(
        "{}: orders need a column for revenue, or one for quantity and one for price; name them "
        "with --columns",
        desk.tally->file())};
  }
  return std::unique_ptr<RowImporter>(std::make_unique<OrderImporter>(desk));
}

}  // namespace kundig::tools
