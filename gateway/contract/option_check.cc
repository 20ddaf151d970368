#include "gateway/contract/option_check.h"
#include "gateway/contract/caller_source.h"

#include <string>

#include "frontdesk/v1/options.pb.h"
#include "gateway/base/text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/unknown_field_set.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;

// Numbers of frontdesk.v1, also those of later versions.
constexpr int kFirstOption = 50001;
constexpr int kLastOption = 50099;

bool IsOurs(std::string_view full_name) { return full_name.starts_with("frontdesk."); }
bool IsChecked(std::string_view full_name) {
  return IsOurs(full_name) || full_name == "google.api.http";
}

class Walk {
 public:
  Walk(const pb::FileDescriptorProto& file, const pb::DescriptorPool& pool,
       const SourcePlaces& places, Findings& findings)
      : file_(file), pool_(pool), places_(places), findings_(findings) {}

  void Run() { Element(file_, file_.package()); }

 private:
  void Add(std::string_view element, std::string_view text) {
    findings_.Add(places_.Of(file_.name(), path_), element, text);
  }

  // A declaration and all those inside of it. `name` is its full name.
  void Element(const pb::Message& declaration, const std::string& name) {
    ForEach(declaration, [&](const pb::FieldDescriptor& field, const pb::Message& child) {
      if (field.name() == "source_code_info") return;
      if (field.name() == "options") {
        Options(child, name);
        if (declaration.GetDescriptor() == pb::FieldDescriptorProto::descriptor()) {
          FieldOption(static_cast<const pb::FieldDescriptorProto&>(declaration), name);
        }
        return;
      }
      const pb::FieldDescriptor* const named = child.GetDescriptor()->FindFieldByName("name");
      if (named == nullptr || named->is_repeated()) return;
      const std::string own = child.GetReflection()->GetString(child, named);
      Element(child, name.empty() ? own : Cat(name, '.', own));
    });
  }

  void Options(const pb::Message& options, const std::string& element) {
    const pb::Reflection& reflection = *options.GetReflection();
    const std::string& extendee = options.GetDescriptor()->full_name();
    for (const int number : UnknownNumbers(options)) {
      const pb::Descriptor* const known = pool_.FindMessageTypeByName(extendee);
      const pb::FieldDescriptor* const option =
          known == nullptr ? nullptr : pool_.FindExtensionByNumber(known, number);
      const bool ours = option != nullptr ? IsChecked(option->full_name())
                                          : number >= kFirstOption && number <= kLastOption;
      if (!ours) continue;
      path_.push_back(number);
      Refuse(element,
             option == nullptr ? Cat("number ", number) : Cat('(', option->full_name(), ')'));
      path_.pop_back();
    }
    const pb::FieldDescriptor* const raw =
        options.GetDescriptor()->FindFieldByName("uninterpreted_option");
    if (raw != nullptr && reflection.FieldSize(options, raw) > 0) {
      Add(element, "has options that were not interpreted: build the descriptor set with protoc");
    }
    ForEach(options, [&](const pb::FieldDescriptor& field, const pb::Message& value) {
      if (!field.is_extension() || !IsChecked(field.full_name())) return;
      Value(value, element, Cat('(', field.full_name(), ')'));
    });
  }

  // Inside an option that is known. `name` is what it is called in messages.
  void Value(const pb::Message& value, const std::string& element, const std::string& name) {
    const pb::Descriptor* const known =
        pool_.FindMessageTypeByName(value.GetDescriptor()->full_name());
    for (const int number : UnknownNumbers(value)) {
      const pb::FieldDescriptor* const field =
          known == nullptr ? nullptr : known->FindFieldByNumber(number);
      path_.push_back(number);
      Refuse(element,
             field == nullptr ? Cat(name, ", field ", number) : Cat(name, '.', field->name()));
      path_.pop_back();
    }
    Enums(value, element, name);
    ForEach(value, [&](const pb::FieldDescriptor& field, const pb::Message& child) {
      Value(child, element, Cat(name, '.', field.name()));
    });
  }

  void Enums(const pb::Message& value, const std::string& element, const std::string& name) {
    const pb::Reflection& reflection = *value.GetReflection();
    std::vector<const pb::FieldDescriptor*> set;
    reflection.ListFields(value, &set);
    for (const pb::FieldDescriptor* field : set) {
      if (field->enum_type() == nullptr) continue;
      path_.push_back(field->number());
      if (!field->is_repeated()) {
        Enum(*field, reflection.GetEnumValue(value, field), element, name);
      }
      for (int i = 0; field->is_repeated() && i < reflection.FieldSize(value, field); ++i) {
        path_.push_back(i);
        Enum(*field, reflection.GetRepeatedEnumValue(value, field, i), element, name);
        path_.pop_back();
      }
      path_.pop_back();
    }
  }

  void Enum(const pb::FieldDescriptor& field, int number, const std::string& element,
            const std::string& name) {
    if (field.enum_type()->FindValueByNumber(number) != nullptr) return;
    const pb::EnumDescriptor* const known =
        pool_.FindEnumTypeByName(field.enum_type()->full_name());
    const pb::EnumValueDescriptor* const named =
        known == nullptr ? nullptr : known->FindValueByNumber(number);
    Refuse(element,
           Cat(name, '.', field.name(), ": ", named == nullptr ? Cat(number) : named->name()));
  }

  void Refuse(const std::string& element, const std::string& option) {
    Add(element, Cat("option ", option, " is not carried out by this build"));
  }

  // (frontdesk.v1.field).from; path_ leads to the options.
  void FieldOption(const pb::FieldDescriptorProto& field, const std::string& name) {
    if (!field.options().HasExtension(frontdesk::v1::field)) return;
    const frontdesk::v1::FieldPolicy& policy = field.options().GetExtension(frontdesk::v1::field);
    if (!policy.has_from()) return;
    path_.insert(path_.end(),
                 {frontdesk::v1::kFieldFieldNumber, frontdesk::v1::FieldPolicy::kFromFieldNumber});
    const bool claim = !ClaimOfSource(policy.from()).empty();
    if (policy.from() != kCallerSub && !claim) {
      Add(name, Cat("from \"", policy.from(),
                    "\": this build knows only \"caller.sub\" and \"caller.claims.NAME\""));
    }
    const bool in_oneof = field.has_oneof_index() && !field.proto3_optional();
    const bool alone = !in_oneof && !field.has_extendee() &&
                       field.label() != pb::FieldDescriptorProto::LABEL_REPEATED;
    const bool fits = claim ? IsClaimType(static_cast<FieldType>(field.type()))
                            : field.type() == pb::FieldDescriptorProto::TYPE_STRING;
    if (!alone || !fits) {
      Add(name, Cat("only a singular ", claim ? "string, number or bool" : "string",
                    " outside of a oneof can be filled from ", claim ? "a claim" : "the caller"));
    }
    path_.resize(path_.size() - 2);
  }

  static std::vector<int> UnknownNumbers(const pb::Message& message) {
    const pb::UnknownFieldSet& unknown = message.GetReflection()->GetUnknownFields(message);
    std::vector<int> numbers;
    for (int i = 0; i < unknown.field_count(); ++i) {
      const int number = unknown.field(i).number();
      if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) {
        numbers.push_back(number);
      }
    }
    return numbers;
  }

  // Calls `visit` for every message directly inside of `parent`, with path_ leading to it.
  template <class Visit>
  void ForEach(const pb::Message& parent, const Visit& visit) {
    const pb::Reflection& reflection = *parent.GetReflection();
    std::vector<const pb::FieldDescriptor*> set;
    reflection.ListFields(parent, &set);
    for (const pb::FieldDescriptor* field : set) {
      if (field->message_type() == nullptr) continue;
      path_.push_back(field->number());
      if (!field->is_repeated()) visit(*field, reflection.GetMessage(parent, field));
      for (int i = 0; field->is_repeated() && i < reflection.FieldSize(parent, field); ++i) {
        path_.push_back(i);
        visit(*field, reflection.GetRepeatedMessage(parent, field, i));
        path_.pop_back();
      }
      path_.pop_back();
    }
  }

  const pb::FileDescriptorProto& file_;
  const pb::DescriptorPool& pool_;
  const SourcePlaces& places_;
  Findings& findings_;
  SourcePath path_;  // of what is looked at
};

}  // namespace

void CheckOptions(const pb::FileDescriptorProto& file, const pb::DescriptorPool& pool,
                  const SourcePlaces& places, Findings& findings) {
  Walk(file, pool, places, findings).Run();
}

}  // namespace frontdesk::contract
