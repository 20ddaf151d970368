#include "gateway/contract/descriptor_set.h"

#include <map>
#include <string>
#include <vector>

#include "gateway/base/text.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;

class Collector final : public pb::DescriptorPool::ErrorCollector {
 public:
  // `types`: full names of all that the set declares.
  Collector(const pb::FileDescriptorProto& file, const std::vector<std::string>& types,
            const SourcePlaces& places, Findings& findings)
      : file_(file), types_(types), places_(places), findings_(findings) {}

  void AddError(const std::string& /*file*/, const std::string& element,
                const pb::Message* descriptor, ErrorLocation location,
                const std::string& message) override {
    SourcePath path = FindSourcePath(file_, descriptor) + Detail(location, descriptor);
    for (int i = 0; location == IMPORT && i < file_.dependency_size(); ++i) {
      if (file_.dependency(i) == element) {
        path = {pb::FileDescriptorProto::kDependencyFieldNumber, i};
      }
    }
    findings_.Add(places_.Of(file_.name(), path), element == file_.name() ? "" : element,
                  Cat(message, Meant(message)));
  }

 private:
  // Of a type that is not there, what its name should have been, as it is written in this file.
  std::string Meant(std::string_view message) const {
    constexpr std::string_view kUndefined = "\" is not defined.";
    if (!message.starts_with('"') || !message.ends_with(kUndefined)) return "";
    const std::string_view word = message.substr(1, message.size() - kUndefined.size() - 1);
    const std::string package = Cat(file_.package(), '.');
    std::vector<std::string> names;
    for (const std::string& type : types_) {
      names.push_back(type.starts_with(package) ? type.substr(package.size()) : type);
    }
    return DidYouMean(word, names);
  }

  // The part of a declaration that an error is about.
  static SourcePath Detail(ErrorLocation location, const pb::Message* descriptor) {
    const bool field =
        descriptor != nullptr && descriptor->GetDescriptor()->name() == "FieldDescriptorProto";
    switch (location) {
      case NAME:
        return {pb::FieldDescriptorProto::kNameFieldNumber};  // 1 in every declaration
      case NUMBER:
        return field ? SourcePath{pb::FieldDescriptorProto::kNumberFieldNumber} : SourcePath();
      case TYPE:
        return field ? SourcePath{pb::FieldDescriptorProto::kTypeNameFieldNumber} : SourcePath();
      case INPUT_TYPE:
        return {pb::MethodDescriptorProto::kInputTypeFieldNumber};
      case OUTPUT_TYPE:
        return {pb::MethodDescriptorProto::kOutputTypeFieldNumber};
      default:
        return {};
    }
  }

  const pb::FileDescriptorProto& file_;
  const std::vector<std::string>& types_;
  const SourcePlaces& places_;
  Findings& findings_;
};

// False, with a finding, for a file that can't be linked at all.
void AddNames(const pb::DescriptorProto& message, const std::string& scope,
              std::vector<std::string>& names) {
  names.push_back(scope + message.name());
  const std::string below = names.back() + '.';
  for (const pb::DescriptorProto& inner : message.nested_type()) AddNames(inner, below, names);
  for (const pb::EnumDescriptorProto& inner : message.enum_type()) {
    names.push_back(below + inner.name());
  }
}

std::vector<std::string> TypesOf(const pb::FileDescriptorSet& set) {
  std::vector<std::string> names;
  for (const pb::FileDescriptorProto& file : set.file()) {
    const std::string scope = file.package().empty() ? "" : file.package() + '.';
    for (const pb::DescriptorProto& message : file.message_type()) AddNames(message, scope, names);
    for (const pb::EnumDescriptorProto& type : file.enum_type()) {
      names.push_back(scope + type.name());
    }
  }
  return names;
}

bool CheckFile(const pb::FileDescriptorProto& file, const SourcePlaces& places,
               Findings& findings) {
  const std::string& syntax = file.syntax();
  if (syntax.empty() || syntax == "proto2" || syntax == "proto3") return true;
  findings.Add(places.Of(file.name(), {pb::FileDescriptorProto::kSyntaxFieldNumber}), "",
               syntax == "editions"
                   ? std::string("written in an edition; this build reads proto2 and proto3")
                   : Cat("unknown syntax \"", syntax, "\""));
  return false;
}

// Files behind those they import; what imports itself comes last, for the pool to complain of.
std::vector<const pb::FileDescriptorProto*> Sorted(
    const std::map<std::string_view, const pb::FileDescriptorProto*>& files) {
  std::map<const pb::FileDescriptorProto*, size_t> missing;
  std::map<std::string_view, std::vector<const pb::FileDescriptorProto*>> importers;
  std::vector<const pb::FileDescriptorProto*> sorted;
  for (const auto& [name, file] : files) {
    size_t& count = missing[file];
    for (const std::string& import : file->dependency()) {
      if (files.count(import) == 0) continue;
      importers[import].push_back(file);
      ++count;
    }
    if (count == 0) sorted.push_back(file);
  }
  for (size_t i = 0; i < sorted.size(); ++i) {
    for (const pb::FileDescriptorProto* importer : importers[sorted[i]->name()]) {
      if (--missing[importer] == 0) sorted.push_back(importer);
    }
  }
  for (const auto& [file, count] : missing) {
    if (count > 0) sorted.push_back(file);
  }
  return sorted;
}

}  // namespace

bool ReadDescriptorSet(std::string_view bytes, std::string_view name, pb::FileDescriptorSet& set,
                       Findings& findings) {
  const Place place{std::string(name)};
  if (bytes.size() > INT32_MAX ||
      !set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    findings.Add(place, "", "not a descriptor set (protoc --descriptor_set_out writes one)");
    return false;
  }
  if (set.file_size() > 0) return true;
  findings.Add(place, "", "the descriptor set is empty");
  return false;
}

std::unique_ptr<pb::DescriptorPool> LinkDescriptors(const pb::FileDescriptorSet& set,
                                                    const SourcePlaces& places,
                                                    Findings& findings) {
  const size_t before = findings.size();
  std::map<std::string_view, const pb::FileDescriptorProto*> files;
  for (const pb::FileDescriptorProto& file : set.file()) {
    const auto [other, added] = files.emplace(file.name(), &file);
    if (!added && other->second->SerializeAsString() != file.SerializeAsString()) {
      findings.Add({file.name()}, "", "is in the descriptor set twice, and not the same");
    }
    CheckFile(file, places, findings);
    for (const std::string& import : file.dependency()) {
      bool found = false;
      for (const pb::FileDescriptorProto& other_file : set.file()) {
        found |= other_file.name() == import;
      }
      if (found) continue;
      const SourcePath path = {pb::FileDescriptorProto::kDependencyFieldNumber};
      findings.Add(places.Of(file.name(), path), "",
                   Cat("imports \"", import,
                       "\", which is not in the descriptor set (build it with --include_imports)"));
    }
  }
  if (findings.size() != before) return nullptr;  // what follows from these would only confuse
  auto pool = std::make_unique<pb::DescriptorPool>();
  const std::vector<std::string> types = TypesOf(set);
  for (const pb::FileDescriptorProto* file : Sorted(files)) {
    Collector collector(*file, types, places, findings);
    pool->BuildFileCollectingErrors(*file, &collector);
  }
  return findings.size() == before ? std::move(pool) : nullptr;
}

}  // namespace frontdesk::contract
