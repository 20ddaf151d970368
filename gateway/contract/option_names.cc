#include "gateway/contract/option_names.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/option_body.h"
#include "gateway/contract/option_text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;
using pb::UninterpretedOption;

bool IsOurs(std::string_view name) {
  return name.starts_with("frontdesk.") || name.starts_with("google.api.");
}

std::vector<std::string> FieldsOf(const pb::Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

class Walk {
 public:
  Walk(pb::FileDescriptorProto& file, const SourceReader& sources, const SourcePlaces& places,
       Findings& findings)
      : file_(file), text_(sources(file.name())), places_(places), findings_(findings) {}

  void Run() {
    for (const pb::SourceCodeInfo::Location& location : file_.source_code_info().location()) {
      // A span is [line, column, (end line,) end column].
      const auto& span = location.span();
      if (span.size() < 3) continue;
      const int end_line = span.size() == 3 ? span[0] : span[2];
      spans_.emplace(SourcePath(location.path().begin(), location.path().end()),
                     SourceSpan{span[0], span[1], end_line, span[span.size() - 1]});
    }
    Visit(file_);
  }

 private:
  // Everything below `message`, with path_ leading to it.
  void Visit(pb::Message& message) {
    const pb::Reflection& reflection = *message.GetReflection();
    std::vector<const pb::FieldDescriptor*> set;
    reflection.ListFields(message, &set);
    for (const pb::FieldDescriptor* field : set) {
      if (field->message_type() == nullptr || field->name() == "source_code_info") continue;
      path_.push_back(field->number());
      if (field->message_type() == UninterpretedOption::descriptor()) {
        Options(message, *field);
      } else if (!field->is_repeated()) {
        Visit(*reflection.MutableMessage(&message, field));
      } else {
        for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
          path_.push_back(i);
          Visit(*reflection.MutableRepeatedMessage(&message, field, i));
          path_.pop_back();
        }
      }
      path_.pop_back();
    }
  }

  void Options(pb::Message& message, const pb::FieldDescriptor& field) {
    const pb::Reflection& reflection = *message.GetReflection();
    for (int i = reflection.FieldSize(message, &field) - 1; i >= 0; --i) {
      const pb::Message& option = reflection.GetRepeatedMessage(message, &field, i);
      path_.push_back(i);
      const size_t before = findings_.size();
      Option(static_cast<const UninterpretedOption&>(option), *message.GetDescriptor());
      path_.pop_back();
      if (findings_.size() == before) continue;
      const int last = reflection.FieldSize(message, &field) - 1;
      for (int j = i; j < last; ++j) reflection.SwapElements(&message, &field, j, j + 1);
      reflection.RemoveLast(&message, &field);
      ForgetPlaces(i);
    }
  }

  // Source info counts options by index: those behind the one that is gone move up.
  void ForgetPlaces(int index) {
    auto& locations = *file_.mutable_source_code_info()->mutable_location();
    const auto depth = static_cast<int>(path_.size());
    const auto below = [&](const pb::SourceCodeInfo::Location& location) {
      return location.path_size() > depth &&
             std::equal(path_.begin(), path_.end(), location.path().begin());
    };
    locations.erase(std::remove_if(locations.begin(), locations.end(),
                                   [&](const pb::SourceCodeInfo::Location& location) {
                                     return below(location) && location.path(depth) == index;
                                   }),
                    locations.end());
    for (pb::SourceCodeInfo::Location& location : locations) {
      if (below(location) && location.path(depth) > index) {
        location.set_path(depth, location.path(depth) - 1);
      }
    }
  }

  void Option(const UninterpretedOption& option, const pb::Descriptor& extendee) {
    const pb::FieldDescriptor* field = First(option, extendee);
    for (int i = 1; field != nullptr && i < option.name_size(); ++i) {
      const std::string& name = option.name(i).name_part();
      if (option.name(i).is_extension() || field->message_type() == nullptr) return;
      const pb::Descriptor& type = *field->message_type();
      field = type.FindFieldByName(name);
      if (field != nullptr) continue;
      Add(i,
          Cat(type.full_name(), " has no field ", Quoted(name), DidYouMean(name, FieldsOf(type))));
    }
    if (field == nullptr) return;
    if (option.has_aggregate_value() && field->message_type() != nullptr) {
      Body(*field->message_type());
    } else if (option.has_identifier_value() && field->enum_type() != nullptr) {
      Word(option.identifier_value(), *field->enum_type());
    }
  }

  // The field that the first part of the name means; null if it is wrong or not to be judged here.
  const pb::FieldDescriptor* First(const UninterpretedOption& option,
                                   const pb::Descriptor& extendee) {
    const std::string& part = option.name(0).name_part();
    if (!option.name(0).is_extension()) {
      const pb::FieldDescriptor* const field = extendee.FindFieldByName(part);
      if (field != nullptr || part == "default" || part == "json_name") return field;
      Add(0, Cat("there is no option ", Quoted(part), DidYouMean(part, FieldsOf(extendee))));
      return nullptr;
    }
    const pb::FieldDescriptor* const field = Extension(part);
    if (field != nullptr && field->containing_type() != &extendee) {
      Add(0, Cat('(', field->full_name(), ") is an option of ",
                 field->containing_type()->full_name(), ", not of ", extendee.full_name()));
      return nullptr;
    }
    const std::string name = part.substr(part.starts_with('.') ? 1 : 0);
    if (field != nullptr || !IsOurs(name)) return field;
    std::vector<const pb::FieldDescriptor*> extensions;
    pb::DescriptorPool::generated_pool()->FindAllExtensions(&extendee, &extensions);
    std::vector<std::string> names;
    for (const pb::FieldDescriptor* extension : extensions) names.push_back(extension->full_name());
    Add(0, Cat("there is no option (", name, ')', DidYouMean(name, names)));
    return nullptr;
  }

  // A name is looked up in the file's package and all those around it.
  const pb::FieldDescriptor* Extension(const std::string& name) const {
    const pb::DescriptorPool& known = *pb::DescriptorPool::generated_pool();
    if (name.starts_with('.')) return known.FindExtensionByName(name.substr(1));
    for (std::string scope = file_.package(); !scope.empty();) {
      const auto* const found = known.FindExtensionByName(Cat(scope, '.', name));
      if (found != nullptr) return found;
      const size_t dot = scope.rfind('.');
      scope.resize(dot == std::string::npos ? 0 : dot);
    }
    return known.FindExtensionByName(name);
  }

  void Body(const pb::Descriptor& type) {
    const auto span = spans_.find(path_);
    if (span == spans_.end() || !text_) return;
    for (const OptionMistake& mistake : CheckOptionText(OptionBody(*text_, span->second), type)) {
      findings_.Add({file_.name(), mistake.line + 1, mistake.column + 1}, "", mistake.text);
    }
  }

  void Word(const std::string& word, const pb::EnumDescriptor& type) {
    if (type.FindValueByName(word) != nullptr) return;
    std::vector<std::string> names;
    for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
    findings_.Add(places_.Of(file_.name(),
                             path_ + SourcePath{UninterpretedOption::kIdentifierValueFieldNumber}),
                  "",
                  Cat(type.full_name(), " has no value ", Quoted(word), DidYouMean(word, names)));
  }

  // `part` of the option's name is wrong.
  void Add(int part, std::string_view text) {
    findings_.Add(
        places_.Of(file_.name(), path_ + SourcePath{UninterpretedOption::kNameFieldNumber, part}),
        "", text);
  }

  pb::FileDescriptorProto& file_;
  const std::optional<std::string> text_;
  const SourcePlaces& places_;
  Findings& findings_;
  std::map<SourcePath, SourceSpan> spans_;  // of the file as it was
  SourcePath path_;
};

}  // namespace

void TakeOutWrongOptions(pb::FileDescriptorProto& file, const SourceReader& sources,
                         const SourcePlaces& places, Findings& findings) {
  Walk(file, sources, places, findings).Run();
}

}  // namespace frontdesk::contract
