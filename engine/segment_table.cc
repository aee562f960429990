#include "engine/segment_table.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/limits.h"

namespace kundig::engine {
namespace {

using Code = size_t;  // place in SegmentTable::segment_of

constexpr int kLowestScore = 1;
constexpr int kHighestScore = 5;

struct DefaultSegment {
  std::string_view name, codes;
};
constexpr DefaultSegment kDefaultSegments[] = {
    {"Champions", "555 554 544 545 454 455 445"},
    {"Loyal", "543 444 435 355 354 345 344 335"},
    {"Potential loyalist",
     "553 551 552 541 542 533 532 531 452 451 442 441 431 453 433 432 423 353 352 351 342 341 333 "
     "323"},
    {"New", "512 511 422 421 412 411 311"},
    {"Promising", "525 524 523 522 521 515 514 513 425 424 413 414 415 315 314 313"},
    {"Need attention", "535 534 443 434 343 334 325 324"},
    {"About to sleep", "331 321 312 221 213 231 241 251"},
    {"At risk",
     "255 254 245 244 253 252 243 242 235 234 225 224 153 152 145 143 142 135 134 133 125 124"},
    {"Cannot lose", "155 154 144 214 215 115 114 113"},
    {"Hibernating", "332 322 233 232 223 222 132 123 122 212 211"},
    {"Lost", "111 112 121 131 141 151"},
};

Code CodeOf(int r, int f, int m) {
  return static_cast<Code>(25 * (r - 1) + 5 * (f - 1) + (m - 1));
}

std::string CellText(Code code) {
  auto digit = [](size_t score) { return static_cast<char>('1' + score); };
  return {digit(code / 25), digit(code / 5 % 5), digit(code % 5)};
}

std::string EntryName(size_t entry) {
  return "rfm.segment[" + std::to_string(entry) + "]";
}

Error InvalidSetting(std::string field, std::string message) {
  return Error{ErrorCode::kInvalidValue, std::move(message), std::move(field), std::nullopt};
}

std::optional<Error> CheckName(const std::string& name, std::string field) {
  if (!name.empty() && name.size() <= kMaxNameBytes) return std::nullopt;
  return Error{name.empty() ? ErrorCode::kMissingField : ErrorCode::kInvalidValue,
               "expected a name of 1 to " + std::to_string(kMaxNameBytes) + " bytes",
               std::move(field), std::nullopt};
}

std::optional<Error> CheckRange(std::array<int, 2> range, std::string field) {
  if (kLowestScore <= range[0] && range[0] <= range[1] && range[1] <= kHighestScore)
    return std::nullopt;
  return InvalidSetting(std::move(field), "expected [low, high] with 1 <= low <= high <= 5");
}

bool IsScore(char c) {
  return c >= '0' + kLowestScore && c <= '0' + kHighestScore;
}

Result<std::vector<Code>> CodesOfCells(const std::vector<std::string>& cells,
                                       const std::string& field) {
  std::vector<Code> codes;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string& cell = cells[i];
    const std::string place = field + "[" + std::to_string(i) + "]";
    if (cell.size() != 3 || !std::all_of(cell.begin(), cell.end(), IsScore)) {
      return InvalidSetting(place, "expected a code of three digits 1 to 5, such as \"543\"");
    }
    const Code code = CodeOf(cell[0] - '0', cell[1] - '0', cell[2] - '0');
    if (std::find(codes.begin(), codes.end(), code) != codes.end()) {
      return InvalidSetting(place,
                            "the code " + cell + " stands twice in this list; expected it once");
    }
    codes.push_back(code);
  }
  return codes;
}

Result<std::vector<Code>> CodesOf(const SegmentSetting& segment, const std::string& entry) {
  if (auto error = CheckName(segment.name, entry + ".name")) return *std::move(error);
  if (!segment.cells.empty()) return CodesOfCells(segment.cells, entry + ".cells");
  for (auto [range, name] :
       {std::pair(segment.recency, ".recency"), std::pair(segment.frequency, ".frequency"),
        std::pair(segment.monetary, ".monetary")}) {
    if (auto error = CheckRange(range, entry + name)) return *std::move(error);
  }
  std::vector<Code> codes;
  for (int r = segment.recency[0]; r <= segment.recency[1]; ++r) {
    for (int f = segment.frequency[0]; f <= segment.frequency[1]; ++f) {
      for (int m = segment.monetary[0]; m <= segment.monetary[1]; ++m) {
        codes.push_back(CodeOf(r, f, m));
      }
    }
  }
  return codes;
}

// Hands out the codes entry by entry.
class Builder {
 public:
  explicit Builder(const RfmSettings& settings) : settings_(settings) {}

  std::optional<Error> Take(size_t entry, const SegmentSetting& segment,
                            const std::vector<Code>& codes) {
    std::string taken;  // "555 (Champions), ..."
    for (Code code : codes) {
      if (!owner_[code]) continue;
      taken +=
          (taken.empty() ? "" : ", ") + CellText(code) + " (" + table_.names[*owner_[code]] + ")";
    }
    if (!taken.empty() && !settings_.first_match) {
      return InvalidSetting(EntryName(entry),
                            "codes of '" + segment.name + "' are taken already: " + taken +
                                "; expected each code in one segment, or rfm.match = "
                                "\"first\"");
    }
    const uint8_t place = PlaceOf(segment.name);
    for (Code code : codes) {
      if (!owner_[code]) owner_[code] = place;
    }
    return std::nullopt;
  }

  Result<SegmentTable> Finish() {
    std::string holes;
    for (Code code = 0; code < kRfmCodes; ++code) {
      if (!owner_[code]) holes += " " + CellText(code);
    }
    if (settings_.otherwise) {
      const uint8_t place = PlaceOf(*settings_.otherwise);
      for (auto& owner : owner_) owner = owner.value_or(place);
    } else if (!holes.empty()) {
      return InvalidSetting("rfm.segment",
                            "no segment has the codes" + holes +
                                "; expected all 125 codes, or rfm.match = \"first\" with a "
                                "name for the rest in rfm.otherwise");
    }
    for (Code code = 0; code < kRfmCodes; ++code) table_.segment_of[code] = *owner_[code];
    return std::move(table_);
  }

 private:
  uint8_t PlaceOf(const std::string& name) {
    auto found = std::find(table_.names.begin(), table_.names.end(), name);
    const auto place = static_cast<uint8_t>(found - table_.names.begin());
    if (found == table_.names.end()) table_.names.push_back(name);
    return place;
  }

  const RfmSettings& settings_;
  std::array<std::optional<uint8_t>, kRfmCodes> owner_;
  SegmentTable table_;
};

}  // namespace

std::vector<SegmentSetting> DefaultSegments() {
  std::vector<SegmentSetting> segments;
  for (const DefaultSegment& entry : kDefaultSegments) {
    SegmentSetting& segment = segments.emplace_back();
    segment.name = entry.name;
    for (size_t at = 0; at < entry.codes.size(); at += 4) {
      segment.cells.emplace_back(entry.codes.substr(at, 3));
    }
  }
  return segments;
}

Result<SegmentTable> BuildSegmentTable(const RfmSettings& settings) {
  if (settings.segments.size() > kMaxSegments) {
    return Error{ErrorCode::kLimitExceeded,
                 "expected at most " + std::to_string(kMaxSegments) + " segments", "rfm.segment",
                 std::nullopt};
  }
  if (settings.otherwise) {
    if (!settings.first_match) {
      return InvalidSetting("rfm.otherwise",
                            "expected rfm.otherwise only with rfm.match = \"first\"");
    }
    if (auto error = CheckName(*settings.otherwise, "rfm.otherwise")) return *std::move(error);
  }
  const std::vector<SegmentSetting> segments =
      settings.segments.empty() ? DefaultSegments() : settings.segments;
  Builder builder(settings);
  for (size_t i = 0; i < segments.size(); ++i) {
    Result<std::vector<Code>> codes = CodesOf(segments[i], EntryName(i));
    if (!codes) return std::move(codes).error();
    if (auto error = builder.Take(i, segments[i], *codes)) return *std::move(error);
  }
  return builder.Finish();
}

}  // namespace kundig::engine
