#include "codegen/cpp/names.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "google/protobuf/compiler/cpp/names.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {
namespace {

namespace cpp = google::protobuf::compiler::cpp;
using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

constexpr std::string_view kWords[] = {"alignas",       "alignof",     "and",
                                       "and_eq",        "asm",         "auto",
                                       "bitand",        "bitor",       "bool",
                                       "break",         "case",        "catch",
                                       "char",          "char16_t",    "char32_t",
                                       "char8_t",       "class",       "co_await",
                                       "co_return",     "co_yield",    "compl",
                                       "concept",       "const",       "const_cast",
                                       "consteval",     "constexpr",   "constinit",
                                       "continue",      "decltype",    "default",
                                       "delete",        "do",          "double",
                                       "dynamic_cast",  "else",        "enum",
                                       "explicit",      "export",      "extern",
                                       "false",         "float",       "for",
                                       "friend",        "goto",        "if",
                                       "inline",        "int",         "long",
                                       "mutable",       "namespace",   "new",
                                       "noexcept",      "not",         "not_eq",
                                       "nullptr",       "operator",    "or",
                                       "or_eq",         "private",     "protected",
                                       "public",        "register",    "reinterpret_cast",
                                       "requires",      "return",      "short",
                                       "signed",        "sizeof",      "static",
                                       "static_assert", "static_cast", "struct",
                                       "switch",        "template",    "this",
                                       "thread_local",  "throw",       "true",
                                       "try",           "typedef",     "typeid",
                                       "typename",      "union",       "unsigned",
                                       "using",         "virtual",     "void",
                                       "volatile",      "wchar_t",     "while",
                                       "xor",           "xor_eq"};

std::string Replace(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  while (true) {
    const size_t at = text.find(from);
    out += text.substr(0, at);
    if (at == std::string_view::npos) return out;
    out += to;
    text.remove_prefix(at + from.size());
  }
}

std::string_view First(std::string_view dotted) { return dotted.substr(0, dotted.find('.')); }

std::string ScalarType(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return "int32_t";
    case FieldDescriptor::CPPTYPE_INT64:
      return "int64_t";
    case FieldDescriptor::CPPTYPE_UINT32:
      return "uint32_t";
    case FieldDescriptor::CPPTYPE_UINT64:
      return "uint64_t";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "double";
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "float";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "bool";
    default:
      return "std::string";
  }
}

std::string ShortConstant(const contract::Method& method) {
  return Cat('k', method.service.substr(method.service.rfind('.') + 1), method.name);
}

std::string LongConstant(const contract::Method& method) {
  return Cat('k', Camel(Replace(method.service, ".", "_")), method.name);
}

}  // namespace

std::string FileName(std::string_view proto, std::string_view extension) {
  return Cat(cpp::StripProto(std::string(proto)), extension);
}

std::string Identifier(std::string_view name) {
  const bool word = std::find(std::begin(kWords), std::end(kWords), name) != std::end(kWords);
  return Cat(name, word ? "_" : "");
}

std::string Camel(std::string_view name) {
  std::string out;
  bool up = true;
  for (const char c : name) {
    if (c == '_') {
      up = true;
      continue;
    }
    out += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    up = false;
  }
  return out;
}

std::string Accessor(const FieldDescriptor& field) { return cpp::FieldName(&field); }

std::string HeaderOf(const Descriptor& message) {
  return FileName(message.file()->name(), ".pb.h");
}

Names::Names(const contract::Contract& contract, const FileDescriptor& file)
    : space_(Replace(file.package(), ".", "::")),
      members_({"Accept",    "Aggregates", "AllSteps", "AnswerOf",    "Complete", "Count",
                "DoWithout", "Drive",      "Fail",     "Fill",        "Finish",   "Idle",
                "Key",       "Leave",      "Methods",  "OptionsFor",  "Outcome",  "Reply",
                "Report",    "Request",    "Result",   "ResumeReady", "Run",      "Settle",
                "Start",     "TakeBack",   "TypedRun", "UndoRun"}) {
  for (int i = 0; i < file.service_count(); ++i) {
    for (int j = 0; j < file.service(i)->method_count(); ++j) {
      members_.insert(file.service(i)->method(j)->name());
    }
  }
  // Every name directly inside of a package around this one hides a global one.
  const auto note = [&](const std::string& full_name) {
    const std::string_view package = file.package();
    for (size_t end = package.find('.');; end = package.find('.', end + 1)) {
      const std::string around = Cat(package.substr(0, end), '.');
      if (full_name.compare(0, around.size(), around) == 0) {
        hidden_.emplace(First(std::string_view(full_name).substr(around.size())));
      }
      if (end == std::string_view::npos) break;
    }
  };
  const auto add = [&](const FileDescriptor& other) {
    if (file.package().empty()) return;
    note(Cat(other.package(), ".?"));
    for (int i = 0; i < other.message_type_count(); ++i) note(other.message_type(i)->full_name());
    for (int i = 0; i < other.enum_type_count(); ++i) note(other.enum_type(i)->full_name());
  };
  std::set<const FileDescriptor*> files;
  const auto visit = [&](const auto& self, const FileDescriptor* each) -> void {
    if (!files.insert(each).second) return;
    add(*each);
    if (each->package() == file.package()) {
      for (int i = 0; i < each->message_type_count(); ++i) {
        classes_.insert(cpp::ClassName(each->message_type(i)));
      }
      for (int i = 0; i < each->enum_type_count(); ++i) {
        classes_.insert(cpp::ClassName(each->enum_type(i)));
      }
    }
    for (int i = 0; i < each->dependency_count(); ++i) self(self, each->dependency(i));
  };
  visit(visit, &file);
  for (const contract::Method& method : contract.methods()) {
    visit(visit, method.descriptor->file());
  }
  NameConstants(contract);
  NameRuns(contract, file);
}

void Names::NameConstants(const contract::Contract& contract) {
  std::set<std::string> taken;
  std::set<std::string> shared;
  for (const contract::Method& method : contract.methods()) {
    std::string constant = ShortConstant(method);
    if (!taken.insert(constant).second) shared.insert(std::move(constant));
  }
  if (shared.empty()) return;
  for (const std::string& constant : shared) taken.erase(constant);
  std::vector<const contract::Method*> left;
  std::map<std::string, int> long_ones;
  for (const contract::Method& method : contract.methods()) {
    if (!shared.contains(ShortConstant(method))) continue;
    left.push_back(&method);
    ++long_ones[LongConstant(method)];
  }
  // Of "shop.v1.S" and "shop_v1.S" the long ones are the same: numbers go around all others.
  for (const bool numbered : {false, true}) {
    for (const contract::Method* method : left) {
      const std::string constant = LongConstant(*method);
      if ((long_ones[constant] > 1) != numbered) continue;
      std::string name = constant;
      for (int i = 2; !taken.insert(name).second; ++i) name = Cat(constant, '_', i);
      constants_.emplace(method->full_name, std::move(name));
    }
  }
}

void Names::NameRuns(const contract::Contract& contract, const FileDescriptor& file) {
  std::vector<const contract::Method*> composed;
  std::map<std::string_view, int> services;  // with a composition of this name
  for (const contract::Method& method : contract.methods()) {
    if (!method.plan || method.descriptor->file() != &file) continue;
    composed.push_back(&method);
    ++services[method.name];
  }
  // A class is not its own base: of "Typed" and "Undo".
  std::set<std::string> taken = {"TypedRun", "UndoRun"};
  for (const bool shared : {false, true}) {
    for (const contract::Method* method : composed) {
      if ((services[method->name] > 1) != shared) continue;
      const std::string service = shared ? method->descriptor->service()->name() : "";
      std::string name = Class(Cat(service, method->name, "Run"));
      while (!taken.insert(name).second) name = Class(name + '_');
      runs_.emplace(method->full_name, std::move(name));
    }
  }
}

std::string Names::Short(const std::string& qualified) const {
  const std::string own = Cat("::", space_, "::");
  if (!space_.empty() && qualified.compare(0, own.size(), own) == 0) {
    const std::string rest = qualified.substr(own.size());
    if (rest.find("::") == std::string::npos && !members_.contains(rest)) return rest;
  }
  return Global(std::string_view(qualified).substr(2));
}

std::string Names::Of(const Descriptor& message) const {
  return Short(cpp::QualifiedClassName(&message));
}

std::string Names::Of(const EnumDescriptor& enumeration) const {
  return Short(cpp::QualifiedClassName(&enumeration));
}

std::string Names::OfEntry(const Descriptor& entry) const {
  const FieldDescriptor& value = *entry.map_value();
  const std::string of_value = value.message_type() ? Of(*value.message_type())
                               : value.enum_type()  ? Of(*value.enum_type())
                                                    : ScalarType(value);
  return Cat(Global("google::protobuf::Map"), '<', ScalarType(*entry.map_key()), ", ", of_value,
             ">::value_type");
}

std::string Names::Constant(const contract::Method& method) const {
  const auto found = constants_.find(method.full_name);
  return found == constants_.end() ? ShortConstant(method) : found->second;
}

std::string Names::Run(const contract::Method& method) const {
  return runs_.find(method.full_name)->second;
}

// With the name of a package or type of its own in front, and "::" where those are hidden.
std::string Names::Global(std::string_view name) const {
  const std::string_view first = name.substr(0, name.find("::"));
  return hidden_.contains(first) || first == name ? Cat("::", name) : std::string(name);
}

std::string Names::Class(std::string_view wanted) const {
  std::string name(wanted);
  while (classes_.contains(name)) name += '_';
  return name;
}

}  // namespace frontdesk::codegen
