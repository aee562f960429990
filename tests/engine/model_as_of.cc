// The book as of an earlier day, and what other rules change: from the maps, by leaving out.

#include "engine/calendar.h"
#include "tests/engine/model_book.h"

namespace kundig::engine {

ModelBook ModelBook::AsOf(Day day, std::shared_ptr<const Rules> rules) const {
  ModelBook stopped(std::move(rules), day);
  stopped.journal_sequence_ = journal_sequence_;
  stopped.rules_version_ = rules_version_;
  stopped.fit_ = fit_;
  stopped.fit_version_ = fit_version_;
  stopped.customers_ = customers_;
  if (day == today_) return stopped;
  const Calendar& calendar = stopped.rules_->calendar();
  const auto is_later = [&](TimeMs at) { return calendar.DayOf(at) > day; };
  for (auto& [id, customer] : stopped.customers_) {
    std::erase_if(customer.orders, [&](const auto& one) { return is_later(one.second.at); });
    std::erase_if(customer.returns, [&](const auto& one) { return is_later(one.second.at); });
    std::erase_if(customer.visits, [&](const auto& one) { return is_later(one.first); });
    std::erase_if(customer.contacts, [&](const auto& one) { return is_later(one.first); });
    std::erase_if(customer.consents, [&](const auto& one) { return is_later(one.first); });
    std::erase_if(customer.terminations, [&](const auto& one) { return is_later(one.first); });
    std::erase_if(customer.complaints, [&](const auto& one) { return is_later(one.second.at); });
    std::erase_if(customer.service_requests, [&](const auto& one) { return is_later(one.first); });
    std::erase_if(customer.late_payments, [&](const auto& one) { return is_later(one.first); });
    std::erase_if(customer.costs, [&](const auto& one) { return is_later(one.second.at); });
    for (auto& [complaint_id, complaint] : customer.complaints) {
      if (complaint.closed > day) complaint.closed.reset();
    }
    customer.closed_class.reset();
    std::erase_if(customer.owner_changes, [&](Day changed) { return changed > day; });
  }
  std::erase_if(stopped.customers_, [](const auto& one) {
    const ModelCustomer& customer = one.second;
    return customer.orders.empty() && customer.returns.empty() && customer.visits.empty() &&
           customer.contacts.empty() && customer.consents.empty() &&
           customer.terminations.empty() && customer.complaints.empty() &&
           customer.service_requests.empty() && customer.late_payments.empty() &&
           customer.costs.empty();
  });
  return stopped;
}

}  // namespace kundig::engine
