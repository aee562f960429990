// A book from a snapshot: the files side by side, each checked part by part before it is used.

#include <array>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/book_impl.h"
#include "engine/book_snapshot.h"
#include "engine/customer_part.h"
#include "engine/lead_part.h"
#include "engine/snapshot_columns.h"

namespace kundig::engine {

class Book::Impl::Loading {
 public:
  Loading(Impl* book, const std::string& folder, const SnapshotInfo& info, rocksdb::Env* env,
          const LoadProgress& progress)
      : book_(*book), folder_(folder), info_(info), env_(env), progress_(progress) {}

  std::optional<Error> Run(std::string* attachment);

 private:
  // Calls take(head, payload, reader) for each part of the file, with the reader to blame what is
  // wrong on; its error ends it.
  template <typename Take>
  std::optional<Error> ForEachPart(std::string_view name, Take&& take) const;
  std::optional<Error> LoadNames();
  std::optional<Error> LoadLeads();
  std::optional<Error> LoadCustomers(size_t shard);

  Impl& book_;
  const std::string& folder_;
  const SnapshotInfo& info_;
  rocksdb::Env* const env_;
  const LoadProgress& progress_;
  std::mutex merging_;  // guards the counters of the book, and what follows
  uint64_t loaded_ = 0;
};

template <typename Take>
std::optional<Error> Book::Impl::Loading::ForEachPart(std::string_view name, Take&& take) const {
  const SnapshotFile* file = nullptr;
  for (const SnapshotFile& one : info_.files) {
    if (one.name == name) file = &one;
  }
  if (file == nullptr) {
    return SnapshotDamage(folder_ + "/" + std::string(kManifest), 0,
                          "it names no file " + std::string(name));
  }
  SnapshotReader reader(env_, folder_, name, file);
  if (auto error = reader.Open()) return error;
  PartHead head;
  std::string payload;
  for (;;) {
    bool more = false;
    if (auto error = reader.Next(&head, &payload, &more)) return error;
    if (!more) return std::nullopt;
    if (std::optional<Error> error = take(head, payload, reader)) return error;
  }
}

std::optional<Error> Book::Impl::Loading::LoadNames() {
  const std::array<Dictionary*, kDictionaries> dictionaries = book_.Dictionaries();
  TextColumn names;
  return ForEachPart(kNamesFile,
                     [&](const PartHead& head, const std::string& payload,
                         const SnapshotReader& reader) -> std::optional<Error> {
                       ColumnReader columns(payload);
                       columns.Texts(PartLimits::kMost, &names);
                       if (!columns.ok() || !columns.at_end() || head.kind >= dictionaries.size()) {
                         return reader.Damage("names cannot be read");
                       }
                       TextCursor next(names);
                       for (size_t at = 0; at < names.sizes.size(); ++at) {
                         if (dictionaries[head.kind]->Add(next.Next()) != head.first + at) {
                           return reader.Damage("names have other codes than they should");
                         }
                       }
                       return std::nullopt;
                     });
}

std::optional<Error> Book::Impl::Loading::LoadLeads() {
  LeadPart part;
  return ForEachPart(
      kLeadsFile,
      [&](const PartHead& head, const std::string& payload,
          const SnapshotReader& reader) -> std::optional<Error> {
        if (!part.Decode(payload, reader.format())) {
          return reader.Damage("leads cannot be read");
        }
        if (auto error = book_.leads_.LoadPart(part, *book_.rules_, info_.begin_day)) {
          return error->code == ErrorCode::kDamaged ? reader.Damage(error->message) : *error;
        }
        for (const TextColumn* leads : {&part.ids, &part.gone}) {
          TextCursor next(*leads);
          for (size_t at = 0; at < leads->sizes.size(); ++at) {
            book_.replaying_->leads[std::string(next.Next())] = head.record;
          }
        }
        return std::nullopt;
      });
}

std::optional<Error> Book::Impl::Loading::LoadCustomers(size_t shard) {
  Shard& to = *book_.shards_[shard];
  ShardMarks& marks = book_.replaying_->shards[shard];
  RankCounts counts;
  const ApplyContext context = book_.Context(&counts);
  CustomerPart part;
  auto error = ForEachPart(CustomersFile(shard),
                           [&](const PartHead& head, const std::string& payload,
                               const SnapshotReader& reader) -> std::optional<Error> {
                             if (!part.Decode(payload) || !to.LoadPart(part, head.first, context)) {
                               return reader.Damage("customers cannot be read");
                             }
                             marks.AddPart(head.first, head.record);
                             return std::nullopt;
                           });
  if (error) return error;
  to.EndLoading();
  std::vector<bool> loaded(size_t{to.blocks()} * kBlockRows);
  for (uint32_t at = 0; at < loaded.size(); ++at) loaded[at] = to.row(at).live;
  marks.SetLoaded(std::move(loaded));
  const std::lock_guard<std::mutex> lock(merging_);
  book_.counts_.Merge(counts);
  return std::nullopt;
}

std::optional<Error> Book::Impl::Loading::Run(std::string* attachment) {
  book_.replaying_ = std::make_unique<ReplayMarks>();
  book_.replaying_->next_record = info_.begin_record + 1;
  book_.replaying_->end_record = info_.end_record;
  book_.replaying_->end_sequence = info_.end_sequence;
  book_.replaying_->shards.resize(book_.shards_.size());
  book_.sequence_ = info_.begin_sequence;
  book_.rules_version_ = info_.rules_version;
  if (info_.fit) book_.AdoptFit(*info_.fit);
  book_.fit_version_ = info_.fit_version;

  if (auto error = LoadNames()) return error;
  auto error = ForEachPart(kAttachmentFile,
                           [&](const PartHead&, const std::string& payload,
                               const SnapshotReader&) -> std::optional<Error> {
                             *attachment += payload;
                             return std::nullopt;
                           });
  if (error) return error;

  // The workers read files, which they must not where others wait for them; nobody does yet.
  std::vector<std::optional<Error>> errors(book_.shards_.size() + 1);
  book_.runner_.ForEach(errors.size(), [&](size_t piece) {
    errors[piece] = piece == 0 ? LoadLeads() : LoadCustomers(piece - 1);
    const std::lock_guard<std::mutex> lock(merging_);
    ++loaded_;
    if (progress_) progress_(loaded_, errors.size());
  });
  for (std::optional<Error>& one : errors) {
    if (one) return std::move(one);
  }
  for (uint32_t lead = 0; lead < book_.leads_.open_leads(); ++lead) {
    const NameCode customer = book_.leads_.columns().customer[lead];
    book_.SettleLeadsOf(book_.leads_.NameOf(LeadField::kCustomer, customer).value_or(""),
                        book_.sequence_);
  }
  if (info_.begin_record == info_.end_record) book_.EndReplay();
  return std::nullopt;
}

std::optional<Error> Book::Impl::LoadParts(const std::string& folder, const SnapshotInfo& info,
                                           rocksdb::Env* env, const LoadProgress& progress,
                                           std::string* attachment) {
  return Loading(this, folder, info, env, progress).Run(attachment);
}

Result<LoadedSnapshot> Book::LoadSnapshot(const std::string& folder,
                                          std::shared_ptr<const Rules> rules,
                                          const BookOptions& options, rocksdb::Env* env,
                                          const LoadProgress& progress) {
  Result<SnapshotInfo> info = ReadManifest(env, folder);
  if (!info) return info.error();
  if (info->currency != rules->settings().currency) {
    return Error{ErrorCode::kInvalidValue,
                 "the book is kept in " + info->currency + "; its currency cannot be changed",
                 "book.currency", std::nullopt};
  }
  BookOptions of_snapshot = options;
  of_snapshot.today = info->begin_day;
  of_snapshot.shards = info->shards;
  LoadedSnapshot loaded;
  loaded.info = *std::move(info);
  loaded.book = std::make_unique<Book>(std::move(rules), of_snapshot);
  if (auto error =
          loaded.book->impl_->LoadParts(folder, loaded.info, env, progress, &loaded.attachment)) {
    return *std::move(error);
  }
  return loaded;
}

}  // namespace kundig::engine
