#include "engine/snapshot_manifest.h"

#include <bit>

#include "engine/limits.h"
#include "engine/snapshot_columns.h"

namespace kundig::engine {
namespace {

constexpr size_t kNumbers = 11;
constexpr size_t kNumbersBeforeRulesVersion = 9, kNumbersBeforeFits = 10;
constexpr size_t kTexts = 4;
constexpr size_t kTextsBeforeRules = 2, kTextsBeforeFits = 3;
constexpr size_t kMaxFiles = kMaxShards + 16;

uint64_t SignedWord(int64_t number) {
  return static_cast<uint64_t>(number);
}
Day DayFrom(uint64_t word) {
  return Day{static_cast<int32_t>(static_cast<int64_t>(word))};
}

}  // namespace

uint64_t SnapshotInfo::bytes() const {
  uint64_t bytes = 0;
  for (const SnapshotFile& file : files) bytes += file.bytes;
  return bytes;
}

std::string EncodeManifest(const SnapshotInfo& info) {
  const std::vector<uint64_t> numbers = {info.begin_record,
                                         info.end_record,
                                         info.begin_sequence,
                                         info.end_sequence,
                                         SignedWord(info.begin_day.since_epoch),
                                         SignedWord(info.end_day.since_epoch),
                                         info.shards,
                                         SignedWord(info.saved_at.since_epoch),
                                         info.files.size(),
                                         info.rules_version,
                                         info.fit_version};
  TextColumn texts, names;
  texts.Add(info.currency);
  texts.Add(info.time_zone);
  texts.Add(info.rules);
  if (info.fit) texts.Add(EncodeFit(*info.fit));
  std::vector<uint64_t> sizes, checksums;
  for (const SnapshotFile& file : info.files) {
    names.Add(file.name);
    sizes.push_back(file.bytes);
    checksums.push_back(file.checksum);
  }
  std::string bytes;
  PutNumbers(numbers, &bytes);
  PutTexts(texts, &bytes);
  PutTexts(names, &bytes);
  PutNumbers(sizes, &bytes);
  PutNumbers(checksums, &bytes);
  return bytes;
}

Result<SnapshotInfo> ReadManifest(rocksdb::Env* env, const std::string& folder) {
  SnapshotReader reader(env, folder, kManifest, nullptr);
  if (auto error = reader.Open()) return *error;
  PartHead head;
  std::string bytes;
  bool more = false;
  if (auto error = reader.Next(&head, &bytes, &more)) return *error;
  if (!more) return reader.Damage("it is empty");

  ColumnReader columns(bytes);
  std::vector<uint64_t> numbers, sizes, checksums;
  TextColumn texts, names;
  columns.Numbers(kNumbers, &numbers);
  columns.Texts(kTexts, &texts);
  columns.Texts(kMaxFiles, &names);
  columns.Numbers(kMaxFiles, &sizes);
  columns.Numbers(kMaxFiles, &checksums);
  if (!columns.ok() || !columns.at_end() || numbers.size() < kNumbersBeforeRulesVersion ||
      texts.sizes.size() < kTextsBeforeRules || names.sizes.size() != numbers[8] ||
      sizes.size() != numbers[8] || checksums.size() != numbers[8]) {
    return reader.Damage("it cannot be read");
  }
  SnapshotInfo info;
  info.begin_record = numbers[0];
  info.end_record = numbers[1];
  info.begin_sequence = numbers[2];
  info.end_sequence = numbers[3];
  info.begin_day = DayFrom(numbers[4]);
  info.end_day = DayFrom(numbers[5]);
  info.shards = static_cast<uint32_t>(numbers[6]);
  info.saved_at = TimeMs{static_cast<int64_t>(numbers[7])};
  if (numbers.size() > kNumbersBeforeRulesVersion) {
    info.rules_version = static_cast<uint32_t>(numbers[9]);
  }
  if (numbers.size() > kNumbersBeforeFits) info.fit_version = static_cast<uint32_t>(numbers[10]);
  TextCursor next_text(texts), next_name(names);
  info.currency = next_text.Next();
  info.time_zone = next_text.Next();
  if (texts.sizes.size() > kTextsBeforeRules) info.rules = next_text.Next();
  if (texts.sizes.size() > kTextsBeforeFits) {
    info.fit = DecodeFit(next_text.Next());
    if (!info.fit) return reader.Damage("its churn model cannot be read");
  }
  for (size_t i = 0; i < sizes.size(); ++i) {
    info.files.push_back({.name = std::string(next_name.Next()),
                          .bytes = sizes[i],
                          .checksum = static_cast<uint32_t>(checksums[i])});
  }
  if (!std::has_single_bit(info.shards) || info.shards > kMaxShards || info.begin_day < kFirstDay ||
      info.end_day < info.begin_day || info.end_day > kLastDay ||
      info.end_record < info.begin_record || info.end_sequence < info.begin_sequence) {
    return reader.Damage("its numbers contradict each other");
  }
  if (auto error = reader.Next(&head, &bytes, &more)) return *error;
  if (more) return reader.Damage("there is something behind its end");
  return info;
}

std::optional<Error> CheckSnapshot(rocksdb::Env* env, const std::string& folder) {
  const Result<SnapshotInfo> info = ReadManifest(env, folder);
  if (!info) return info.error();
  PartHead head;
  std::string payload;
  for (const SnapshotFile& file : info->files) {
    SnapshotReader reader(env, folder, file.name, &file);
    if (auto error = reader.Open()) return error;
    for (bool more = true; more;) {
      if (auto error = reader.Next(&head, &payload, &more)) return error;
    }
  }
  return std::nullopt;
}

}  // namespace kundig::engine
