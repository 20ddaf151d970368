#include "codegen/cpp/values.h"

#include <string_view>

#include "codegen/cpp/constant_writer.h"
#include "codegen/cpp/names.h"
#include "gateway/base/text.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {

using contract::Field;
using contract::FieldType;
using contract::MessageReader;
using contract::Source;

namespace {

bool Find(const MessageReader& reader, size_t node, int32_t slot, std::vector<const Field*>& path) {
  for (const contract::WantedField& wanted : reader.nodes[node].fields) {
    path.push_back(wanted.field);
    if (wanted.slot == slot) return true;
    if (wanted.child >= 0 && Find(reader, static_cast<size_t>(wanted.child), slot, path)) {
      return true;
    }
    path.pop_back();
  }
  return false;
}

}  // namespace

std::vector<const Field*> PathTo(const MessageReader& reader, uint32_t slot) {
  std::vector<const Field*> path;
  const auto wanted = static_cast<int32_t>(slot);
  if (reader.whole != wanted && !reader.nodes.empty()) Find(reader, 0, wanted, path);
  return path;
}

Value ValueBelow(const std::string& variable, bool pointer, const std::vector<const Field*>& path) {
  Value value;
  value.text = variable;
  for (size_t i = 0; i < path.size(); ++i) {
    const Field& field = *path[i];
    const std::string around = Cat(value.text, i == 0 && pointer ? "->" : ".");
    value.field = &field;
    value.around = value.there;
    value.of_entry = field.descriptor->containing_type()->options().map_entry();
    if (value.of_entry) {
      value.there.clear();
      value.text = Cat(around, field.number == 1 ? "first" : "second");
      continue;
    }
    const std::string accessor = Accessor(*field.descriptor);
    value.there = field.has_presence && !field.repeated ? Cat(around, "has_", accessor, "()") : "";
    value.text = Cat(around, accessor, "()");
  }
  if (path.empty() && pointer) value.text = Cat('*', variable);
  return value;
}

Value ValueOf(const Source& source, const Roots& roots, const std::string& reply) {
  const contract::Plan& plan = *roots.plan;
  Value value;
  switch (source.root) {
    case Source::Root::kRequest:
      return ValueBelow("request_", false, PathTo(plan.request, source.slot));
    case Source::Root::kCaller:
      value.text = "context().caller_sub()";
      value.there = "!context().caller_sub().empty()";
      return value;
    case Source::Root::kStep: {
      const std::vector<const Field*> path = PathTo(plan.steps[source.step].reply, source.slot);
      if (source.list) return ValueBelow(reply, true, path);
      const std::string& step = roots.steps[source.step];
      value = ValueBelow(step, true, path);
      if ((roots.uncertain >> source.step & 1) == 0) return value;
      // What hangs on the reply as such is there when the reply is.
      if (path.size() < 2) value.around = Cat(step, ".there()");
      if (path.empty()) value.there = value.around;
      return value;
    }
    case Source::Root::kElement: {
      const std::vector<const Field*> path = PathTo(*roots.element_reader, source.slot);
      value = ValueBelow(roots.element, false, path);
      if (path.empty()) value.field = source.field;
      value.number = path.empty() && source.field && source.field->type == FieldType::kEnum;
      return value;
    }
    case Source::Root::kSelf:
      return ValueBelow(roots.self, false, PathTo(*roots.self_reader, source.slot));
  }
  return value;
}

namespace {

std::string_view TypeOfClaim(FieldType type) {
  switch (type) {
    case FieldType::kString:
      return "std::string";
    case FieldType::kBool:
      return "bool";
    case FieldType::kDouble:
      return "double";
    case FieldType::kFloat:
      return "float";
    case FieldType::kUint32:
    case FieldType::kFixed32:
      return "uint32_t";
    case FieldType::kUint64:
    case FieldType::kFixed64:
      return "uint64_t";
    case FieldType::kInt64:
    case FieldType::kSint64:
    case FieldType::kSfixed64:
      return "int64_t";
    default:
      return "int32_t";
  }
}

}  // namespace

Value ClaimOf(const Source& source, const Field& target, const Names& names) {
  const std::string of =
      Cat('<', TypeOfClaim(target.type), ">(context(), ", QuotedLiteral(source.claim), ')');
  Value value;
  value.text = Cat(names.Global("frontdesk::compose::ClaimAs"), of);
  value.there = Cat(names.Global("frontdesk::compose::ClaimFits"), of);
  return value;
}

std::string ByKey(const std::string& map, const Names& names) {
  return Cat(names.Global("frontdesk::compose::ByKey"), '(', map, ')');
}

std::string NotDefault(const Value& value, const Names& names) {
  switch (value.field->type) {
    case FieldType::kString:
    case FieldType::kBytes:
      return Cat('!', value.text, ".empty()");
    case FieldType::kDouble:
    case FieldType::kFloat:
      // -0.0 is a value.
      return Cat(names.Global("frontdesk::compose::IsSet"), '(', value.text, ')');
    case FieldType::kBool:
      return value.text;
    default:
      return Cat(value.text, " != 0");
  }
}

}  // namespace frontdesk::codegen
