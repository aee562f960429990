#include "tools/bench_requests.h"

#include <fmt/format.h>

#include <utility>

#include "client/event_batch.h"
#include "client/order_batch.h"
#include "tools/generate_random.h"
#include "tools/shop_text.h"

namespace kundig::tools {

namespace {

constexpr int64_t kLargestOrderMinor = 50'000;
constexpr int64_t kSpreadMs = 3'600'000;

client::Error WrongAnswer(std::string sentence) {
  client::Error error;
  error.kind = client::ErrorKind::kProtocol;
  error.message = std::move(sentence);
  return error;
}

RandomStream StreamOf(uint64_t seed, uint32_t connection) {
  return {seed, RandomStream::Purpose::kLoad, connection};
}

class Lookups : public RequestSource {
 public:
  Lookups(const LookupLoad& load, uint32_t connection)
      : load_(load), random_(StreamOf(load.seed, connection)) {}

  void Send(client::AsyncClient* client, Done done) override {
    std::vector<std::string> ids;
    ids.reserve(load_.batch);
    for (uint32_t i = 0; i < load_.batch; ++i) {
      ids.push_back(LoadCustomerId({}, load_.keys.Draw(&random_)));
    }
    if (load_.profiles) {
      std::vector<std::string> asked = ids;
      client->Profiles(std::move(asked), [ids = std::move(ids), done = std::move(done)](
                                             const client::Result<wire::ProfilesReplyT>& reply) {
        done(0, Checked(ids, reply));
      });
      return;
    }
    client->Records(ids, [asked = ids.size(), done = std::move(done)](
                             const client::Result<wire::RecordsReplyT>& reply) {
      done(0, Checked(asked, reply));
    });
  }

 private:
  static client::Result<uint64_t> Checked(const std::vector<std::string>& ids,
                                          const client::Result<wire::ProfilesReplyT>& reply) {
    if (!reply) return reply.error();
    if (reply->profiles.size() != ids.size()) return WrongAnswer(kNotAsMany);
    for (size_t i = 0; i < ids.size(); ++i) {
      const wire::ProfileT& profile = *reply->profiles[i];
      if (profile.customer != ids[i]) return WrongAnswer("the answer is for another customer");
      if (!profile.found) return WrongAnswer("there is no customer " + ids[i]);
    }
    return ids.size();
  }

  // A record does not repeat the id.
  static client::Result<uint64_t> Checked(size_t asked,
                                          const client::Result<wire::RecordsReplyT>& reply) {
    if (!reply) return reply.error();
    if (reply->records.size() != asked) return WrongAnswer(kNotAsMany);
    for (const wire::ProfileRecord& record : reply->records) {
      if (!record.found()) return WrongAnswer("a customer is not in the book");
    }
    return asked;
  }

  static constexpr const char* kNotAsMany = "not as many answers as ids";

  const LookupLoad load_;
  RandomStream random_;
};

class Ingest : public RequestSource {
 public:
  Ingest(const IngestLoad& load, uint32_t connection)
      : load_(load), random_(StreamOf(load.seed, connection)) {}

  void Send(client::AsyncClient* client, Done done) override {
    uint64_t number = load_.next_order->fetch_add(load_.batch);
    auto settle = [orders = load_.batch,
                   done = std::move(done)](const client::Result<wire::EventBatchReplyT>& reply) {
      done(0, Checked(orders, reply));
    };
    client::EventBatch events;
    orders_.Clear();
    for (uint32_t i = 0; i < load_.batch; ++i, ++number) {
      std::string customer = LoadCustomerId(load_.prefix, load_.keys.Draw(&random_));
      std::string order = fmt::format("{}-{}", load_.tag, number);
      const int64_t at_ms = load_.at_ms + random_.Between(-kSpreadMs, kSpreadMs);
      const int64_t revenue_minor = random_.Between(1, kLargestOrderMinor);
      if (load_.events) {
        events.Order(std::move(customer), std::move(order), at_ms, revenue_minor, 1);
      } else {
        orders_.Add(customer, order, at_ms, revenue_minor, 1);
      }
    }
    if (load_.events) {
      client->Send(events.events(), std::move(settle));
    } else {
      client->Send(orders_, std::move(settle));
    }
  }

 private:
  static client::Result<uint64_t> Checked(uint32_t orders,
                                          const client::Result<wire::EventBatchReplyT>& reply) {
    if (!reply) return reply.error();
    if (!reply->refused.empty()) return WrongAnswer(reply->refused.front()->error->message);
    if (reply->applied != orders) {
      return WrongAnswer(
          fmt::format("{} of {} orders were new to the book", reply->applied, orders));
    }
    return orders;
  }

  const IngestLoad load_;
  RandomStream random_;
  client::OrderBatch orders_;
};

class Scans : public RequestSource {
 public:
  Scans(std::shared_ptr<const std::vector<LoadQuestion>> questions, uint32_t connection)
      : questions_(std::move(questions)), next_(connection) {}

  void Send(client::AsyncClient* client, Done done) override {
    const size_t kind = next_++ % questions_->size();
    const LoadQuestion& question = (*questions_)[kind];
    std::function<bool(std::span<const uint8_t>)> more;
    if (question.type == wire::MessageType::list) {
      more = [](std::span<const uint8_t>) { return true; };
    }
    client->Request(
        question.type, question.payload,
        [kind,
         done = std::move(done)](const client::Result<client::AsyncClient::RawAnswer>& answer) {
          // The client has verified it as an answer of the question's type.
          done(kind, answer ? client::Result<uint64_t>(1) : answer.error());
        },
        std::move(more));
  }

 private:
  const std::shared_ptr<const std::vector<LoadQuestion>> questions_;
  size_t next_;  // connections begin at different questions
};

}  // namespace

std::string LoadCustomerId(const std::string& prefix, uint64_t number) {
  std::string id = prefix;
  AppendCustomerId(number, &id);
  return id;
}

std::unique_ptr<RequestSource> MakeLookups(const LookupLoad& load, uint32_t connection) {
  return std::make_unique<Lookups>(load, connection);
}

std::unique_ptr<RequestSource> MakeIngest(const IngestLoad& load, uint32_t connection) {
  return std::make_unique<Ingest>(load, connection);
}

std::unique_ptr<RequestSource> MakeScans(std::shared_ptr<const std::vector<LoadQuestion>> questions,
                                         uint32_t connection) {
  return std::make_unique<Scans>(std::move(questions), connection);
}

}  // namespace kundig::tools
