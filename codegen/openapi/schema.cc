#include "codegen/openapi/schema.h"

#include "codegen/common/comments.h"
#include "codegen/common/rules.h"
#include "codegen/openapi/constraints.h"
#include "gateway/base/text.h"

namespace frontdesk::codegen::openapi {

using contract::EnumTable;
using contract::Field;
using contract::FieldType;
using contract::MessageTable;
using contract::WellKnown;

namespace {

ordered_json Type(const char* type, const char* format = nullptr) {
  ordered_json schema{{"type", type}};
  if (format != nullptr) schema["format"] = format;
  return schema;
}

ordered_json Bytes() { return {{"type", "string"}, {"contentEncoding", "base64"}}; }

// Three values are no numbers of JSON.
ordered_json Real(const char* format) {
  return {
      {"anyOf",
       {Type("number", format), {{"type", "string"}, {"enum", {"NaN", "Infinity", "-Infinity"}}}}}};
}

ordered_json ScalarOf(FieldType type) {
  switch (type) {
    case FieldType::kDouble:
      return Real("double");
    case FieldType::kFloat:
      return Real("float");
    case FieldType::kInt64:
    case FieldType::kSfixed64:
    case FieldType::kSint64:
      return Type("string", "int64");
    case FieldType::kUint64:
    case FieldType::kFixed64:
      return Type("string", "uint64");
    case FieldType::kUint32:
    case FieldType::kFixed32: {
      ordered_json schema = Type("integer", "uint32");
      schema["minimum"] = 0;
      return schema;
    }
    case FieldType::kBool:
      return Type("boolean");
    case FieldType::kString:
      return Type("string");
    case FieldType::kBytes:
      return Bytes();
    default:
      return Type("integer", "int32");
  }
}

void Describe(ordered_json& schema, const std::string& comment) {
  if (!comment.empty()) schema["description"] = comment;
}

// Of the members of a oneof there is one and no other, or, unless one is needed, none.
ordered_json OneMember(const std::vector<std::string>& names, bool needed) {
  ordered_json present = ordered_json::array();
  for (const std::string& name : names) {
    present.push_back({{"required", ordered_json::array({name})}});
  }
  ordered_json choices = present;
  if (!needed) choices.push_back({{"not", {{"anyOf", std::move(present)}}}});
  return {{"oneOf", std::move(choices)}};
}

// The values by name, or by number with their names in the description; either way with what the
// author wrote about them.
ordered_json Enumeration(const google::protobuf::EnumDescriptor& descriptor, bool numbers) {
  ordered_json schema = numbers ? Type("integer", "int32") : Type("string");
  std::string text = CommentOf(descriptor);
  for (int i = 0; i < descriptor.value_count(); ++i) {
    const google::protobuf::EnumValueDescriptor& value = *descriptor.value(i);
    if (!numbers) schema["enum"].push_back(value.name());
    const std::string comment = Summary(CommentOf(value));
    if (comment.empty() && !numbers) continue;
    text += Cat(text.empty() ? "- `" : "\n- `",
                numbers ? std::to_string(value.number()) : value.name(), "`");
    if (numbers) text += Cat(" ", value.name());
    if (!comment.empty()) text += Cat(": ", comment);
  }
  Describe(schema, text);
  if (descriptor.options().deprecated()) schema["deprecated"] = true;
  return schema;
}

}  // namespace

ordered_json SchemaRef(const std::string& name) {
  return {{"$ref", "#/components/schemas/" + name}};
}

ordered_json Schemas::Of(const MessageTable& table, Face face) {
  if (!IsPlain(table)) return WellKnownOf(table, face);
  // Answers are not held to rules, so the two differ.
  face = face.request && HasRules(table) ? kRequestFace : FaceOf(table, face);
  const std::string name = table.full_name + SuffixOf(face);
  if (named_.try_emplace(name).second) unwritten_.emplace_back(&table, face);
  return SchemaRef(name);
}

ordered_json Schemas::Reference(const EnumTable& table, Face face) {
  const std::string name = table.full_name + (face.enum_numbers ? "-numbers" : "");
  const auto [at, fresh] = named_.try_emplace(name);
  if (fresh) at->second = Enumeration(*table.descriptor, face.enum_numbers);
  return SchemaRef(name);
}

ordered_json Schemas::WellKnownOf(const MessageTable& table, Face face) {
  switch (table.well_known) {
    case WellKnown::kAny:
      return {{"type", "object"},
              {"description", "A message of any type, with its type in `@type`."},
              {"properties", {{"@type", Type("string")}}},
              {"required", ordered_json::array({"@type"})},
              {"additionalProperties", true}};
    case WellKnown::kTimestamp:
      return Type("string", "date-time");
    case WellKnown::kDuration:
      return {{"type", "string"},
              {"pattern", R"(^-?[0-9]+(\.[0-9]{1,9})?s$)"},
              {"description", "Seconds, such as \"1.5s\"."}};
    case WellKnown::kFieldMask:
      return {{"type", "string"}, {"description", "Field paths, separated by commas."}};
    case WellKnown::kStruct:
      return {{"type", "object"}, {"additionalProperties", true}};
    case WellKnown::kValue:
      return {{"description", "Any JSON value."}};
    case WellKnown::kListValue:
      return {{"type", "array"}, {"items", ordered_json::object()}};
    case WellKnown::kEmpty:
      return Type("object");
    default:
      return SingleOf(table.fields[0], face);  // a wrapper is its value
  }
}

ordered_json Schemas::SingleOf(const Field& field, Face face) {
  if (field.message != nullptr) return Of(*field.message, face);
  if (field.enumeration == nullptr) return ScalarOf(field.type);
  return field.enumeration->null_value ? Type("null") : Reference(*field.enumeration, face);
}

ordered_json Schemas::TypeOf(const Field& field, Face face) {
  ordered_json schema = SingleOf(field.map ? field.message->fields[1] : field, face);
  if (field.map) {
    schema = {{"type", "object"}, {"additionalProperties", std::move(schema)}};
  } else if (field.repeated) {
    schema = {{"type", "array"}, {"items", std::move(schema)}};
  }
  if (face.request) Constrain(field, schema);
  return schema;
}

ordered_json Schemas::Property(const Field& field, Face face) {
  ordered_json schema = TypeOf(field, face);
  Describe(schema, DescriptionOf(field, face.request));
  if (field.descriptor->options().deprecated()) schema["deprecated"] = true;
  if (HasBehavior(field, Behavior::kOutputOnly)) schema["readOnly"] = true;
  if (HasBehavior(field, Behavior::kInputOnly)) schema["writeOnly"] = true;
  return schema;
}

ordered_json Schemas::Object(const MessageTable& table, const std::vector<const Field*>& fields,
                             Face face) {
  ordered_json schema = Type("object");
  Describe(schema, CommentOf(*table.descriptor));
  if (table.descriptor->options().deprecated()) schema["deprecated"] = true;
  ordered_json properties = ordered_json::object();
  ordered_json required = ordered_json::array();
  std::map<int32_t, std::vector<std::string>> oneofs;
  for (const Field* field : fields) {
    const std::string& name = NameOf(*field, face);
    properties[name] = Property(*field, face);
    if (IsAlwaysThere(*field, face)) required.push_back(name);
    if (field->oneof >= 0) oneofs[field->oneof].push_back(name);
  }
  if (!properties.empty()) schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  ordered_json all = ordered_json::array();
  for (const auto& [index, names] : oneofs) {
    const bool needed = face.request && IsNeeded(*table.descriptor->oneof_decl(index));
    if (names.size() > 1 || needed) all.push_back(OneMember(names, needed));
  }
  if (!all.empty()) schema["allOf"] = std::move(all);
  return schema;
}

ordered_json Schemas::Take() {
  while (!unwritten_.empty()) {
    const auto [table, face] = unwritten_.back();
    unwritten_.pop_back();
    ordered_json schema = ObjectOf(*table, face, [](const Field&) { return true; });
    named_[table->full_name + SuffixOf(face)] = std::move(schema);
  }
  ordered_json all = ordered_json::object();
  for (auto& [name, schema] : named_) all[name] = std::move(schema);
  return all;
}

}  // namespace frontdesk::codegen::openapi
