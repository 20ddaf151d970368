#include "codegen/cpp/constant_writer.h"

#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "gateway/contract/wire.h"
#include "google/protobuf/compiler/cpp/names.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"

namespace frontdesk::codegen {
namespace {

namespace cpp = google::protobuf::compiler::cpp;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string Floating(double value, bool single) {
  const std::string type = single ? "float" : "double";
  if (std::isnan(value)) return Cat("std::numeric_limits<", type, ">::quiet_NaN()");
  if (std::isinf(value)) {
    return Cat(value < 0 ? "-" : "", "std::numeric_limits<", type, ">::infinity()");
  }
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.*g", single ? 9 : 17, value);
  std::string text = digits;
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return Cat(text, single ? "f" : "");
}

std::string Integer(int64_t value) {
  // The smallest has no literal of its own.
  if (value == INT64_MIN) return "INT64_MIN";
  if (value == INT32_MIN) return "INT32_MIN";
  return Cat(value, value > INT32_MAX || value < INT32_MIN ? "LL" : "");
}

std::string EnumOf(const google::protobuf::EnumValueDescriptor& value, const Names& names) {
  const std::string type = names.Of(*value.type());
  if (value.type()->FindValueByName(value.name()) == nullptr) {
    return Cat("static_cast<", type, ">(", value.number(), ")");
  }
  const size_t space = type.rfind("::");
  // Values of an enum stand beside it, those of a nested one with its whole name in front.
  const std::string own = cpp::EnumValueName(&value);
  const std::string outer =
      value.type()->containing_type() ? Cat(cpp::ClassName(value.type()), "_") : "";
  return Cat(space == std::string::npos ? "" : type.substr(0, space + 2), outer, own);
}

// The value of a field, `index` < 0 for a singular one.
std::string Literal(const Message& message, const FieldDescriptor& field, int index,
                    const Names& names) {
  const Reflection& get = *message.GetReflection();
  const bool list = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Integer(list ? get.GetRepeatedInt32(message, &field, index)
                          : get.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return Integer(list ? get.GetRepeatedInt64(message, &field, index)
                          : get.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return Cat(
          list ? get.GetRepeatedUInt32(message, &field, index) : get.GetUInt32(message, &field),
          "u");
    case FieldDescriptor::CPPTYPE_UINT64:
      return Cat(
          list ? get.GetRepeatedUInt64(message, &field, index) : get.GetUInt64(message, &field),
          "u");
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Floating(
          list ? get.GetRepeatedDouble(message, &field, index) : get.GetDouble(message, &field),
          false);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Floating(
          list ? get.GetRepeatedFloat(message, &field, index) : get.GetFloat(message, &field),
          true);
    case FieldDescriptor::CPPTYPE_BOOL:
      return (list ? get.GetRepeatedBool(message, &field, index) : get.GetBool(message, &field))
                 ? "true"
                 : "false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumOf(
          *(list ? get.GetRepeatedEnum(message, &field, index) : get.GetEnum(message, &field)),
          names);
    case FieldDescriptor::CPPTYPE_STRING:
      return QuotedLiteral(list ? get.GetRepeatedString(message, &field, index)
                                : get.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "";
}

class SetWriter {
 public:
  SetWriter(const Names& names, Printer& out) : names_(names), out_(out) {}

  void Write(const Message& message, const std::string& target) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (field->is_map()) {
        WriteMap(message, *field, target);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        WriteMessages(message, *field, target);
      } else {
        WriteScalars(message, *field, target);
      }
    }
  }

 private:
  void WriteScalars(const Message& message, const FieldDescriptor& field,
                    const std::string& target) {
    if (!field.is_repeated()) {
      out_.Line(target, "set_", Accessor(field), '(', Literal(message, field, -1, names_), ");");
    }
    for (int i = 0; field.is_repeated() && i < message.GetReflection()->FieldSize(message, &field);
         ++i) {
      out_.Line(target, "add_", Accessor(field), '(', Literal(message, field, i, names_), ");");
    }
  }

  void WriteMessages(const Message& message, const FieldDescriptor& field,
                     const std::string& target) {
    const Reflection& get = *message.GetReflection();
    if (!field.is_repeated()) {
      const std::string made = Cat(target, "mutable_", Accessor(field), "()");
      const Message& inner = get.GetMessage(message, &field);
      // A message without fields is said too.
      if (IsEmpty(inner)) return out_.Line(made, ';');
      return Write(inner, Cat(made, "->"));
    }
    for (int i = 0; i < get.FieldSize(message, &field); ++i) {
      WriteOne(get.GetRepeatedMessage(message, &field, i),
               Cat(target, "add_", Accessor(field), "()"), "->");
    }
  }

  // Entries by the text of their keys, so that the code is the same every time.
  void WriteMap(const Message& message, const FieldDescriptor& field, const std::string& target) {
    const Reflection& get = *message.GetReflection();
    std::map<std::string, const Message*> entries;
    for (int i = 0; i < get.FieldSize(message, &field); ++i) {
      const Message& entry = get.GetRepeatedMessage(message, &field, i);
      entries[Literal(entry, *field.message_type()->map_key(), -1, names_)] = &entry;
    }
    const FieldDescriptor& value = *field.message_type()->map_value();
    for (const auto& [key, entry] : entries) {
      const std::string place = Cat("(*", target, "mutable_", Accessor(field), "())[", key, ']');
      if (value.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        WriteOne(entry->GetReflection()->GetMessage(*entry, &value), place, ".");
      } else {
        out_.Line(place, " = ", Literal(*entry, value, -1, names_), ';');
      }
    }
  }

  // A message whose place `made` must not be named twice; `reach` leads to its members.
  void WriteOne(const Message& message, const std::string& made, std::string_view reach) {
    if (IsEmpty(message)) return out_.Line(made, ';');
    if (IsOneScalar(message)) return Write(message, Cat(made, reach));
    const std::string name = Cat("item", depth_ == 0 ? std::string() : Cat(depth_));
    ++depth_;
    out_.Open('{');
    out_.Line("auto& ", name, " = ", reach == "->" ? "*" : "", made, ';');
    Write(message, Cat(name, '.'));
    out_.Close();
    --depth_;
  }

  static bool IsOneScalar(const Message& message) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    return fields.size() == 1 && !fields[0]->is_repeated() && fields[0]->message_type() == nullptr;
  }

  static bool IsEmpty(const Message& message) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    return fields.empty();
  }

  const Names& names_;
  Printer& out_;
  size_t depth_ = 0;  // of blocks that name a variable
};

// The bytes, which are well formed, as a message; gone when `factory` is.
std::unique_ptr<Message> Parse(const google::protobuf::Descriptor& type, const std::string& bytes,
                               google::protobuf::DynamicMessageFactory& factory) {
  std::unique_ptr<Message> message(factory.GetPrototype(&type)->New());
  message->ParsePartialFromString(bytes);
  return message;
}

// Of the field in a message of these bytes.
std::string LiteralIn(const std::string& wire, const contract::Field& field, const Names& names) {
  google::protobuf::DynamicMessageFactory factory;
  const auto message = Parse(*field.descriptor->containing_type(), wire, factory);
  return Literal(*message, *field.descriptor, -1, names);
}

}  // namespace

std::string QuotedLiteral(std::string_view text) {
  const std::string quoted = Cat('"', absl::CHexEscape(Absl(text)), '"');
  // A zero byte would end a plain literal.
  if (text.find('\0') == std::string_view::npos) return quoted;
  return Cat("std::string(", quoted, ", ", text.size(), ")");
}

std::string EnumLiteral(const contract::EnumTable& type, int32_t number, const Names& names) {
  return EnumOf(*type.descriptor->FindValueByNumber(number), names);
}

std::string LiteralOf(const contract::Field& field, std::string_view value, const Names& names) {
  const contract::WireType type = contract::WireTypeOf(field.type);
  std::string wire;
  contract::AppendTag(wire, field.number, type);
  if (type == contract::WireType::kBytes) contract::AppendVarint(wire, value.size());
  wire += value;
  return LiteralIn(wire, field, names);
}

std::string DefaultOf(const contract::Field& field, const Names& names) {
  return LiteralIn("", field, names);
}

void WriteConstant(const contract::Write& write, const std::string& target, const Names& names,
                   Printer& out) {
  google::protobuf::DynamicMessageFactory factory;
  const auto message = Parse(*write.target->descriptor->containing_type(), write.constant, factory);
  SetWriter(names, out).Write(*message, target);
}

void WriteMessage(const contract::MessageTable& type, const std::string& bytes,
                  const std::string& target, const Names& names, Printer& out) {
  google::protobuf::DynamicMessageFactory factory;
  const auto message = Parse(*type.descriptor, bytes, factory);
  SetWriter(names, out).Write(*message, target);
}

}  // namespace frontdesk::codegen
