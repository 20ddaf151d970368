// What can't be right with how calls are protected: the parts retry, hedge, breaker and fault of a
// policy, wherever they were written.
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/contract/contract.h"
#include "gateway/contract/value_rules.h"

namespace frontdesk::contract {

// Values that are wrong by themselves.
void CheckCallValues(const frontdesk::v1::Policy& policy, const AddWrong& add);

// Words that are no use to a method, or not safe, and were written for it alone.
void CheckSuits(const frontdesk::v1::Policy& own, const Method& method, const AddWrong& add);
// What is written for a whole service holds for those of its methods that it suits; there must be
// one.
void CheckSuitsSome(const frontdesk::v1::Policy& own, const std::vector<const Method*>& methods,
                    const AddWrong& add);

// The time that calls have as a whole, and what it is called in messages.
struct CallTime {
  std::chrono::nanoseconds longest = std::chrono::nanoseconds::max();  // max: not known
  std::string_view name = "timeout";
  std::optional<Place> place = {};  // where it was written; nothing for a default
};
// The shortest of these; of equals the first.
CallTime Shortest(std::initializer_list<CallTime> times);

// Values of the policy in force that don't fit each other, or `time`. `places` has those that are
// looked at: of a pair at least one is in it. `others` (null: none) has those that they stand
// beside. `add` takes their names.
void CheckTogether(const frontdesk::v1::Policy& policy, const PolicyPlaces& places,
                   const CallTime& time,
                   const std::function<void(const std::string& name, std::string_view text)>& add,
                   const PolicyPlaces* others = nullptr);
// The same of calls of this method: what its service says of hedges is nothing to one that is not
// hedged.
void CheckTogether(const Method& method, const frontdesk::v1::Policy& policy,
                   const PolicyPlaces& places, const CallTime& time,
                   const std::function<void(const std::string& name, std::string_view text)>& add,
                   const PolicyPlaces* others = nullptr);

}  // namespace frontdesk::contract
