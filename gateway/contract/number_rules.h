// Rules of what has an order: numbers, durations, times. And of bool and enums.
#pragma once

#include "frontdesk/v1/rules.pb.h"
#include "gateway/contract/rule_sink.h"

namespace frontdesk::contract {

void AddNumberRules(const frontdesk::v1::FloatRules& from, RuleSink& sink);
void AddNumberRules(const frontdesk::v1::DoubleRules& from, RuleSink& sink);
void AddNumberRules(const frontdesk::v1::Int32Rules& from, RuleSink& sink);
void AddNumberRules(const frontdesk::v1::Int64Rules& from, RuleSink& sink);
void AddNumberRules(const frontdesk::v1::UInt32Rules& from, RuleSink& sink);
void AddNumberRules(const frontdesk::v1::UInt64Rules& from, RuleSink& sink);
void AddTimeRules(const frontdesk::v1::DurationRules& from, RuleSink& sink);
void AddTimeRules(const frontdesk::v1::TimestampRules& from, RuleSink& sink);
void AddBoolRules(const frontdesk::v1::BoolRules& from, RuleSink& sink);
// Of this enum.
void AddEnumRules(const frontdesk::v1::EnumRules& from, const EnumTable& table, RuleSink& sink);

// Seconds and nanoseconds as protobuf has them, of any sign, brought into form.
Instant ToInstant(int64_t seconds, int64_t nanos);

}  // namespace frontdesk::contract
