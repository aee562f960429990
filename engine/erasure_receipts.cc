#include "engine/erasure_receipts.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "engine/snapshot_columns.h"
#include "engine/snapshot_file.h"

namespace kundig::engine {
namespace {

constexpr std::string_view kFile = "erasures";

}  // namespace

std::string ErasureReceipts::PathIn(const std::string& snapshots_folder) {
  return snapshots_folder + "/" + std::string(kFile);
}

Result<ErasureReceipts> ErasureReceipts::Read(const std::string& snapshots_folder) {
  ErasureReceipts receipts;
  if (std::error_code error; !std::filesystem::exists(PathIn(snapshots_folder), error)) {
    return receipts;
  }
  const auto explained = [&](Error error) {
    if (error.code == ErrorCode::kDamaged) {
      error.message +=
          " The book does not need this file: a start sets it aside and goes on without, "
          "and no longer knows since when what was erased before is gone.";
    }
    return error;
  };
  SnapshotReader reader(nullptr, snapshots_folder, kFile, nullptr);
  if (const auto error = reader.Open()) return explained(*error);
  PartHead head;
  std::string bytes;
  bool more = false;
  if (const auto error = reader.Next(&head, &bytes, &more)) return explained(*error);
  std::vector<uint64_t> records, sequences, times;
  ColumnReader columns(bytes);
  columns.Numbers(kMaxEntries, &records);
  columns.Numbers(kMaxEntries, &sequences);
  columns.Numbers(kMaxEntries, &times);
  if (!more || !columns.ok() || !columns.at_end() || sequences.size() != records.size() ||
      times.size() > records.size()) {
    return explained(reader.Damage("it cannot be read"));
  }
  for (size_t place = 0; place < records.size(); ++place) {
    Entry& entry = receipts.entries_.emplace_back(Entry{records[place], sequences[place], {}});
    if (place < times.size()) entry.gone_since = TimeMs{static_cast<int64_t>(times[place])};
  }
  if (const auto error = reader.Next(&head, &bytes, &more)) return explained(*error);
  if (more) return explained(reader.Damage("there is something behind its end"));
  return receipts;
}

std::optional<Error> ErasureReceipts::Write(const std::string& snapshots_folder) const {
  std::vector<uint64_t> records, sequences, times;
  for (const Entry& entry : entries_) {
    records.push_back(entry.record);
    sequences.push_back(entry.sequence);
    if (entry.gone_since) times.push_back(static_cast<uint64_t>(entry.gone_since->since_epoch));
  }
  std::string bytes;
  PutNumbers(records, &bytes);
  PutNumbers(sequences, &bytes);
  PutNumbers(times, &bytes);
  SnapshotWriter writer(nullptr, PathIn(snapshots_folder));
  auto error = writer.Begin();
  if (!error) error = writer.BeginFile(kFile);
  if (!error) error = writer.AddPart(PartHead{}, bytes);
  if (!error) error = writer.EndFile();
  if (!error) error = writer.PublishFile();
  writer.Abandon();
  return error;
}

void ErasureReceipts::Cover(uint64_t record, uint64_t sequence) {
  if (!entries_.empty()) {
    Entry& last = entries_.back();
    if (sequence <= last.sequence) return;
    if (record == last.record && !last.gone_since) {
      last.sequence = sequence;
      return;
    }
  }
  entries_.push_back({record, sequence, std::nullopt});
  if (entries_.size() > kMaxEntries) entries_.erase(entries_.begin());
}

void ErasureReceipts::Gone(uint64_t record, TimeMs now) {
  for (Entry& entry : entries_) {
    if (entry.record <= record && !entry.gone_since) entry.gone_since = now;
  }
}

bool ErasureReceipts::ForgetAbove(uint64_t sequence) {
  const size_t before = entries_.size();
  while (!entries_.empty() && entries_.back().sequence > sequence) entries_.pop_back();
  return entries_.size() < before;
}

std::optional<TimeMs> ErasureReceipts::GoneSince(uint64_t sequence) const {
  const auto covers = std::find_if(entries_.begin(), entries_.end(),
                                   [&](const Entry& entry) { return entry.sequence >= sequence; });
  return covers == entries_.end() ? std::nullopt : covers->gone_since;
}

ErasureReceipts::Receipt ErasureReceipts::latest() const {
  const auto gone = std::find_if(entries_.rbegin(), entries_.rend(),
                                 [](const Entry& entry) { return entry.gone_since.has_value(); });
  return gone == entries_.rend() ? Receipt() : Receipt{gone->sequence, *gone->gone_since};
}

}  // namespace kundig::engine
