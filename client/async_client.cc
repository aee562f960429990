#include <algorithm>
#include <utility>

#include "client/batch_numbering.h"
#include "client/channel.h"
#include "client/client.h"
#include "client/event_batch.h"
#include "client/message.h"
#include "client/order_batch.h"
#include "client/request_checks.h"

namespace kundig::client {

class AsyncClient::Impl {
 public:
  explicit Impl(Options options)
      : options_(std::move(options)), channel_(Channel::Start(options_, kMaxWaitingRequests)) {}
  ~Impl() { channel_->Stop(); }

  // A request whose answer is unpacked for `done`.
  template <typename Reply, typename Check>
  void Submit(wire::MessageType type, std::vector<uint8_t> payload, Check check,
              Callback<Reply> done, bool to_be_numbered = false) {
    Channel::Request request;
    request.type = type;
    request.payload = std::move(payload);
    request.check = std::move(check);
    request.done = [done = std::move(done)](const Result<RawAnswer>& answer) {
      done(UnpackedAnswer<Reply>(answer));
    };
    request.deadline = options_.deadline;
    request.to_be_numbered = to_be_numbered;
    channel_->Submit(std::move(request));
  }

  const Options options_;
  const std::string producer_ = NewProducerName();
  const std::shared_ptr<Channel> channel_;
};

AsyncClient::AsyncClient(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

AsyncClient::~AsyncClient() = default;

void AsyncClient::Connect(Callback<ServerInfo> done) {
  impl_->channel_->Connect(std::move(done));
}

void AsyncClient::Profiles(std::vector<std::string> customers,
                           Callback<wire::ProfilesReplyT> done) {
  wire::ProfilesRequestT question;
  question.customers = std::move(customers);
  impl_->Submit(wire::MessageType::profiles, Packed(question),
                AtMostProfileIds(question.customers.size()), std::move(done));
}

void AsyncClient::Records(std::span<const std::string> customers,
                          Callback<wire::RecordsReplyT> done) {
  impl_->Submit(wire::MessageType::records, PackedRecordsRequest(customers),
                AtMostProfileIds(customers.size()), std::move(done));
}

void AsyncClient::Send(const OrderBatch& orders, Callback<wire::EventBatchReplyT> done) {
  impl_->Submit(wire::MessageType::orders,
                orders.Packed(orders.All(), ToBeNumbered(impl_->producer_)),
                AtMostBatchOrders(orders.size()), std::move(done), true);
}

void AsyncClient::Send(const OrderBatch& orders, const BatchName& name,
                       Callback<wire::EventBatchReplyT> done) {
  impl_->Submit(wire::MessageType::orders, orders.Packed(orders.All(), name),
                AtMostNamedOrders(orders.size(), name), std::move(done));
}

void AsyncClient::Send(const wire::EventBatchT& batch, Callback<wire::EventBatchReplyT> done) {
  if (!batch.producer.empty()) {
    const BatchName name{batch.producer, batch.batch};
    return impl_->Submit(wire::MessageType::events, PackedEvents(batch, name),
                         AtMostNamedEvents(batch, name), std::move(done));
  }
  impl_->Submit(wire::MessageType::events, PackedEvents(batch, ToBeNumbered(impl_->producer_)),
                AtMostBatchEvents(batch), std::move(done), true);
}

void AsyncClient::Send(const EventBatch& events, const BatchName& name,
                       Callback<wire::EventBatchReplyT> done) {
  impl_->Submit(wire::MessageType::events, PackedEvents(events.events(), name),
                AtMostNamedEvents(events.events(), name), std::move(done));
}

void AsyncClient::Request(wire::MessageType type, std::vector<uint8_t> payload,
                          Callback<RawAnswer> done,
                          std::function<bool(std::span<const uint8_t>)> more,
                          std::optional<std::chrono::milliseconds> deadline) {
  Channel::Request request;
  request.type = type;
  request.payload = std::move(payload);
  request.more = std::move(more);
  request.done = std::move(done);
  request.deadline = deadline.value_or(impl_->options_.deadline);
  impl_->channel_->Submit(std::move(request));
}

}  // namespace kundig::client
