// Enum types whose values have the same names. Used while a plan is compiled.
#pragma once

#include "absl/status/statusor.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/plan_convert.h"

namespace frontdesk::contract {

// Every value of `from` as the value of `to` that has its name. A prefix that all names of a type
// share, such as STATUS_, may differ. What `words` say of a value comes first. Fails with the first
// value that has no counterpart.
absl::StatusOr<EnumMap> MapEnum(const EnumTable& from, const EnumTable& to,
                                ConvertWords* words = nullptr);

}  // namespace frontdesk::contract
