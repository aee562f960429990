#include <algorithm>
#include <utility>

#include "client/channel.h"
#include "client/client.h"
#include "client/message.h"
#include "client/order_batch.h"
#include "client/request_checks.h"

namespace kundig::client {

class AsyncClient::Impl {
 public:
  explicit Impl(Options options)
      : options_(std::move(options)), channel_(Channel::Start(options_, kMaxWaitingRequests)) {}
  ~Impl() { channel_->Stop(); }

  const Options options_;
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
  Channel::Request request;
  request.type = wire::MessageType::profiles;
  request.payload = Packed(question);
  request.check = AtMostProfileIds(question.customers.size());
  request.done = [done = std::move(done)](const Result<RawAnswer>& answer) {
    done(UnpackedAnswer<wire::ProfilesReplyT>(answer));
  };
  request.deadline = impl_->options_.deadline;
  impl_->channel_->Submit(std::move(request));
}

void AsyncClient::Records(std::span<const std::string> customers,
                          Callback<wire::RecordsReplyT> done) {
  Channel::Request request;
  request.type = wire::MessageType::records;
  request.payload = PackedRecordsRequest(customers);
  request.check = AtMostProfileIds(customers.size());
  request.done = [done = std::move(done)](const Result<RawAnswer>& answer) {
    done(UnpackedAnswer<wire::RecordsReplyT>(answer));
  };
  request.deadline = impl_->options_.deadline;
  impl_->channel_->Submit(std::move(request));
}

void AsyncClient::Send(const OrderBatch& orders, Callback<wire::EventBatchReplyT> done) {
  Channel::Request request;
  request.type = wire::MessageType::orders;
  request.check = AtMostBatchOrders(orders.size());
  request.payload = orders.Packed(orders.All());
  request.done = [done = std::move(done)](const Result<RawAnswer>& answer) {
    done(UnpackedAnswer<wire::EventBatchReplyT>(answer));
  };
  request.deadline = impl_->options_.deadline;
  impl_->channel_->Submit(std::move(request));
}

void AsyncClient::Send(const wire::EventBatchT& batch, Callback<wire::EventBatchReplyT> done) {
  Channel::Request request;
  request.type = wire::MessageType::events;
  request.check = AtMostBatchEvents(batch);
  request.payload = PackedEvents(batch);
  request.done = [done = std::move(done)](const Result<RawAnswer>& answer) {
    done(UnpackedAnswer<wire::EventBatchReplyT>(answer));
  };
  request.deadline = impl_->options_.deadline;
  impl_->channel_->Submit(std::move(request));
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
