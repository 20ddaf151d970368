// The values of a policy one by one, and where each was written.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/findings.h"

namespace frontdesk::contract {

// Where the value in force was written, by its name: "timeout", "print.defaults". What is not in it
// is the built-in default.
using PolicyPlaces = std::map<std::string, Place>;

// Of a value, or of the first that was written inside of a message ("hedge"); nothing when it is
// the default.
std::optional<Place> PlaceOfValue(const PolicyPlaces& places, const std::string& name);

// ", at gate.yaml:3:5": where the other side of a contradiction was written, which nobody would
// look for when it is another file than that of the finding, `here`. "" in the same one, or for a
// default.
std::string Elsewhere(const std::optional<Place>& here, const std::optional<Place>& there);

// Calls `leaf` for each value that is set in a policy, or a message like it: its name and its path
// of field numbers. A list is one value.
void EachLeaf(
    const google::protobuf::Message& message,
    const std::function<void(const std::string& name, const std::vector<int>& path)>& leaf);

// MergePolicy() in place, noting where each value of `over` stands. `place_of` takes a leaf.
void Overlay(
    const frontdesk::v1::Policy& over,
    const std::function<Place(const std::string& name, const std::vector<int>& path)>& place_of,
    frontdesk::v1::Policy& policy, PolicyPlaces& places);

}  // namespace frontdesk::contract
