// Lets the engine have the workers that a test asks for, also on a machine with fewer processors:
// without this the library would quietly run everything on one or two threads.

#include <gtest/gtest.h>
#include <oneapi/tbb/global_control.h>

#include <optional>

namespace {

constexpr size_t kWorkers = 8;

class WorkerThreads : public testing::Environment {
 public:
  void SetUp() override {
    control_.emplace(oneapi::tbb::global_control::max_allowed_parallelism, kWorkers);
  }
  void TearDown() override { control_.reset(); }

 private:
  std::optional<oneapi::tbb::global_control> control_;
};

[[maybe_unused]] const testing::Environment* const kEnvironment =
    testing::AddGlobalTestEnvironment(new WorkerThreads);

}  // namespace
