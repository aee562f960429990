// Saving a book part after part, each copied while nothing is put into the book and written while
// things go on.

#include <algorithm>
#include <array>
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

std::array<Dictionary*, Book::Impl::kDictionaries> Book::Impl::Dictionaries() {
  const std::array<Dictionary*, 5> leads = leads_.dictionaries();
  return {&names_.countries,
          &names_.regions,
          &names_.owners,
          &names_.channels,
          &names_.campaigns,
          leads[0],
          leads[1],
          leads[2],
          leads[3],
          leads[4],
          &names_.termination_reasons};
}

class Book::Impl::Saving {
 public:
  Saving(Impl* book, const SnapshotOrder& order)
      : book_(*book), order_(order), writer_(order.env, order.folder) {}

  Result<SnapshotInfo> Run() {
    std::optional<Error> error = Save();
    if (!error) return std::move(info_);
    writer_.Abandon();
    return *std::move(error);
  }

 private:
  // Runs copy() while nothing changes; the record that its copy is the state after.
  template <typename Copy>
  uint64_t Still(Copy&& copy) {
    return order_.while_still([&] {
      const StateLock::Lookup lookup(&book_.lock_);
      copy();
    });
  }

  std::optional<Error> Save();
  std::optional<Error> SaveLeads();
  std::optional<Error> SaveCustomers(size_t shard);
  std::optional<Error> SaveNames();
  std::optional<Error> SaveAttachment();

  Impl& book_;
  const SnapshotOrder& order_;
  SnapshotWriter writer_;
  SnapshotInfo info_;
  std::string attachment_;
  CustomerPart customers_;
  LeadPart leads_;
  std::string payload_;
};

std::optional<Error> Book::Impl::Saving::Save() {
  if (auto error = writer_.Begin()) return error;
  // First, because the records from here on are replayed over all parts.
  if (auto error = SaveLeads()) return error;
  for (size_t shard = 0; shard < book_.shards_.size(); ++shard) {
    if (auto error = SaveCustomers(shard)) return error;
  }
  // Last, because then they hold every code that some part has: names only ever grow.
  if (auto error = SaveNames()) return error;
  if (auto error = SaveAttachment()) return error;
  info_.shards = static_cast<uint32_t>(book_.shards_.size());
  info_.time_zone = order_.time_zone;
  info_.rules = order_.rules;
  info_.saved_at = order_.saved_at;
  info_.files = writer_.files();
  if (auto error = order_.before_publishing()) return error;
  return writer_.Publish(EncodeManifest(info_));
}

std::optional<Error> Book::Impl::Saving::SaveLeads() {
  std::optional<Error> error = writer_.BeginFile(kLeadsFile);
  bool begun = false;
  for (bool more = true; more && !error;) {
    const uint64_t record = Still([&] {
      if (!begun) {
        book_.leads_.BeginCopying();
        info_.begin_sequence = book_.sequence_;
        info_.begin_day = book_.today_;
        info_.rules_version = book_.rules_version_;
        info_.currency = book_.rules_->settings().currency;
        info_.fit = book_.fit_;
        info_.fit_version = book_.fit_version_;
      }
      more = book_.leads_.CopyPart(*book_.rules_, order_.limits, &leads_);
    });
    if (!begun) info_.begin_record = record;
    begun = true;
    leads_.Encode(&payload_);
    error = writer_.AddPart({.record = record}, payload_);
  }
  if (begun) Still([&] { book_.leads_.EndCopying(); });
  return error ? error : writer_.EndFile();
}

std::optional<Error> Book::Impl::Saving::SaveCustomers(size_t shard) {
  if (auto error = writer_.BeginFile(CustomersFile(shard))) return error;
  const Shard& from = *book_.shards_[shard];
  bool more = true;
  for (uint32_t first = 0, next = 0; more; first = next) {
    if (order_.stopping()) {
      return Error{
          ErrorCode::kStopping, "the server stops; the snapshot was given up", {}, std::nullopt};
    }
    const uint64_t record = Still([&] {
      next = CopyCustomers(from, first, order_.limits, &customers_);
      more = next < from.blocks() * kBlockRows;
    });
    customers_.Encode(&payload_);
    if (auto error = writer_.AddPart({.record = record, .first = first}, payload_)) return error;
  }
  return writer_.EndFile();
}

std::optional<Error> Book::Impl::Saving::SaveNames() {
  if (auto error = writer_.BeginFile(kNamesFile)) return error;
  const std::array<Dictionary*, kDictionaries> dictionaries = book_.Dictionaries();
  std::array<size_t, kDictionaries> saved{};
  for (bool last = false; !last;) {
    std::array<TextColumn, kDictionaries> names;
    info_.end_record = order_.while_still([&] {
      {
        const StateLock::Lookup lookup(&book_.lock_);
        size_t room = order_.limits.names;
        last = true;
        for (size_t kind = 0; kind < dictionaries.size(); ++kind) {
          const size_t end = std::min(saved[kind] + room, dictionaries[kind]->size());
          for (size_t at = saved[kind]; at < end; ++at) {
            names[kind].Add(dictionaries[kind]->Text(static_cast<NameCode>(at + 1)));
          }
          room -= end - saved[kind];
          last = last && end == dictionaries[kind]->size();
        }
        info_.end_sequence = book_.sequence_;
        info_.end_day = book_.today_;
      }
      if (last) attachment_ = order_.attachment();
    });
    for (size_t kind = 0; kind < names.size(); ++kind) {
      if (names[kind].sizes.empty()) continue;
      payload_.clear();
      PutTexts(names[kind], &payload_);
      const PartHead head = {.record = info_.end_record,
                             .kind = static_cast<uint32_t>(kind),
                             .first = static_cast<uint32_t>(saved[kind] + 1)};
      if (auto error = writer_.AddPart(head, payload_)) return error;
      saved[kind] += names[kind].sizes.size();
    }
  }
  return writer_.EndFile();
}

std::optional<Error> Book::Impl::Saving::SaveAttachment() {
  if (auto error = writer_.BeginFile(kAttachmentFile)) return error;
  if (auto error = writer_.AddPart({.record = info_.end_record}, attachment_)) return error;
  return writer_.EndFile();
}

Result<SnapshotInfo> Book::Impl::SaveSnapshot(const SnapshotOrder& order) {
  return Saving(this, order).Run();
}

}  // namespace kundig::engine
