// MergePolicy(): one policy on top of another.
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

#include "gateway/contract/contract.h"

namespace frontdesk::contract {
namespace {

// protobuf's own MergeFrom appends lists. Unknown fields are refused when the contract is loaded.
void MergeInto(const google::protobuf::Message& over, google::protobuf::Message& base) {
  const google::protobuf::Reflection& reflection = *over.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> set;
  reflection.ListFields(over, &set);  // with presence, an explicit false or 0 is listed too
  for (const google::protobuf::FieldDescriptor* field : set) {
    if (!field->is_repeated() && field->message_type() != nullptr) {
      MergeInto(reflection.GetMessage(over, field), *reflection.MutableMessage(&base, field));
      continue;
    }
    // Copies just this field: a message that holds nothing else, merged over the cleared one.
    std::unique_ptr<google::protobuf::Message> only(over.New());
    only->CopyFrom(over);
    for (const google::protobuf::FieldDescriptor* other : set) {
      if (other != field) reflection.ClearField(only.get(), other);
    }
    reflection.ClearField(&base, field);
    base.MergeFrom(*only);
  }
}

}  // namespace

frontdesk::v1::Policy MergePolicy(const frontdesk::v1::Policy& base,
                                  const frontdesk::v1::Policy& over) {
  frontdesk::v1::Policy merged = base;
  MergeInto(over, merged);
  return merged;
}

}  // namespace frontdesk::contract
