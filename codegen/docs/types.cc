#include "codegen/docs/types.h"

#include "codegen/common/comments.h"
#include "codegen/common/rules.h"
#include "codegen/docs/markdown.h"
#include "gateway/base/text.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen::docs {

using contract::Field;
using contract::FieldType;
using contract::MessageTable;
using contract::WellKnown;

namespace {

const char* ScalarOf(FieldType type) {
  switch (type) {
    case FieldType::kDouble:
    case FieldType::kFloat:
      return "number";
    case FieldType::kInt64:
    case FieldType::kUint64:
    case FieldType::kFixed64:
    case FieldType::kSfixed64:
    case FieldType::kSint64:
      return "string (64-bit integer)";
    case FieldType::kBool:
      return "boolean";
    case FieldType::kString:
      return "string";
    case FieldType::kBytes:
      return "string (base64)";
    default:
      return "integer";
  }
}

// Of a face that is not the plain one.
std::string Words(Face face) {
  std::string out;
  const auto add = [&](bool holds, const char* word) {
    if (holds) out += Cat(out.empty() ? "" : ", ", word);
  };
  add(face.request, "as sent");
  add(face.proto_names, "names as in the .proto");
  add(face.enum_numbers, "enums as numbers");
  add(face.defaults, "with defaults");
  return out.empty() ? "" : Cat(" (", out, ')');
}

std::string Section(const std::string& anchor, const std::string& title, bool deprecated,
                    const std::string& comment) {
  std::string out = Cat("### <a id=\"", anchor, "\"></a>", title, "\n\n");
  if (deprecated) out += "**Deprecated.**\n\n";
  if (!comment.empty()) out += Cat(Prose(comment), "\n\n");
  return out;
}

}  // namespace

std::string Types::Link(const std::string& full_name, Face face) {
  return Cat('[', full_name, "](#", full_name, SuffixOf(face), ')');
}

std::string Types::Of(const MessageTable& table, Face face) {
  switch (table.well_known) {
    case WellKnown::kAny:
      return "object of any type, named by `@type`";
    case WellKnown::kTimestamp:
      return "string (RFC 3339)";
    case WellKnown::kDuration:
      return "string (seconds, \"1.5s\")";
    case WellKnown::kFieldMask:
      return "string (field paths)";
    case WellKnown::kStruct:
      return "object";
    case WellKnown::kValue:
      return "any JSON";
    case WellKnown::kListValue:
      return "list of any JSON";
    case WellKnown::kEmpty:
      return "empty object";
    case WellKnown::kNone:
    case WellKnown::kHttpBody:
      break;
    default:
      return Single(table.fields[0], face);  // a wrapper is its value
  }
  face = FaceOf(table, face);
  if (asked_.insert(table.full_name + SuffixOf(face)).second) unwritten_.emplace_back(&table, face);
  return Link(table.full_name, face);
}

std::string Types::Single(const Field& field, Face face) {
  if (field.message != nullptr) return Of(*field.message, face);
  if (field.enumeration == nullptr) return ScalarOf(field.type);
  if (field.enumeration->null_value) return "null";
  face = {.enum_numbers = face.enum_numbers};
  std::string& section = sections_[field.enumeration->full_name + SuffixOf(face)];
  if (section.empty()) section = Enumeration(*field.enumeration, face);
  return Link(field.enumeration->full_name, face);
}

std::string Types::Of(const Field& field, Face face) {
  if (field.map) {
    const Field& key = field.message->fields[0];
    return Cat("map of ", Single(field.message->fields[1], face), " by ", ScalarOf(key.type));
  }
  return Cat(field.repeated ? "list of " : "", Single(field, face));
}

std::string Types::Note(const MessageTable& table, const Field& field, Face face) {
  std::string note;
  if (field.descriptor->options().deprecated()) note += "**Deprecated.** ";
  if (IsAlwaysThere(field, face)) note += face.defaults ? "Always there. " : "Required. ";
  if (field.oneof >= 0) {
    note += Cat("One of ", Code(table.descriptor->oneof_decl(field.oneof)->name()), ". ");
  }
  note += Cell(CommentOf(*field.descriptor));
  if (const std::string rules = RulesText(field); !rules.empty()) {
    note += Cat(note.empty() || note.ends_with(' ') ? "" : " ", "In requests: ", Cell(rules), '.');
  }
  return note.substr(0, note.find_last_not_of(' ') + 1);
}

std::vector<std::vector<std::string>> Types::Rows(const MessageTable& table, Face face) {
  std::vector<std::vector<std::string>> rows;
  for (const Field& field : table.fields) {
    if (!IsShown(field, face)) continue;
    rows.push_back({Code(NameOf(field, face)), Of(field, face), Note(table, field, face)});
  }
  return rows;
}

std::string Types::Enumeration(const contract::EnumTable& table, Face face) const {
  std::vector<std::vector<std::string>> rows;
  for (int i = 0; i < table.descriptor->value_count(); ++i) {
    const google::protobuf::EnumValueDescriptor& value = *table.descriptor->value(i);
    std::string note = value.options().deprecated() ? "**Deprecated.** " : "";
    note += Cell(CommentOf(value));
    const std::string number = std::to_string(value.number());
    rows.push_back(face.enum_numbers ? std::vector{number, Code(value.name()), note}
                                     : std::vector{Code(value.name()), number, note});
  }
  const std::vector<std::string> head = face.enum_numbers
                                            ? std::vector<std::string>{"value", "name", ""}
                                            : std::vector<std::string>{"value", "number", ""};
  return Section(table.full_name + SuffixOf(face), table.full_name + Words(face),
                 table.descriptor->options().deprecated(), CommentOf(*table.descriptor)) +
         Table(head, rows);
}

std::string Types::Finish() {
  while (!unwritten_.empty()) {
    const auto [table, face] = unwritten_.back();
    unwritten_.pop_back();
    std::string text =
        Section(table->full_name + SuffixOf(face), table->full_name + Words(face),
                table->descriptor->options().deprecated(), CommentOf(*table->descriptor));
    const std::string fields = Table(kFieldHead, Rows(*table, face));
    text += fields.empty() ? "No fields.\n" : fields;
    sections_[table->full_name + SuffixOf(face)] = std::move(text);
  }
  std::string out;
  for (const auto& [name, text] : sections_) out += Cat('\n', text);
  return out;
}

}  // namespace frontdesk::codegen::docs
