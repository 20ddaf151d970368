// What the targets ask of protobuf's own messages.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace frontdesk::fuzz {

// Whether the bytes are a message, with at most so many others around one of them.
inline bool Read(std::string_view wire, int depth, google::protobuf::Message& message) {
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(wire.data()),
                                                static_cast<int>(wire.size()));
  stream.SetRecursionLimit(depth);
  return message.ParsePartialFromCodedStream(&stream) && stream.ConsumedEntireMessage();
}

// What Message::DiscardUnknownFields() leaves in the entries of maps (protobuf 3.21) goes too.
inline void DiscardUnknownFields(google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  reflection.MutableUnknownFields(&message)->Clear();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      DiscardUnknownFields(*reflection.MutableMessage(&message, field));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      DiscardUnknownFields(*reflection.MutableRepeatedMessage(&message, field, i));
    }
  }
}

}  // namespace frontdesk::fuzz
