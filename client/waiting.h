// How a thread waits for answers that come on the channel's thread.
//
// Both classes are shared with the callbacks, so that a caller who leaves early (an exception)
// leaves nothing dangling.
//
// Thread safety: callbacks run on the channel's thread, all other methods on the one that waits.

#ifndef KUNDIG_CLIENT_WAITING_H_
#define KUNDIG_CLIENT_WAITING_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "client/channel.h"
#include "client/client.h"

namespace kundig::client {

// The answers of requests that one thread sent one after the other.
class Answers : public std::enable_shared_from_this<Answers> {
 public:
  using RawAnswer = AsyncClient::RawAnswer;

  // The callback of the next request.
  Callback<RawAnswer> ForNext();
  // Whether a request has failed already, so that further ones are in vain.
  bool failed() const;
  // In the order of ForNext(). Call it last, once.
  std::vector<Result<RawAnswer>> WaitForAll();

 private:
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::optional<Result<RawAnswer>>> answers_;
  size_t missing_ = 0;
  bool failed_ = false;
};

// The chunks of one list or export, of which at most kMaxHeldChunks are held: then the channel
// stops reading until the consumer has caught up.
class StreamedChunks : public std::enable_shared_from_this<StreamedChunks> {
 public:
  static constexpr size_t kMaxHeldChunks = 8;

  explicit StreamedChunks(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}

  std::function<bool(std::span<const uint8_t>)> ForMore();
  Callback<AsyncClient::RawAnswer> ForDone();

  // The next chunk, the last one too; nullopt after it.
  std::optional<Result<AsyncClient::RawAnswer>> Next();
  // No further chunk is wanted. Next() then only gives the last one, once the server has said it.
  void Cancel();

 private:
  const std::shared_ptr<Channel> channel_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<AsyncClient::RawAnswer> held_;
  std::optional<Result<AsyncClient::RawAnswer>> last_;
  bool paused_ = false;
  bool cancelled_ = false;
  bool ended_ = false;
};

}  // namespace kundig::client

#endif  // KUNDIG_CLIENT_WAITING_H_
