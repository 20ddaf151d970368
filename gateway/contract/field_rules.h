// The rules of fields, from their options.
#pragma once

#include "frontdesk/v1/rules.pb.h"
#include "gateway/contract/rules.h"
#include "gateway/contract/source_places.h"
#include "gateway/contract/value_rules.h"

namespace google::protobuf {
class DescriptorPool;
class FileDescriptorSet;
}  // namespace google::protobuf

namespace frontdesk::contract {

// Fills `rules`, whose field is set, but for what is inside of messages. `add` takes what can't be
// right, by its path from `from` and its name, such as "repeated.items.string.min_len".
void CompileFieldRules(const frontdesk::v1::FieldRules& from, const AddWrong& add,
                       FieldRules& rules);

// Of a field of a contract that was checked; what is inside of messages is not linked.
FieldRules CompileRulesOf(const Field& field);

// A request without the field breaks its rules.
bool IsNeeded(const Field& field);

// Those of every message that the set declares, with findings for what can't be right. `pool` and
// `tables` hold what the set declares.
void CompileRules(const google::protobuf::FileDescriptorSet& set,
                  const google::protobuf::DescriptorPool& pool, const SourcePlaces& places,
                  MessageTables& tables, RuleSet& rules, Findings& findings);

}  // namespace frontdesk::contract
