#include "tests/engine/random_history_export.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tests/engine/random_history_actions.h"

namespace kundig::engine {

namespace {

using Line = std::pair<TimeMs, std::string>;

std::vector<Line> ModelHistory(std::string_view id, const ModelBook& model) {
  std::vector<Line> lines;
  const auto found = model.customers().find(std::string(id));
  if (found == model.customers().end()) return lines;
  const auto add = [&](TimeMs at, const Event& event) { lines.emplace_back(at, Describe(event)); };
  const ModelCustomer& c = found->second;
  for (const auto& [key, order] : c.orders) {
    add(order.at, OrderPlaced{id, key, order.at, order.revenue, order.margin, order.items, {}});
  }
  for (const auto& [key, back] : c.returns) {
    add(back.at, ReturnReceived{id, key, back.at, back.amount, back.margin, {}});
  }
  for (const auto& [at, day] : c.visits) add(at, Visit{id, at});
  for (const auto& [at, contact] : c.contacts) {
    add(at, Contact{id, at, contact.channel, contact.campaign});
  }
  for (const auto& [at, consent] : c.consents)
    add(at, Consent{id, at, consent.state, consent.until});
  for (const auto& [at, notice] : c.terminations) {
    add(at, Termination{id, at, notice.state, notice.effective, notice.reason});
  }
  for (const auto& [key, complaint] : c.complaints) {
    add(complaint.at, Complaint{id, key, complaint.at, complaint.closed});
  }
  for (const auto& [at, day] : c.service_requests) add(at, ServiceRequest{id, at});
  for (const auto& [at, day] : c.late_payments) add(at, LatePayment{id, at});
  for (const auto& [key, cost] : c.costs) add(cost.at, Cost{id, key, cost.at, cost.amount, {}});
  return lines;
}

}  // namespace

void CompareHistory(std::string_view id, const ModelBook& model, Book* engine,
                    Differences* differences) {
  const std::string where = "history of " + std::string(id);
  const Result<ExportAnswer> answer = engine->Export(id);
  differences->Same(where, "answered", true, answer.has_value());
  if (!answer) return;
  std::vector<Line> held;
  for (const HeldEvent& event : answer->events) {
    std::visit(
        [&](const auto& one) {
          using E = std::decay_t<decltype(one)>;
          if constexpr (!std::is_same_v<E, CustomerSet> && !std::is_same_v<E, LeadSet>) {
            held.emplace_back(one.at, Describe(Event(one)));
          }
        },
        event);
  }
  const auto earlier = [](const Line& a, const Line& b) { return a.first < b.first; };
  differences->Same(where, "in the order of time", true,
                    std::is_sorted(held.begin(), held.end(), earlier));
  // Events of one time come in the order in which the book learned of them, which no map knows.
  const auto sorted_texts = [](std::vector<Line> lines) {
    std::sort(lines.begin(), lines.end());
    std::vector<std::string> texts;
    for (Line& line : lines) texts.push_back(std::move(line.second));
    return texts;
  };
  differences->Same(where, "events", sorted_texts(ModelHistory(id, model)),
                    sorted_texts(std::move(held)));
}

}  // namespace kundig::engine
