// The rules of a whole contract.
#include <set>

#include "frontdesk/v1/options.pb.h"
#include "gateway/base/text.h"
#include "gateway/contract/field_rules.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/unknown_field_set.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;

SourcePath PathOf(const pb::Descriptor& message) {
  if (const pb::Descriptor* const around = message.containing_type()) {
    return PathOf(*around) +
           SourcePath{pb::DescriptorProto::kNestedTypeFieldNumber, message.index()};
  }
  return {pb::FileDescriptorProto::kMessageTypeFieldNumber, message.index()};
}

// Option `debug_redact`, which this library may be too old to have a name for.
bool IsRedacted(const pb::FieldDescriptor& field) {
  constexpr int kDebugRedact = 16;
  const pb::FieldOptions& options = field.options();
  const pb::Reflection& reflection = *options.GetReflection();
  if (const auto* known = options.GetDescriptor()->FindFieldByNumber(kDebugRedact)) {
    return reflection.GetBool(options, known);
  }
  const pb::UnknownFieldSet& unknown = reflection.GetUnknownFields(options);
  bool redacted = false;
  for (int i = 0; i < unknown.field_count(); ++i) {
    const pb::UnknownField& option = unknown.field(i);
    if (option.number() != kDebugRedact || option.type() != pb::UnknownField::TYPE_VARINT) continue;
    redacted = option.varint() != 0;
  }
  return redacted;
}

// The default that a proto2 field has been given.
RuleValue DefaultOf(const pb::FieldDescriptor& field) {
  RuleValue value;
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      value.integer = field.default_value_int32();
      break;
    case pb::FieldDescriptor::CPPTYPE_INT64:
      value.integer = field.default_value_int64();
      break;
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      value.natural = field.default_value_uint32();
      break;
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      value.natural = field.default_value_uint64();
      break;
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      value.real = field.default_value_double();
      break;
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      value.real = static_cast<double>(field.default_value_float());
      break;
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      value.integer = field.default_value_bool();
      break;
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      value.integer = field.default_value_enum()->number();
      break;
    case pb::FieldDescriptor::CPPTYPE_STRING:
      value.text = field.default_value_string();
      break;
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return value;
}

class ContractRules {
 public:
  ContractRules(const SourcePlaces& places, MessageTables& tables, RuleSet& rules,
                Findings& findings)
      : places_(places), tables_(tables), rules_(rules), findings_(findings) {}

  void Message(const pb::Descriptor& message) {
    for (int i = 0; i < message.nested_type_count(); ++i) Message(*message.nested_type(i));
    if (message.options().map_entry()) return;
    MessageRules rules;
    rules.table = tables_.Add(&message);
    for (const Field& field : rules.table->fields) AddField(field, rules);
    for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
      AddOneof(*message.oneof_decl(i), rules);
    }
    CheckMembers(rules);
    rules_.Add(std::move(rules));
    for (int i = 0; i < message.extension_count(); ++i) Extension(*message.extension(i));
  }

  // No request that came as JSON has one.
  void Extension(const pb::FieldDescriptor& field) {
    if (!field.options().GetExtension(frontdesk::v1::field).has_rules()) return;
    const pb::Descriptor* const scope = field.extension_scope();
    const SourcePath path =
        scope == nullptr ? SourcePath{pb::FileDescriptorProto::kExtensionFieldNumber, field.index()}
                         : PathOf(*scope) + SourcePath{pb::DescriptorProto::kExtensionFieldNumber,
                                                       field.index()};
    findings_.Add(places_.Of(field.file()->name(), path), Cat(field.full_name(), ".rules"),
                  "rules of extensions are not carried out");
  }

 private:
  void AddField(const Field& field, MessageRules& into) {
    const pb::FieldDescriptor& descriptor = *field.descriptor;
    const bool redacted = field.map && IsRedacted(descriptor);
    const frontdesk::v1::FieldPolicy& policy =
        descriptor.options().GetExtension(frontdesk::v1::field);
    if (!policy.has_rules() && !redacted) return;
    FieldRules rules;
    rules.field = &field;
    rules.redacted = redacted;
    const SourcePath path =
        PathOf(*descriptor.containing_type()) +
        SourcePath{pb::DescriptorProto::kFieldFieldNumber, descriptor.index(),
                   pb::FieldDescriptorProto::kOptionsFieldNumber, frontdesk::v1::kFieldFieldNumber,
                   frontdesk::v1::FieldPolicy::kRulesFieldNumber};
    const AddWrong add = [&](const std::vector<int>& below, std::string_view name,
                             std::string_view text) {
      findings_.Add(places_.Of(descriptor.file()->name(), path + below),
                    Cat(descriptor.full_name(), ".rules", name.empty() ? "" : ".", name), text);
    };
    rules.place = places_.Of(descriptor.file()->name(), path);
    if (policy.has_rules()) CompileFieldRules(policy.rules(), add, rules);
    if (policy.has_rules() && policy.has_from()) {
      add({}, "", Cat("the field is filled from \"", policy.from(), "\", and never by clients"));
    }
    if (descriptor.has_default_value() && !rules.ignore_always) CheckDefault(rules, add);
    into.fields.push_back(std::move(rules));
  }

  static void CheckDefault(const FieldRules& rules, const AddWrong& add) {
    for (const Rule& rule : rules.values.rules) {
      if (rule.keeps(DefaultOf(*rules.field->descriptor))) continue;
      add({}, rule.id, Cat("the field's own default is not allowed: it ", rule.text));
    }
  }

  void AddOneof(const pb::OneofDescriptor& oneof, MessageRules& into) {
    if (!oneof.options().GetExtension(frontdesk::v1::oneof).required()) return;
    const SourcePath path =
        PathOf(*oneof.containing_type()) +
        SourcePath{pb::DescriptorProto::kOneofDeclFieldNumber, oneof.index(),
                   pb::OneofDescriptorProto::kOptionsFieldNumber, frontdesk::v1::kOneofFieldNumber};
    into.oneofs.push_back({oneof.index(), oneof.name(), places_.Of(oneof.file()->name(), path)});
  }

  // Of a oneof one member is set at most.
  void CheckMembers(const MessageRules& rules) {
    std::set<int32_t> seen;
    for (const FieldRules& field : rules.fields) {
      if (!field.required || field.field->oneof < 0) continue;
      if (seen.insert(field.field->oneof).second) continue;
      findings_.Add(field.place, Cat(field.field->descriptor->full_name(), ".rules.required"),
                    "another member of the oneof is required, too");
    }
  }

  const SourcePlaces& places_;
  MessageTables& tables_;
  RuleSet& rules_;
  Findings& findings_;
};

}  // namespace

void CompileRules(const pb::FileDescriptorSet& set, const pb::DescriptorPool& pool,
                  const SourcePlaces& places, MessageTables& tables, RuleSet& rules,
                  Findings& findings) {
  ContractRules all(places, tables, rules, findings);
  std::set<std::string> done;  // a file may be in the set twice
  for (const pb::FileDescriptorProto& proto : set.file()) {
    if (!done.insert(proto.name()).second) continue;
    const pb::FileDescriptor& file = *pool.FindFileByName(proto.name());
    for (int i = 0; i < file.message_type_count(); ++i) all.Message(*file.message_type(i));
    for (int i = 0; i < file.extension_count(); ++i) all.Extension(*file.extension(i));
  }
  rules.Link();
}

}  // namespace frontdesk::contract
