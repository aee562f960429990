#include "tools/generate_files.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "tools/progress.h"

namespace kundig::tools {

namespace {

// Part of the format of the output: another size packs other bytes. A multiple of the customers per
// lead, so that every block has its own leads.
constexpr uint64_t kBlockCustomers = 4000;
static_assert(kBlockCustomers % ShopPlan::kCustomersPerLead == 0);
// Blocks finished or under way that may wait to be written, for each thread.
constexpr uint64_t kBlocksPerThread = 3;
constexpr std::chrono::milliseconds kBetweenLooks{100};
constexpr const char* kPartSuffix = ".part";

// A gzip member of its own.
std::string Packed(const std::string& text) {
  constexpr int kGzipFormat = 15 + 16;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipFormat, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string packed(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  std::string input = text;  // zlib's interface is not const
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

class Generation {
 public:
  explicit Generation(const GenerateRequest& request)
      : request_(request),
        shop_(request.plan),
        blocks_((request.plan.customers + kBlockCustomers - 1) / kBlockCustomers),
        threads_(request.threads > 0 ? static_cast<uint64_t>(request.threads)
                                     : std::max(1U, std::thread::hardware_concurrency())) {}

  Outcome<GenerateAnswer> Run() {
    if (const auto failure = OpenFiles()) return *failure;
    std::vector<std::thread> workers;
    for (uint64_t i = 0; i < threads_; ++i) workers.emplace_back([this] { Work(); });
    {
      Progress progress(fmt::format("generating {}", request_.folder), "customers", blocks_);
      std::unique_lock lock(mutex_);
      while (written_ < blocks_ && !failure_) {
        changed_.wait_for(lock, kBetweenLooks);
        progress.Update(written_, std::min(written_ * kBlockCustomers, request_.plan.customers));
      }
    }
    for (std::thread& worker : workers) worker.join();
    if (!failure_) CloseFiles();
    if (failure_) {
      Forget();
      return *failure_;
    }
    return answer_;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::string Path(size_t file) const {
    return (std::filesystem::path(request_.folder) /
            ShopFileName(static_cast<ShopFile>(file), request_.gz))
        .string();
  }

  Failure CannotWrite(const std::string& path, int reason) const {
    return Failure{fmt::format("{}: cannot be written: {}", path, std::strerror(reason))};
  }

  std::optional<Failure> OpenFiles() {
    std::error_code error;
    std::filesystem::create_directories(request_.folder, error);
    if (error) {
      return Failure{fmt::format("{}: cannot be made: {}", request_.folder, error.message())};
    }
    for (size_t i = 0; i < kShopFiles; ++i) {
      const std::string path = Path(i) + kPartSuffix;
      files_[i].reset(std::fopen(path.c_str(), "wb"));
      if (!files_[i]) return CannotWrite(path, errno);
    }
    return std::nullopt;
  }

  void Work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] {
        return failure_ || next_ == blocks_ || next_ < written_ + kBlocksPerThread * threads_;
      });
      if (failure_ || next_ == blocks_) return;
      const uint64_t block = next_++;
      lock.unlock();
      ShopText text = MakeBlock(block);
      lock.lock();
      finished_.emplace(block, std::move(text));
      WriteFinished(&lock);
      changed_.notify_all();
    }
  }

  ShopText MakeBlock(uint64_t block) const {
    ShopText text;
    if (block == 0) {
      for (size_t i = 0; i < kShopFiles; ++i) {
        text.lines[i] = ShopHeader(static_cast<ShopFile>(i));
      }
    }
    const uint64_t from = block * kBlockCustomers;
    const uint64_t to = std::min(from + kBlockCustomers, request_.plan.customers);
    for (uint64_t number = from; number < to; ++number) shop_.WriteCustomer(number, &text);
    for (uint64_t lead = from / ShopPlan::kCustomersPerLead;
         lead < to / ShopPlan::kCustomersPerLead; ++lead) {
      shop_.WriteLead(lead, &text);
    }
    if (request_.gz) {
      for (std::string& lines : text.lines) {
        if (!lines.empty()) lines = Packed(lines);
      }
    }
    return text;
  }

  // Writes what is next in order, unless another thread is at it; that one goes on with ours.
  void WriteFinished(std::unique_lock<std::mutex>* lock) {
    if (writing_) return;
    writing_ = true;
    for (auto next = finished_.find(written_); next != finished_.end() && !failure_;
         next = finished_.find(written_)) {
      const ShopText text = std::move(next->second);
      finished_.erase(next);
      lock->unlock();
      std::optional<Failure> failure;
      for (size_t i = 0; i < kShopFiles && !failure; ++i) {
        const std::string& lines = text.lines[i];
        if (std::fwrite(lines.data(), 1, lines.size(), files_[i].get()) != lines.size()) {
          failure = CannotWrite(Path(i), errno);
        }
      }
      lock->lock();
      for (size_t i = 0; i < kShopFiles; ++i) {
        answer_.rows[i] += text.rows[i];
        answer_.bytes[i] += text.lines[i].size();
      }
      ++written_;
      if (failure) failure_ = failure;
      changed_.notify_all();
    }
    writing_ = false;
  }

  // All are on the disk before the first takes its name.
  void CloseFiles() {
    for (size_t i = 0; i < kShopFiles; ++i) {
      if (std::fclose(files_[i].release()) != 0) {
        failure_ = CannotWrite(Path(i), errno);
        return;
      }
    }
    for (size_t i = 0; i < kShopFiles; ++i) {
      std::error_code error;
      std::filesystem::rename(Path(i) + kPartSuffix, Path(i), error);
      if (error) {
        failure_ = CannotWrite(Path(i), error.value());
        return;
      }
    }
  }

  void Forget() {
    for (size_t i = 0; i < kShopFiles; ++i) {
      files_[i].reset();
      std::error_code ignored;
      std::filesystem::remove(Path(i) + kPartSuffix, ignored);
    }
  }

  const GenerateRequest& request_;
  const Shop shop_;
  const uint64_t blocks_;
  const uint64_t threads_;
  std::array<std::unique_ptr<std::FILE, Close>, kShopFiles> files_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_ while the threads run.
  uint64_t next_ = 0;     // the block that is generated next
  uint64_t written_ = 0;  // blocks before this one are written
  bool writing_ = false;
  std::map<uint64_t, ShopText> finished_;
  std::optional<Failure> failure_;
  GenerateAnswer answer_;
};

}  // namespace

std::string ShopFileName(ShopFile file, bool gz) {
  return fmt::format("{}.csv{}", kShopFileNames[static_cast<size_t>(file)], gz ? ".gz" : "");
}

Outcome<GenerateAnswer> GenerateShop(const GenerateRequest& request) {
  return Generation(request).Run();
}

}  // namespace kundig::tools
