// Rules of strings and bytes.
#pragma once

#include "frontdesk/v1/rules.pb.h"
#include "gateway/contract/rule_sink.h"

namespace frontdesk::contract {

void AddStringRules(const frontdesk::v1::StringRules& from, RuleSink& sink);
void AddBytesRules(const frontdesk::v1::BytesRules& from, RuleSink& sink);
// Those of `word`, whose number is `number`: a value must match this.
void AddPattern(const std::string& pattern, std::string_view word, int number, RuleSink& sink);
// Those of lists of texts; `none`: it must not be one of them.
void AddChoice(const google::protobuf::RepeatedPtrField<std::string>& values, bool none,
               std::string_view word, int number, RuleSink& sink);

}  // namespace frontdesk::contract
