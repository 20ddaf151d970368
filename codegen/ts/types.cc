#include "codegen/ts/types.h"

#include <algorithm>

#include "codegen/common/comments.h"
#include "codegen/common/rules.h"
#include "codegen/ts/text.h"
#include "gateway/base/text.h"

namespace frontdesk::codegen::ts {

using contract::EnumTable;
using contract::Field;
using contract::FieldType;
using contract::MessageTable;

namespace {

const char* ScalarOf(FieldType type) {
  switch (type) {
    case FieldType::kDouble:
    case FieldType::kFloat:
      return "$rt.Real";
    case FieldType::kBool:
      return "boolean";
    case FieldType::kInt64:
    case FieldType::kUint64:
    case FieldType::kFixed64:
    case FieldType::kSfixed64:
    case FieldType::kSint64:
    case FieldType::kString:
    case FieldType::kBytes:
      return "string";
    default:
      return "number";
  }
}

// What a reader of a string should know about it.
std::string Hint(const Field& field) {
  switch (field.type) {
    case FieldType::kInt64:
    case FieldType::kUint64:
    case FieldType::kFixed64:
    case FieldType::kSfixed64:
    case FieldType::kSint64:
      return "64-bit integer";
    case FieldType::kBytes:
      return "base64";
    default:
      break;
  }
  if (field.message == nullptr || field.map) return "";
  switch (field.message->well_known) {
    case contract::WellKnown::kTimestamp:
      return "RFC 3339";
    case contract::WellKnown::kDuration:
      return "seconds, such as \"1.5s\"";
    case contract::WellKnown::kFieldMask:
      return "field paths, separated by commas";
    case contract::WellKnown::kInt64Value:
    case contract::WellKnown::kUint64Value:
      return "64-bit integer";
    case contract::WellKnown::kBytesValue:
      return "base64";
    default:
      return "";
  }
}

// Requests have the plain name; what else a message looks like is told behind a '$', which no name
// in a contract has.
std::string FaceSuffix(const MessageTable& table, Face face) {
  std::string suffix;
  if (table.has_caller_source && !face.request) suffix += "$full";
  if (face.proto_names) suffix += "$protoNames";
  if (face.enum_numbers) suffix += "$enumNumbers";
  if (face.defaults) suffix += "$defaults";
  return suffix;
}

// Order.Line in package shop -> "Order_Line"
std::string LocalName(const std::string& full_name, const std::string& package) {
  std::string name = full_name.substr(package.empty() ? 0 : package.size() + 1);
  std::replace(name.begin(), name.end(), '.', '_');
  return TypeName(name);
}

}  // namespace

std::string ModuleName(const std::string& package) {
  return package.empty() ? "no-package" : package;
}

std::string Types::Claim(Module& module, std::string name) {
  while (!module.names.insert(name).second) name += '_';
  return name;
}

std::string Types::Reference(const std::string& package,
                             const google::protobuf::FileDescriptor& file,
                             const std::string& full_name, const Wanted& wanted) {
  const std::string& home = file.package();
  const std::string suffix =
      wanted.message == nullptr ? "" : FaceSuffix(*wanted.message, wanted.face);
  const std::string key = full_name + suffix;
  const auto [at, fresh] = named_.try_emplace(key);
  Module& declared_in = modules_[home];
  if (fresh) {
    at->second = Claim(declared_in, LocalName(full_name, home) + suffix);
    declared_in.files.insert(file.name());
    unwritten_.emplace_back(key, wanted);
  }
  if (home == package) return at->second;
  Module& used_in = modules_[package];
  std::string& alias = used_in.imports[home];
  if (alias.empty()) {
    std::string name = "$" + ModuleName(home);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == '.' || c == '-'; }, '_');
    alias = Claim(used_in, name);
  }
  return Cat(alias, '.', at->second);
}

std::string Types::Of(const std::string& package, const MessageTable& table, Face face) {
  if (!IsPlain(table)) return WellKnown(package, table, face);
  face = FaceOf(table, face);
  return Reference(package, *table.descriptor->file(), table.full_name,
                   {.message = &table, .face = face});
}

std::string Types::WellKnown(const std::string& package, const MessageTable& table, Face face) {
  using contract::WellKnown;
  switch (table.well_known) {
    case WellKnown::kAny:
      return "$rt.Any";
    case WellKnown::kTimestamp:
    case WellKnown::kDuration:
    case WellKnown::kFieldMask:
      return "string";
    case WellKnown::kStruct:
      return "$rt.Struct";
    case WellKnown::kValue:
      return "$rt.JsonValue";
    case WellKnown::kListValue:
      return "$rt.JsonValue[]";
    case WellKnown::kEmpty:
      return "$rt.Empty";
    default:
      return Single(package, table.fields[0], face);  // a wrapper is its value
  }
}

std::string Types::Single(const std::string& package, const Field& field, Face face) {
  if (field.message != nullptr) return Of(package, *field.message, face);
  if (field.enumeration == nullptr) return ScalarOf(field.type);
  if (field.enumeration->null_value) return "null";
  if (face.enum_numbers) return "number";
  return Reference(package, *field.enumeration->descriptor->file(), field.enumeration->full_name,
                   {.enumeration = field.enumeration});
}

std::string Types::Of(const std::string& package, const Field& field, Face face) {
  if (field.map) {
    return Cat("{ [key: string]: ", Single(package, field.message->fields[1], face), " }");
  }
  return Single(package, field, face) + (field.repeated ? "[]" : "");
}

std::string Types::Property(const std::string& package, const Field& field, Face face,
                            const std::string& indent, bool in_oneof) {
  std::string text = CommentOf(*field.descriptor);
  if (const std::string hint = Hint(field); !hint.empty()) {
    text += text.empty() ? hint : Cat("\n(", hint, ")");
  }
  if (const std::string rules = RulesText(field); !rules.empty()) {
    text += Cat(text.empty() ? "" : "\n", "In requests: ", rules, '.');
  }
  const bool there = in_oneof || IsAlwaysThere(field, face);
  return Cat(Doc(text, field.descriptor->options().deprecated(), indent), indent,
             Key(NameOf(field, face)), there ? ": " : "?: ", Of(package, field, face), ";\n");
}

std::string Types::Enumeration(const EnumTable& table, const std::string& name) {
  std::string out =
      Cat(Doc(CommentOf(*table.descriptor), table.descriptor->options().deprecated(), ""),
          "export type ", name, " =\n");
  for (int i = 0; i < table.descriptor->value_count(); ++i) {
    const google::protobuf::EnumValueDescriptor& value = *table.descriptor->value(i);
    out += Doc(CommentOf(value), value.options().deprecated(), "  ");
    out +=
        Cat("  | ", Quoted(value.name()), i + 1 == table.descriptor->value_count() ? ";\n" : "\n");
  }
  return out;
}

std::string Types::Declaration(const Wanted& wanted, const std::string& name) {
  if (wanted.enumeration != nullptr) return Enumeration(*wanted.enumeration, name);
  const MessageTable& table = *wanted.message;
  const std::string package = table.descriptor->file()->package();
  std::string fields;
  std::map<int32_t, std::string> oneofs;
  for (const Field& field : table.fields) {
    if (!IsShown(field, wanted.face)) continue;
    if (field.oneof < 0) {
      fields += Property(package, field, wanted.face, "  ", false);
    } else {
      oneofs[field.oneof] += Property(package, field, wanted.face, "    ", true);
    }
  }
  std::string out = Doc(CommentOf(*table.descriptor), table.descriptor->options().deprecated(), "");
  if (oneofs.empty()) return Cat(out, "export interface ", name, " {\n", fields, "}\n");
  out += Cat("export type ", name, " = {\n", fields, "}");
  for (const auto& [index, members] : oneofs) {
    const std::string comment = CommentOf(*table.descriptor->oneof_decl(index));
    out += Cat(" &\n", Doc(comment, false, "  "), "  $rt.OneOf<{\n", members, "  }>");
  }
  return out + ";\n";
}

void Types::Finish() {
  while (!unwritten_.empty()) {
    const auto [key, wanted] = unwritten_.back();
    unwritten_.pop_back();
    const auto& file = wanted.message != nullptr ? *wanted.message->descriptor->file()
                                                 : *wanted.enumeration->descriptor->file();
    std::string text = Declaration(wanted, named_.at(key));
    modules_[file.package()].types[key] = std::move(text);
  }
}

}  // namespace frontdesk::codegen::ts
