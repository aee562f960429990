// The files of a made-up shop, written by several threads and the same to the byte on any number.
//
// Customers are generated in blocks of a fixed size, each by one thread; blocks are written in
// their order, and no thread runs ahead of the writing by more than a few blocks: memory is
// bounded, however large the shop is. A packed file is one gzip member for each block.
//
// Thread safety: called by one thread; starts its own.

#ifndef KUNDIG_TOOLS_GENERATE_FILES_H_
#define KUNDIG_TOOLS_GENERATE_FILES_H_

#include <array>
#include <cstdint>
#include <string>

#include "tools/import_failure.h"
#include "tools/shop_model.h"

namespace kundig::tools {

struct GenerateRequest {
  ShopPlan plan;
  std::string folder;  // made where it does not exist
  int threads = 0;     // 0 = one for each processor
  bool gz = false;
};

struct GenerateAnswer {
  std::array<uint64_t, kShopFiles> rows{};   // without the headers
  std::array<uint64_t, kShopFiles> bytes{};  // as they lie on the disk
};

// "orders.csv" or "orders.csv.gz".
std::string ShopFileName(ShopFile file, bool gz);

// Files of the same names are replaced when all are complete. Failure: the folder cannot be made or
// written; files that were there before stay as they were.
Outcome<GenerateAnswer> GenerateShop(const GenerateRequest& request);

}  // namespace kundig::tools

#endif  // KUNDIG_TOOLS_GENERATE_FILES_H_
