// How rules for what clients send have changed. Used by Diff().
#pragma once

#include <string>
#include <vector>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/message_table.h"

namespace frontdesk::contract {

struct RuleChange {
  bool breaking = false;  // something that was taken may be refused now
  std::string what;
};

// Of two fields of one type.
std::vector<RuleChange> DiffFieldRules(const Field& before, const Field& after);

// Of the headers that requests to a method bring: "header x-device is required now".
std::vector<RuleChange> DiffHeaderRules(const frontdesk::v1::Policy& before,
                                        const frontdesk::v1::Policy& after);

// Of the oneofs of two messages, by their names: those of which one member must be set.
std::vector<RuleChange> DiffOneofRules(const MessageTable& before, const MessageTable& after);

}  // namespace frontdesk::contract
