#include "tools/import_run.h"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <utility>

#include "tools/csv_reader.h"
#include "tools/progress.h"

namespace kundig::tools {

namespace {

// A file that was opened and whose header was understood.
struct OpenFile {
  std::string path;
  CsvReader reader;
  Columns columns;
};

Outcome<OpenFile> Open(const ImportRequest& request, const ColumnNames& names,
                       const std::string& path) {
  auto reader = CsvReader::Open(path, request.options.delimiter);
  if (reader.has_error()) return reader.error();
  auto columns = Columns::Find(RolesOf(request.kind), names, reader->header(), path);
  if (columns.has_error()) return columns.error();
  return OpenFile{path, std::move(*reader), std::move(*columns)};
}

// What a failure in the middle leaves behind.
Failure Interrupted(const Failure& failure, const std::string& file) {
  std::string_view reason = failure.sentence;
  if (reason.ends_with('.')) reason.remove_suffix(1);  // the server's sentences end with one
  return Failure{fmt::format("{}: the import stopped: {}. What was sent until then is stored; "
                             "importing the file again counts nothing twice",
                             file, reason),
                 failure.exit_code};
}

class ImportRun {
 public:
  ImportRun(const ImportRequest& request, BatchPort* port)
      : request_(request),
        port_(port),
        tally_([this](const std::string& line) { request_.say(line); }),
        events_(port, &tally_),
        attributes_(port, &tally_) {}

  // Answers may still come in, and they count.
  ~ImportRun() { port_->Drain(); }

  Outcome<ImportAnswer> Do() {
    auto names = ParseColumnNames(request_.options.columns, RolesOf(request_.kind));
    if (names.has_error()) return names.error();
    auto moments = MomentReader::Create(request_.time_zone, request_.options.time_format);
    if (moments.has_error()) return moments.error();
    moments_.emplace(std::move(*moments));

    // So that a mistake in the last file is told before the first one is stored. They are not kept
    // open: there may be many.
    for (const std::string& path : request_.files) {
      if (!std::filesystem::exists(path) || std::filesystem::is_regular_file(path)) {
        auto file = Open(request_, *names, path);
        if (file.has_error()) return file.error();
        const auto importer = MakeFileImporter(*file);
        if (importer.has_error()) return importer.error();
      }
    }
    for (const std::string& path : request_.files) {
      const auto done = ImportFile(*names, path);
      if (done.has_error()) return done.error();
    }
    return Answer();
  }

 private:
  Outcome<std::unique_ptr<RowImporter>> MakeFileImporter(const OpenFile& file) {
    tally_.StartFile(file.path);
    return MakeImporter(request_.kind, ImportDesk{&request_.options, &file.columns, &*moments_,
                                                  &tally_, &events_, &attributes_});
  }

  Outcome<void> ImportFile(const ColumnNames& names, const std::string& path) {
    auto file = Open(request_, names, path);
    if (file.has_error()) return file.error();
    // Orders are held back until the file was read, whatever it is.
    if (request_.kind != ImportKind::kOrders && file->reader.regular()) {
      Progress progress(fmt::format("checking {}", path), "rows", file->reader.size());
      uint64_t rows = 0;
      const auto done = file->reader.ReadRows([&](const CsvRow&) {
        progress.Update(file->reader.position(), ++rows);
        return true;
      });
      if (done.has_error()) return done.error();
      file = Open(request_, names, path);
      if (file.has_error()) return file.error();
    }

    auto importer = MakeFileImporter(*file);
    if (importer.has_error()) return importer.error();
    if (unused_columns_.empty()) unused_columns_ = file->columns.unused();
    Outcome<void> taken;
    Progress progress(path, "rows", file->reader.size());
    uint64_t rows = 0;
    auto done = file->reader.ReadRows([&](const CsvRow& row) {
      taken = (*importer)->Take(row);
      progress.Update(file->reader.position(), ++rows);
      return taken.has_value() && !events_.failed();
    });
    if (done.has_value()) done = taken;
    if (done.has_error()) return done.error();
    done = (*importer)->Finish();
    events_.Flush();
    attributes_.Flush();
    port_->Drain();
    for (const EventSender* sender : {&events_, &attributes_}) {
      const auto counts = sender->counts();
      if (counts.has_error()) return Interrupted(counts.error(), path);
    }
    if (done.has_error()) return Interrupted(done.error(), path);
    empty_returns_ += (*importer)->empty_returns();
    return {};
  }

  Outcome<ImportAnswer> Answer() const {
    const auto counts = events_.counts();
    if (counts.has_error()) return counts.error();
    ImportAnswer answer;
    answer.rows = tally_.rows();
    answer.orders = counts->Taken(wire::EventBody::Order);
    answer.returns = counts->Taken(wire::EventBody::Return) + empty_returns_;
    for (const uint64_t taken : counts->taken) answer.taken += taken;
    answer.applied = counts->applied;
    answer.unchanged = counts->unchanged;
    answer.replaced = counts->replaced;
    answer.skipped = tally_.skipped();
    answer.unused_columns = unused_columns_;
    return answer;
  }

  const ImportRequest& request_;
  BatchPort* const port_;
  Tally tally_;
  EventSender events_;
  EventSender attributes_;
  std::optional<MomentReader> moments_;
  uint64_t empty_returns_ = 0;
  std::vector<std::string> unused_columns_;
};

}  // namespace

Outcome<ImportAnswer> RunImport(const ImportRequest& request, BatchPort* port) {
  return ImportRun(request, port).Do();
}

}  // namespace kundig::tools
