// A callback and the future of what it gets.
//
// Thread safety: belongs to the test's thread; the callback may run on any.

#ifndef KUNDIG_TESTS_CLIENT_EXPECTED_H_
#define KUNDIG_TESTS_CLIENT_EXPECTED_H_

#include <future>
#include <memory>
#include <utility>

#include "client/client.h"

namespace kundig::client {

template <typename T>
class Expected {
 public:
  // A second answer throws.
  Callback<T> Take() {
    return [promise = promise_](Result<T> result) { promise->set_value(std::move(result)); };
  }
  Result<T> Wait() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<Result<T>>> promise_ = std::make_shared<std::promise<Result<T>>>();
};

}  // namespace kundig::client

#endif  // KUNDIG_TESTS_CLIENT_EXPECTED_H_
