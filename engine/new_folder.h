// A backup, or a data folder that is restored from one, while it is made: it lies beside the folder
// that was asked for, with a name that ends with .unfinished, and gets the right name when it is
// whole. So a folder of that name is whole, or was there before and is left alone. What was not
// published goes with this object; only a killed process leaves it, and then nobody but an operator
// removes it.
//
// Thread safety: for one thread.

#ifndef KUNDIG_ENGINE_NEW_FOLDER_H_
#define KUNDIG_ENGINE_NEW_FOLDER_H_

#include <optional>
#include <string>

#include "engine/result.h"

namespace kundig::engine {

class NewFolder {
 public:
  // Changes nothing yet. kInvalidValue where `folder` is there and not empty, where an unfinished
  // one lies beside it, or where it and `source` are not apart.
  static Result<NewFolder> Begin(const std::string& folder, const std::string& source);
  NewFolder(NewFolder&& other) noexcept;
  NewFolder& operator=(NewFolder&&) = delete;
  ~NewFolder();

  const std::string& unfinished() const { return unfinished_; }
  std::optional<Error> Make();
  // Durable on return.
  std::optional<Error> Publish();

 private:
  NewFolder(std::string folder, std::string unfinished);

  std::string folder_, unfinished_;
  bool made_ = false;  // and still to be removed
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_NEW_FOLDER_H_
