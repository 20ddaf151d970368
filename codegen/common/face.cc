#include "codegen/common/face.h"

#include "codegen/common/rules.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/unknown_field_set.h"

namespace frontdesk::codegen {

using contract::Field;

Face AnswerFace(const frontdesk::v1::Policy& policy) {
  return {.proto_names = policy.print().proto_names(),
          .enum_numbers = policy.print().enum_numbers(),
          .defaults = policy.print().defaults()};
}

Face FaceOf(const contract::MessageTable& table, Face face) {
  if (face.request) face = {.request = table.has_caller_source};
  return face;
}

std::string SuffixOf(Face face) {
  std::string suffix;
  if (face.request) suffix += "-request";
  if (face.proto_names) suffix += "-proto-names";
  if (face.enum_numbers) suffix += "-enum-numbers";
  if (face.defaults) suffix += "-defaults";
  return suffix;
}

const std::string& NameOf(const Field& field, Face face) {
  return face.proto_names ? field.name : field.json_name;
}

bool IsShown(const Field& field, Face face) { return !face.request || field.caller_source.empty(); }

bool IsAlwaysThere(const Field& field, Face face) {
  return field.required || HasBehavior(field, Behavior::kRequired) ||
         (face.defaults && !field.has_presence) || (face.request && IsNeeded(field));
}

bool HasBehavior(const Field& field, Behavior behavior) {
  constexpr int kFieldBehavior = 1052;
  const google::protobuf::FieldOptions& options = field.descriptor->options();
  const google::protobuf::UnknownFieldSet& unknown =
      options.GetReflection()->GetUnknownFields(options);
  const auto wanted = static_cast<uint64_t>(behavior);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const google::protobuf::UnknownField& entry = unknown.field(i);
    if (entry.number() != kFieldBehavior) continue;
    if (entry.type() == google::protobuf::UnknownField::TYPE_VARINT && entry.varint() == wanted) {
      return true;
    }
    if (entry.type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED) continue;
    const std::string& packed = entry.length_delimited();
    google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(packed.data()),
                                              static_cast<int>(packed.size()));
    for (uint64_t value; in.ReadVarint64(&value);) {
      if (value == wanted) return true;
    }
  }
  return false;
}

}  // namespace frontdesk::codegen
