// The values of a policy one by one, and where each was written.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/findings.h"

namespace frontdesk::contract {

// Where the value in force was written, by its name: "timeout", "print.defaults". What is not in it
// is the built-in default.
using PolicyPlaces = std::map<std::string, Place>;

// Calls `leaf` for each value that is set: its name and its path of field numbers in Policy.
void EachLeaf(
    const frontdesk::v1::Policy& policy,
    const std::function<void(const std::string& name, const std::vector<int>& path)>& leaf);

// MergePolicy() in place, noting where each value of `over` stands. `place_of` takes a leaf.
void Overlay(
    const frontdesk::v1::Policy& over,
    const std::function<Place(const std::string& name, const std::vector<int>& path)>& place_of,
    frontdesk::v1::Policy& policy, PolicyPlaces& places);

}  // namespace frontdesk::contract
