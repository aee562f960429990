// Where things lie in a data folder.
//
// Thread safety: for one thread at a time, like the folder.

#ifndef KUNDIG_ENGINE_DATA_FOLDER_H_
#define KUNDIG_ENGINE_DATA_FOLDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/result.h"
#include "engine/snapshot_manifest.h"

namespace kundig::engine {

inline std::string JournalFolder(const std::string& data) {
  return data + "/journal";
}
inline std::string SnapshotsFolder(const std::string& data) {
  return data + "/snapshots";
}
// Without a slash at its end, which would make it its own parent.
std::string PlainFolder(const std::string& folder);
// Whether a book was begun there, whatever became of it: a file beside it says so.
bool HoldsBook(const std::string& folder);
// Makes that file; to be called once the book's first records are durable.
std::optional<Error> NoteBook(const std::string& folder);
// Whether a book was ever kept there, or a part of one is.
bool IsDataFolder(const std::string& folder);
// Why it cannot be a data folder; nothing where it may be one, or is not there at all.
std::optional<Error> FolderProblem(const std::string& folder);
// Of the generation that begins behind this record.
std::string GenerationFolder(const std::string& data, uint64_t record);
// Damage where a generation is older than its folder's name says: it is another one's.
std::optional<Error> CheckGenerationName(const std::string& folder, const SnapshotInfo& info);
// The generations there are, ascending by record; unfinished ones are none.
Result<std::vector<uint64_t>> GenerationsOf(const std::string& data);
// All of it is gone, or it is still a generation.
std::optional<Error> RemoveGeneration(const std::string& data, uint64_t record);
// A generation that cannot be read is no generation any more, but stays to be looked at until the
// next one is saved.
std::optional<Error> SetDamagedAside(const std::string& data, uint64_t record);
// The same for the receipts of erasures.
std::optional<Error> SetReceiptsAside(const std::string& data);
std::optional<Error> RemoveDamaged(const std::string& data);
// Makes the folder of generations, and removes what an interrupted snapshot or removal has left.
std::optional<Error> PrepareSnapshotsFolder(const std::string& data);
// Makes the data folder itself where it is missing; its parent must be there.
std::optional<Error> MakeDataFolder(const std::string& folder);
// Copies a data folder that nobody serves, without its lock, into one that is there and empty. The
// copy can be written, also where what it was made of cannot.
std::optional<Error> CopyDataFolder(const std::string& from, const std::string& to);
// Makes `unfinished` durable and gives it its name, which must be free or that of an empty folder.
std::optional<Error> PublishDataFolder(const std::string& unfinished, const std::string& folder);

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_DATA_FOLDER_H_
