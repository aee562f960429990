#include "client/client.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "client/batch_numbering.h"
#include "client/channel.h"
#include "client/event_batch.h"
#include "client/message.h"
#include "client/order_batch.h"
#include "client/request_checks.h"
#include "client/waiting.h"

namespace kundig::client {

using wire::MessageType;

class Client::Impl {
 public:
  explicit Impl(Options options)
      : options_(std::move(options)),
        channel_(Channel::Start(options_, std::max(1U, options_.max_in_flight))) {}
  ~Impl() { channel_->Stop(); }

  Channel::Request Made(MessageType type, std::vector<uint8_t> payload, RequestCheck check) const {
    Channel::Request request;
    request.type = type;
    request.payload = std::move(payload);
    request.check = std::move(check);
    request.deadline = options_.deadline;
    return request;
  }
  // The same for a batch that was packed with ToBeNumbered().
  Channel::Request MadeBatch(MessageType type, std::vector<uint8_t> payload,
                             RequestCheck check) const {
    Channel::Request request = Made(type, std::move(payload), std::move(check));
    request.to_be_numbered = true;
    return request;
  }

  void Submit(Channel::Request request, Callback<Channel::RawAnswer> done) {
    request.done = std::move(done);
    channel_->SubmitWithRoom(std::move(request));
  }

  template <typename Reply>
  Result<Reply> Ask(Channel::Request request) {
    const auto answers = std::make_shared<Answers>();
    Submit(std::move(request), answers->ForNext());
    return UnpackedAnswer<Reply>(answers->WaitForAll().front());
  }

  template <typename Reply, typename Question>
  Result<Reply> Call(MessageType type, const Question& question) {
    return Ask<Reply>(Made(type, Packed(question), nullptr));
  }

  template <typename Reply, typename Question>
  Result<Reply> CallWithoutDeadline(MessageType type, const Question& question) {
    Channel::Request request = Made(type, Packed(question), nullptr);
    request.deadline = std::chrono::milliseconds{0};
    return Ask<Reply>(std::move(request));
  }

  template <typename Reply, typename Question>
  Result<Reply> CallAsOf(MessageType type, Question question, AsOf as_of) {
    if (!as_of) return Call<Reply>(type, question);
    question.as_of = *as_of;
    return CallWithoutDeadline<Reply>(type, question);
  }

  // An answer in chunks, each given to `chunk` on the calling thread.
  template <typename Reply>
  Result<void> Stream(MessageType type, std::vector<uint8_t> payload,
                      const std::function<bool(Reply)>& chunk, bool with_deadline = true);

  // Asks for `customers` in requests of the server's size; each answer must hold one of
  // `found` for each customer of its part.
  template <typename Reply, typename Found, typename Pack>
  Result<std::vector<Reply>> LookUp(MessageType type, std::span<const std::string> customers,
                                    std::vector<Found> Reply::*found, Pack pack,
                                    bool with_deadline = true);
  template <typename Batch>
  Result<SentEvents> SendInParts(MessageType type, const Batch& events);

  const Options options_;
  const std::string producer_ = NewProducerName();
  const std::shared_ptr<Channel> channel_;
};

template <typename Reply>
Result<void> Client::Impl::Stream(MessageType type, std::vector<uint8_t> payload,
                                  const std::function<bool(Reply)>& chunk, bool with_deadline) {
  const auto chunks = std::make_shared<StreamedChunks>(channel_);
  Channel::Request request = Made(type, std::move(payload), nullptr);
  if (!with_deadline) request.deadline = std::chrono::milliseconds{0};
  request.more = chunks->ForMore();
  Submit(std::move(request), chunks->ForDone());
  // Where `chunk` throws, the rest of the answer must not hold up the connection.
  struct CancelAtExit {
    StreamedChunks* chunks;
    ~CancelAtExit() { chunks->Cancel(); }
  } const cancel_at_exit{chunks.get()};
  bool wanted = true;
  while (const auto answer = chunks->Next()) {
    if (!*answer) return answer->error();
    if (!wanted) continue;
    wanted = chunk(Unpacked<Reply>(**answer));
    if (!wanted) chunks->Cancel();
  }
  return {};
}

template <typename Reply, typename Found, typename Pack>
Result<std::vector<Reply>> Client::Impl::LookUp(MessageType type,
                                                std::span<const std::string> customers,
                                                std::vector<Found> Reply::*found, Pack pack,
                                                bool with_deadline) {
  const size_t most = channel_->server().max_profile_ids;
  const auto answers = std::make_shared<Answers>();
  for (size_t begin = 0; begin < customers.size() && !answers->failed(); begin += most) {
    const auto part = customers.subspan(begin, std::min(most, customers.size() - begin));
    Channel::Request request = Made(type, pack(part), AtMostProfileIds(part.size()));
    if (!with_deadline) request.deadline = std::chrono::milliseconds{0};
    Submit(std::move(request), answers->ForNext());
  }
  std::vector<Reply> replies;
  size_t begin = 0;
  for (auto& answer : answers->WaitForAll()) {
    if (!answer) return answer.error();
    replies.push_back(Unpacked<Reply>(*answer));
    const size_t asked = std::min(most, customers.size() - begin);
    if ((replies.back().*found).size() != asked) {
      return Unreadable("It does not hold one profile for each customer asked for.");
    }
    begin += asked;
  }
  return replies;
}

Result<Client> Client::Connect(Options options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  std::mutex mutex;
  std::condition_variable came;
  std::optional<Result<ServerInfo>> outcome;
  impl->channel_->Connect([&](Result<ServerInfo> server) {
    const std::lock_guard lock(mutex);
    outcome = std::move(server);
    came.notify_one();
  });
  std::unique_lock lock(mutex);
  came.wait(lock, [&] { return outcome.has_value(); });
  if (!*outcome) return outcome->error();
  return Client(std::move(impl));
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

ServerInfo Client::server() const {
  return impl_->channel_->server();
}

Result<void> Client::Ping() {
  const auto answer = impl_->Call<wire::PingReplyT>(MessageType::ping, wire::PingT{});
  if (!answer) return answer.error();
  return {};
}

Result<wire::StatusReplyT> Client::Status(bool fresh_rankings, uint64_t receipt_for) {
  wire::StatusRequestT question;
  question.fresh_rankings = fresh_rankings;
  question.receipt_for = receipt_for;
  return impl_->Call<wire::StatusReplyT>(MessageType::status, question);
}

Result<wire::ProfileT> Client::Profile(std::string_view customer) {
  wire::ProfilesRequestT question;
  question.customers.emplace_back(customer);
  auto answer = impl_->Call<wire::ProfilesReplyT>(MessageType::profiles, question);
  if (!answer) return answer.error();
  if (answer->profiles.size() != 1) {
    return Unreadable("It does not hold one profile for the one customer asked for.");
  }
  return std::move(*answer->profiles.front());
}

Result<std::vector<wire::ProfilesReplyT>> Client::Profiles(std::span<const std::string> customers,
                                                           AsOf as_of) {
  return impl_->LookUp(
      MessageType::profiles, customers, &wire::ProfilesReplyT::profiles,
      [as_of](std::span<const std::string> part) {
        wire::ProfilesRequestT question;
        question.customers.assign(part.begin(), part.end());
        if (as_of) question.as_of = *as_of;
        return Packed(question);
      },
      !as_of.has_value());
}

Result<std::vector<wire::RecordsReplyT>> Client::Records(std::span<const std::string> customers) {
  return impl_->LookUp(MessageType::records, customers, &wire::RecordsReplyT::records,
                       PackedRecordsRequest);
}

Result<std::vector<std::string>> Client::Names(wire::NameKind kind) {
  std::vector<std::string> names;
  size_t codes = 0;
  do {
    wire::NamesRequestT question;
    question.kind = kind;
    question.from = static_cast<uint32_t>(names.size()) + 1;
    auto page = impl_->Call<wire::NamesReplyT>(MessageType::names, question);
    if (!page) return page.error();
    codes = page->codes;
    if (page->names.empty() && names.size() < codes) {
      return Unreadable("It does not hold the names asked for.");
    }
    std::move(page->names.begin(), page->names.end(), std::back_inserter(names));
  } while (names.size() < codes);
  return names;
}

Result<wire::EventBatchReplyT> Client::Send(const wire::EventBatchT& batch) {
  if (!batch.producer.empty()) {
    const BatchName name{batch.producer, batch.batch};
    return impl_->Ask<wire::EventBatchReplyT>(impl_->Made(
        MessageType::events, PackedEvents(batch, name), AtMostNamedEvents(batch, name)));
  }
  return impl_->Ask<wire::EventBatchReplyT>(
      impl_->MadeBatch(MessageType::events, PackedEvents(batch, ToBeNumbered(impl_->producer_)),
                       AtMostBatchEvents(batch)));
}

Result<wire::EventBatchReplyT> Client::Send(const EventBatch& events, const BatchName& name) {
  return impl_->Ask<wire::EventBatchReplyT>(impl_->Made(MessageType::events,
                                                        PackedEvents(events.events(), name),
                                                        AtMostNamedEvents(events.events(), name)));
}

Result<wire::EventBatchReplyT> Client::Send(const OrderBatch& orders, const BatchName& name) {
  return impl_->Ask<wire::EventBatchReplyT>(impl_->Made(MessageType::orders,
                                                        orders.Packed(orders.All(), name),
                                                        AtMostNamedOrders(orders.size(), name)));
}

template <typename Batch>
Result<SentEvents> Client::Impl::SendInParts(MessageType type, const Batch& events) {
  const ServerInfo limits = channel_->server();
  const auto parts = events.Split(limits.max_batch_events, limits.max_frame_bytes);
  const auto answers = std::make_shared<Answers>();
  for (const auto& part : parts) {
    if (answers->failed()) break;
    Submit(MadeBatch(type, events.Packed(part, ToBeNumbered(producer_)), nullptr),
           answers->ForNext());
  }
  SentEvents sent;
  auto part = parts.begin();
  for (const auto& answer : answers->WaitForAll()) {
    if (!answer) return answer.error();
    const auto reply = Unpacked<wire::EventBatchReplyT>(*answer);
    sent.applied += reply.applied;
    sent.replaced += reply.replaced;
    sent.unchanged += reply.unchanged;
    for (const auto& refused : reply.refused) {
      sent.refused.push_back(
          SentEvents::Refused{part->begin + refused->index, ToError(*refused->error)});
    }
    sent.refused_more += reply.refused_more;
    sent.repeated += reply.repeated ? 1 : 0;
    sent.journal_sequence = reply.state->journal_sequence();
    ++part;
  }
  return sent;
}

Result<SentEvents> Client::Send(const EventBatch& events) {
  return impl_->SendInParts(MessageType::events, events);
}

Result<SentEvents> Client::Send(const OrderBatch& orders) {
  return impl_->SendInParts(MessageType::orders, orders);
}

Result<wire::ExplainReplyT> Client::Explain(std::string_view customer, AsOf as_of) {
  wire::ExplainRequestT question;
  question.customer = customer;
  return impl_->CallAsOf<wire::ExplainReplyT>(MessageType::explain, std::move(question), as_of);
}

Result<wire::RfmReplyT> Client::Rfm(AsOf as_of) {
  return impl_->CallAsOf<wire::RfmReplyT>(MessageType::rfm, wire::RfmRequestT{}, as_of);
}

Result<wire::AbcReplyT> Client::Abc(AsOf as_of) {
  return impl_->CallAsOf<wire::AbcReplyT>(MessageType::abc, wire::AbcRequestT{}, as_of);
}

Result<wire::ValueReplyT> Client::Value(AsOf as_of) {
  return impl_->CallAsOf<wire::ValueReplyT>(MessageType::value, wire::ValueRequestT{}, as_of);
}

Result<wire::PhasesReplyT> Client::Phases(std::string_view where) {
  wire::PhasesRequestT question;
  question.where = where;
  return impl_->Call<wire::PhasesReplyT>(MessageType::phases, question);
}

Result<wire::CountReplyT> Client::Count(std::string_view where, AsOf as_of) {
  wire::CountRequestT question;
  question.where = where;
  return impl_->CallAsOf<wire::CountReplyT>(MessageType::count, std::move(question), as_of);
}

Result<void> Client::List(const wire::ListRequestT& request, const ChunkCallback& chunk) {
  return impl_->Stream<wire::ListReplyT>(MessageType::list, Packed(request), chunk,
                                         !request.as_of.has_value());
}

Result<void> Client::Export(std::string_view customer, const ExportCallback& chunk) {
  wire::ExportRequestT question;
  question.customer = customer;
  return impl_->Stream<wire::ExportReplyT>(MessageType::export_customer, Packed(question), chunk);
}

Result<void> Client::WhatIf(const wire::WhatIfRequestT& request, const WhatIfCallback& chunk) {
  return impl_->Stream<wire::WhatIfReplyT>(MessageType::what_if, Packed(request), chunk, false);
}

Result<wire::PipelineReplyT> Client::Pipeline(const wire::PipelineRequestT& request) {
  return impl_->Call<wire::PipelineReplyT>(MessageType::pipeline, request);
}

Result<wire::WaterfallReplyT> Client::Waterfall(const wire::WaterfallRequestT& request) {
  return impl_->Call<wire::WaterfallReplyT>(MessageType::waterfall, request);
}

Result<wire::ConversionReplyT> Client::Conversion(const wire::ConversionRequestT& request) {
  return impl_->Call<wire::ConversionReplyT>(MessageType::conversion, request);
}

Result<wire::WatchReplyT> Client::Watch(const wire::WatchRequestT& request) {
  Channel::Request watch = impl_->Made(MessageType::watch, Packed(request), nullptr);
  if (watch.deadline.count() > 0) watch.deadline += std::chrono::milliseconds(request.wait_ms);
  return impl_->Ask<wire::WatchReplyT>(std::move(watch));
}

Result<void> Client::Watch(wire::WatchRequestT request, const WatchCallback& changes) {
  if (request.wait_ms == 0) request.wait_ms = static_cast<uint32_t>(kWatchWait.count());
  while (true) {
    Result<wire::WatchReplyT> answer = Watch(request);
    if (!answer) return answer.error();
    request.from = std::make_unique<wire::FeedPosition>(*answer->position);
    if (!changes(std::move(*answer))) return {};
  }
}

Result<wire::ChurnReplyT> Client::Churn(const wire::ChurnRequestT& request) {
  return impl_->CallWithoutDeadline<wire::ChurnReplyT>(MessageType::churn, request);
}

Result<wire::SnapshotReplyT> Client::Snapshot(bool compact) {
  wire::SnapshotRequestT question;
  question.compact = compact;
  return impl_->CallWithoutDeadline<wire::SnapshotReplyT>(MessageType::snapshot, question);
}

Result<wire::SnapshotReplyT> Client::Backup(const std::string& folder) {
  wire::BackupRequestT question;
  question.folder = folder;
  return impl_->CallWithoutDeadline<wire::SnapshotReplyT>(MessageType::backup, question);
}

Result<wire::ReloadReplyT> Client::Reload() {
  return impl_->CallWithoutDeadline<wire::ReloadReplyT>(MessageType::reload,
                                                        wire::ReloadRequestT{});
}

Result<wire::AdvanceDayReplyT> Client::AdvanceDay(int32_t day) {
  wire::AdvanceDayRequestT question;
  question.day = day;
  return impl_->Call<wire::AdvanceDayReplyT>(MessageType::advance_day, question);
}

}  // namespace kundig::client
