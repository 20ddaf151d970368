#include "codegen/cpp/batch_writer.h"

#include "codegen/cpp/fill_writer.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {

using contract::Field;
using contract::FieldType;

namespace {

// Whether one can't tell from the value that the field is not there.
bool MayHideAbsence(const Field& field) {
  return field.has_presence && (!IsText(field.type) || field.descriptor->has_default_value());
}

}  // namespace

std::string BatchWriter::KeyType() const {
  const Field& field = *batch_.key.target;
  using Cpp = google::protobuf::FieldDescriptor;
  switch (field.descriptor->cpp_type()) {
    case Cpp::CPPTYPE_ENUM:
      return names_.Of(*field.enumeration->descriptor);
    case Cpp::CPPTYPE_INT32:
    case Cpp::CPPTYPE_INT64:
    case Cpp::CPPTYPE_UINT32:
    case Cpp::CPPTYPE_UINT64:
      return Cat(field.descriptor->cpp_type_name(), "_t");
    case Cpp::CPPTYPE_DOUBLE:
    case Cpp::CPPTYPE_FLOAT:
    case Cpp::CPPTYPE_BOOL:
      return field.descriptor->cpp_type_name();
    case Cpp::CPPTYPE_STRING:
    case Cpp::CPPTYPE_MESSAGE:
      break;
  }
  return "std::string";
}

void BatchWriter::WriteStruct(const std::string& name, Printer& out) const {
  const Field& match = *batch_.match;
  const std::string result = Cat("result.", Accessor(*match.descriptor), "()");
  out.Line("// One call for many of `", step_.id, "`.");
  out.Open("struct ", name, " {");
  out.Line("using Key = ", KeyType(), ';');
  out.Line("using Request = ", names_.Of(*batch_.method->input->descriptor), ';');
  out.Line("using Reply = ", names_.Of(*batch_.method->output->descriptor), ';');
  out.Line("using Result = ", names_.Of(*step_.method->output->descriptor), ';');
  out.Line("static constexpr uint32_t kResults = ", batch_.results->number, ";  // ",
           batch_.results->name);
  out.Line("static void AddKey(", IsText(match.type) ? "const Key&" : "Key",
           " key, Request& ask) { ask.add_", Accessor(*batch_.key.target->descriptor), "(key); }");
  if (MayHideAbsence(match)) {
    out.Open("static std::optional<Key> KeyOf(const Result& result) {");
    out.Line("if (!result.has_", Accessor(*match.descriptor), "()) return std::nullopt;");
    out.Line("return ", result, ';');
    out.Close();
  } else {
    out.Line("static ", IsText(match.type) ? "const Key&" : "Key",
             " KeyOf(const Result& result) { return ", result, "; }");
  }
  out.Close("};");
}

std::string BatchWriter::Key() const {
  const contract::Write& write = batch_.key;
  const Field& to = *write.target;
  const Value value = ValueOf(write.source, roots_, "");
  std::string key = value.text;
  if (to.type == FieldType::kEnum) {
    const std::string convert = conversions_.Need(write.enum_map, *value.field, to);
    const std::string type = names_.Of(*to.enumeration->descriptor);
    if (!convert.empty()) {
      key = Cat(convert, '(', key, ')');
    } else {
      if (value.number || value.field->enumeration != to.enumeration) {
        key = Cat("static_cast<", type, ">(", key, ')');
      }
      if (to.enumeration->closed) {
        key = Cat(type, "_IsValid(", value.text, ") ? std::optional(", key, ") : std::nullopt");
      }
    }
  }
  if (value.there.empty() || !MayHideAbsence(*value.field)) return key;
  return Cat(value.there, " ? std::optional<", KeyType(), ">(", key, ") : std::nullopt");
}

void BatchWriter::WriteKey(Printer& out) const { out.Line(member_, ".AddKey(", Key(), ");"); }

void BatchWriter::WriteRequests(const std::string& before, Printer& out) const {
  if (before.empty() && batch_.before_keys.empty() && batch_.after_keys.empty()) return;
  out.Open("for (auto& batch : ", member_, ".Batches()) {");
  FillWriter fill(roots_, 0, names_, conversions_, out);
  fill.Write(batch_.before_keys, "batch.ask.");
  fill.Write(batch_.after_keys, "batch.ask.");
  if (!before.empty()) out.Line("batch.status = ", before, ';');
  out.Close();
}

}  // namespace frontdesk::codegen
