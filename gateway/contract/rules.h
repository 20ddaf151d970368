// What values clients may send: the rules of frontdesk/v1/rules.proto as they are carried out,
// compiled once when the contract is loaded.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "gateway/contract/findings.h"
#include "gateway/contract/message_table.h"

namespace frontdesk::contract {

struct MessageRules;

// A google.protobuf.Duration or Timestamp, with 0 <= nanos < 1e9.
struct Instant {
  int64_t seconds = 0;
  int32_t nanos = 0;
  auto operator<=>(const Instant&) const = default;
};

// One value as rules see it. What its type does not have stays as it is here.
struct RuleValue {
  std::string_view text;  // string, bytes
  int64_t integer = 0;    // signed numbers, enums, bool
  uint64_t natural = 0;   // unsigned numbers; of lists and maps: how many there are
  double real = 0;
  Instant time;
  Instant now;  // the time of day, beside `time`
};

struct Rule {
  std::string id;    // "string.min_len", as in protovalidate
  std::string text;  // "must have at least 3 characters"
  std::function<bool(const RuleValue&)> keeps;
};

// Of one value: that of a field, or each in a list or map.
struct ElementRules {
  bool ignore_zero = false;  // zero, false and "" keep them all
  std::vector<Rule> rules;
  const Field* wrapped = nullptr;         // of a wrapper: what they are for
  const MessageRules* message = nullptr;  // what is inside of it
  bool any() const { return !rules.empty() || message != nullptr; }
};

struct FieldRules {
  const Field* field = nullptr;
  bool required = false;
  bool ignore_always = false;
  bool ignore_zero = false;  // of a list or map: when it is empty
  bool unique = false;       // of a list
  bool redacted = false;     // its keys are not shown either
  std::vector<Rule> sizes;   // of a list or map
  ElementRules keys;         // of a map
  ElementRules values;
  Place place;  // where they are written; of a message without own ones, nothing
  bool any() const {
    return !ignore_always && (required || unique || !sizes.empty() || keys.any() || values.any());
  }
};

// Of a message, and of what is inside of it: there is one only where there is something to look at.
struct MessageRules {
  // A oneof that one member of must be set.
  struct Oneof {
    int32_t index;
    std::string name;
    Place place;
  };
  const MessageTable* table = nullptr;
  std::vector<FieldRules> fields;  // ascending by number
  std::vector<int32_t> by_index;   // of the table's fields: position in `fields`, or -1
  std::vector<Oneof> oneofs;
};

// Of all messages of a contract. Immutable once it is linked.
class RuleSet {
 public:
  // Null when nothing of the message has a rule.
  const MessageRules* Find(const MessageTable* table) const;
  // What is known of a message by itself; addresses stay. Linked later.
  void Add(MessageRules rules);
  // Puts the rules of messages into those that contain them, through cycles as well.
  void Link();

 private:
  absl::flat_hash_map<const MessageTable*, std::unique_ptr<MessageRules>> all_;
};

// Calls `visit` for every rule of the message and of what is inside of it, each message once on a
// way down, as long as they are not more than a thousand: "lines[].quantity", its rule and the
// place. `required` is a rule too.
using VisitRule =
    std::function<void(const std::string& path, const Rule& rule, const Place& place)>;
void EachRule(const MessageRules& rules, const VisitRule& visit);
// The same of one field.
void EachRule(const FieldRules& field, const VisitRule& visit);

}  // namespace frontdesk::contract
