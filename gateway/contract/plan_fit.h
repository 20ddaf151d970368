// Which values fit which fields, and how they get there. Used while a plan is compiled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/plan_convert.h"
#include "gateway/contract/plan_paths.h"

namespace frontdesk::contract {

// Makes the Writes of a plan, and the conversions they need.
//
// Numbers of one kind fit where no value is lost (int32 into int64, not the other way), a string
// fits bytes, an enum fits one that has all its value names (prefixes such as STATUS_ aside), a
// message fits one with some of its field names.
class PlanFitter {
 public:
  explicit PlanFitter(std::vector<Conversion>& conversions) : conversions_(conversions) {}

  // How `value` fills `target`, noted as wanted of its root. `by_name`: the two met because of
  // their name, not because somebody wrote so. Fails with what does not fit.
  // `words` change the conversion of the message, of the list's elements or of the enum.
  absl::StatusOr<Write> Fit(const PathValue& value, const Field& target, bool by_name,
                            ConvertWords* words = nullptr);

 private:
  // Of each conversion.
  struct Result {
    absl::Status status;
    bool by_name = true;  // without words: for every pair of the same types
  };
  absl::Status FitType(const PathValue& value, const Field& target, ConvertWords* words,
                       Write& write);
  absl::Status FitConversion(const MessageTable& from, const MessageTable& to, ConvertWords* words,
                             Write& write);
  absl::Status Convert(const MessageTable& from, const MessageTable& to, ConvertWords* words,
                       Conversion& conversion);

  std::vector<Conversion>& conversions_;
  std::vector<Result> results_;
};

// The fields that a list of Writes fills, kept apart.
class TargetTree {
 public:
  // Adds `write` at the path. Fails if something else fills it, or another member of a oneof.
  // `value` is null for a constant; `by` names the source to people.
  absl::Status Add(const std::vector<const Field*>& path, Write write, const PathValue* value,
                   std::string_view by);
  // Whether exactly this field of the message itself is filled.
  bool Has(const Field& field) const;
  const std::vector<Write>& writes() const { return writes_; }
  std::vector<Write> Take() { return std::move(writes_); }

 private:
  struct Filled {
    std::vector<const Field*> path;
    std::vector<const Field*> source;
    std::string root;
    std::string by;
  };
  static bool Clash(const Filled& one, const Filled& other);

  std::vector<Filled> filled_;
  std::vector<Write> writes_;
};

}  // namespace frontdesk::contract
