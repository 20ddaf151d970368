// Where the values of a plan are found, as expressions of C++.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codegen/cpp/names.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

// The fields from a message to what its reader gathers in a slot; none for the message (or scalar)
// itself.
std::vector<const contract::Field*> PathTo(const contract::MessageReader& reader, uint32_t slot);

// What paths of one place of a plan begin with: the variables that hold it.
struct Roots {
  const contract::Plan* plan = nullptr;
  std::vector<std::string> steps;  // by index: "order_"
  // Steps that may have no reply here, a bit per index.
  uint64_t uncertain = 0;
  // Of the step whose request is written: the element's variable and its reader.
  std::string element;
  const contract::MessageReader* element_reader = nullptr;
  // The message itself that is converted, or the reply that is taken back.
  std::string self;
  const contract::MessageReader* self_reader = nullptr;
};

// A value and how to ask whether it is there.
struct Value {
  std::string text;    // "order_->totals().grand_total_cents()"
  std::string there;   // "order_->has_totals()"; "" when it always is
  std::string around;  // whether the message around it is there; "" when that is the root
  const contract::Field* field = nullptr;  // null for a whole message
  bool number = false;                     // an enum that comes as an int
  bool of_entry = false;                   // key or value of a map's entry, which has always both
};

// `reply`: the variable of one reply, a pointer, for sources that are the list of a step's replies.
Value ValueOf(const contract::Source& source, const Roots& roots, const std::string& reply);
// The same for the field at the end of a path below a variable that is a pointer or not.
Value ValueBelow(const std::string& variable, bool pointer,
                 const std::vector<const contract::Field*>& path);

// A claim of the caller's as the value of a field.
Value ClaimOf(const contract::Source& source, const contract::Field& target, const Names& names);

// What generated code goes through in the place of a map whose entries are elements of a list.
std::string ByKey(const std::string& map, const Names& names);

// Text or bytes: std::string in C++.
inline bool IsText(contract::FieldType type) {
  return type == contract::FieldType::kString || type == contract::FieldType::kBytes;
}

// The condition under which a value without presence is more than its default.
std::string NotDefault(const Value& value, const Names& names);

}  // namespace frontdesk::codegen
