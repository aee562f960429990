// What expressions, lists and rules may name: a catalog of fields with their types.
//
// Every value that an expression compares is a 64-bit integer or an open text:
//   kInteger, kMoney (minor units), kMillionths, kThousandths, kHundredths, kDay (days since 1970),
//   kBoolean (0 or 1), kEnumeration (place in `values`) and kSet (a bit for each of `values`, never
//   absent) are integers; kText is an open text.
//
// Thread safety: immutable after construction.

#ifndef KUNDIG_ENGINE_FIELD_H_
#define KUNDIG_ENGINE_FIELD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kundig::engine {

enum class FieldType : uint8_t {
  kInteger,
  kMoney,
  kMillionths,
  kThousandths,
  kHundredths,
  kDay,
  kBoolean,
  kEnumeration,
  kSet,
  kText
};

// Place of a field in its catalog; for customers a CustomerField, for leads a LeadField.
enum class FieldIndex : uint8_t {};

struct FieldInfo {
  std::string name;
  FieldType type = FieldType::kInteger;
  std::vector<std::string> values;  // kEnumeration, kSet: the names, in the order of their codes
};

class FieldCatalog {
 public:
  static constexpr size_t kMaxFields = 64;  // so that a set of fields is a 64-bit word

  explicit FieldCatalog(std::vector<FieldInfo> fields);

  std::optional<FieldIndex> Find(std::string_view name) const;
  const FieldInfo& At(FieldIndex field) const { return fields_[static_cast<size_t>(field)]; }
  size_t size() const { return fields_.size(); }

 private:
  std::vector<FieldInfo> fields_;
};

// A set of fields of one catalog.
class FieldSet {
 public:
  void Add(FieldIndex field) { bits_ |= uint64_t{1} << static_cast<uint8_t>(field); }
  void Add(FieldSet other) { bits_ |= other.bits_; }
  bool Has(FieldIndex field) const { return (bits_ >> static_cast<uint8_t>(field) & 1) != 0; }
  bool Intersects(FieldSet other) const { return (bits_ & other.bits_) != 0; }

 private:
  uint64_t bits_ = 0;
};

}  // namespace kundig::engine

#endif  // KUNDIG_ENGINE_FIELD_H_
