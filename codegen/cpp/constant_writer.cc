#include "codegen/cpp/constant_writer.h"

#include <cmath>
#include <cstdio>
#include <memory>

#include "absl/strings/escaping.h"
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

std::string Enum(const google::protobuf::EnumValueDescriptor& value, const Names& names) {
  const std::string type = names.Of(*value.type());
  if (value.type()->FindValueByName(value.name()) == nullptr) {
    return Cat("static_cast<", type, ">(", value.number(), ")");
  }
  const size_t space = type.rfind("::");
  // Values of an enum stand beside it, those of a nested one with its message in front.
  const std::string own = cpp::EnumValueName(&value);
  const std::string outer = value.type()->containing_type()
                                ? Cat(cpp::ClassName(value.type()->containing_type()), "_")
                                : "";
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
      return Enum(
          *(list ? get.GetRepeatedEnum(message, &field, index) : get.GetEnum(message, &field)),
          names);
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text =
          list ? get.GetRepeatedString(message, &field, index) : get.GetString(message, &field);
      const std::string quoted = Cat('"', absl::CHexEscape(Absl(text)), '"');
      // A zero byte would end a plain literal.
      if (text.find('\0') == std::string::npos) return quoted;
      return Cat("std::string(", quoted, ", ", text.size(), ")");
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "";
}

void WriteSet(const Message& message, const std::string& target, const Names& names, Printer& out) {
  const Reflection& get = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  get.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string accessor = Accessor(*field);
    const bool nested = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    const int count = field->is_repeated() ? get.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const int index = field->is_repeated() ? i : -1;
      if (!nested) {
        out.Line(target, index < 0 ? "set_" : "add_", accessor, '(',
                 Literal(message, *field, index, names), ");");
        continue;
      }
      const Message& inner = index < 0 ? get.GetMessage(message, field)
                                       : get.GetRepeatedMessage(message, field, index);
      const std::string made = Cat(target, index < 0 ? "mutable_" : "add_", accessor, "()");
      // A message without fields is said too.
      if (inner.ByteSizeLong() == 0) out.Line(made, ';');
      if (inner.ByteSizeLong() != 0) WriteSet(inner, Cat(made, "->"), names, out);
    }
  }
}

}  // namespace

void WriteConstant(const contract::Write& write, const std::string& target, const Names& names,
                   Printer& out) {
  google::protobuf::DynamicMessageFactory factory;
  const std::unique_ptr<Message> message(
      factory.GetPrototype(write.target->descriptor->containing_type())->New());
  message->ParsePartialFromString(write.constant);
  WriteSet(*message, target, names, out);
}

}  // namespace frontdesk::codegen
