#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "client/client.h"
#include "tests/client/fake_server.h"

namespace kundig::client {
namespace {

using wire::MessageType;

// More than a client holds: the wish to stop travels with a chunk that comes after it.
constexpr int kChunks = 21;

// Exports in kChunks chunks of one visit each; without the last one until it is cancelled where
// the customer is "endless".
class ExportServer {
 public:
  ExportServer() : server_([this](Peer& peer, const wire::Frame& frame) { Handle(peer, frame); }) {}

  Client Connect() { return Client::Connect(To(server_)).value(); }

 private:
  static wire::ExportReplyT Chunk(int64_t number, bool last) {
    wire::ExportReplyT chunk;
    chunk.state = std::make_unique<wire::State>(1, 1, 0, 3, 2);
    chunk.customer = "ada";
    chunk.found = true;
    wire::VisitT visit;
    visit.customer = "ada";
    visit.at = number;
    chunk.events.push_back(std::make_unique<wire::EventT>());
    chunk.events.back()->body.Set(std::move(visit));
    chunk.last = last;
    return chunk;
  }

  void Handle(Peer& peer, const wire::Frame& frame) {
    const auto type = static_cast<MessageType>(frame.header.type);
    if (type == MessageType::cancel) {
      peer.Send(MessageType::export_customer_reply, frame.header.request_id, Chunk(-1, true));
    } else if (type == MessageType::export_customer) {
      const auto question = Unpacked<wire::ExportRequestT>(frame.payload);
      const bool endless = question.customer == "endless";
      for (int i = 0; i < kChunks; ++i) {
        peer.Send(MessageType::export_customer_reply, frame.header.request_id,
                  Chunk(i, !endless && i + 1 == kChunks));
      }
    } else {
      AnswerAsAShop(peer, frame);
    }
  }

  FakeServer server_;
};

TEST(ExportTest, GivesEveryChunkInOrder) {
  ExportServer server;
  Client client = server.Connect();
  int64_t seen = 0;
  const auto done = client.Export("ada", [&](const wire::ExportReplyT& chunk) {
    EXPECT_EQ(chunk.events.at(0)->body.AsVisit()->at, seen++);
    return true;
  });
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(seen, kChunks);
  EXPECT_TRUE(client.Ping());
}

TEST(ExportTest, CancelEndsItAndTheConnectionGoesOn) {
  ExportServer server;
  Client client = server.Connect();
  int taken = 0;
  const auto done =
      client.Export("endless", [&](const wire::ExportReplyT&) { return ++taken < 3; });
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(taken, 3);
  EXPECT_TRUE(client.Ping());
}

TEST(ExportTest, ARequestOfOnesOwnNeedsSomebodyWhoTakesTheChunks) {
  ExportServer server;
  Options options;
  AsyncClient client(options);
  std::promise<ErrorKind> kind;
  wire::ExportRequestT question;
  question.customer = "ada";
  client.Request(MessageType::export_customer, Packed(question),
                 [&](const Result<AsyncClient::RawAnswer>& answer) {
                   kind.set_value(answer ? ErrorKind::kProtocol : answer.error().kind);
                 });
  EXPECT_EQ(kind.get_future().get(), ErrorKind::kInvalid);
}

}  // namespace
}  // namespace kundig::client
