#include "gateway/contract/plan_paths.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/caller_source.h"

namespace frontdesk::contract {
namespace {

absl::Status Wrong(std::string_view text) { return absl::InvalidArgumentError(Absl(text)); }

std::string_view ScalarName(FieldType type) {
  static constexpr std::string_view kNames[] = {
      "",        "double",   "float",    "int64",  "uint64", "int32", "fixed64",
      "fixed32", "bool",     "string",   "group",  "",       "bytes", "uint32",
      "",        "sfixed32", "sfixed64", "sint32", "sint64"};
  return kNames[static_cast<size_t>(type)];
}

std::string SingleTypeName(const Field& field) {
  if (field.message) return field.message->full_name;
  if (field.enumeration) return field.enumeration->full_name;
  return std::string(ScalarName(field.type));
}

absl::StatusOr<const Field*> FieldNamed(std::string_view name, const MessageTable& message) {
  std::vector<std::string> names;
  for (const Field& field : message.fields) {
    if (field.name == name) return &field;
    names.push_back(field.name);
  }
  return Wrong(Cat(message.full_name, " has no field ", Quoted(name), DidYouMean(name, names)));
}

absl::Status CheckInner(const Field& field) {
  if (field.map) return Wrong(Cat(Quoted(field.name), " is a map: no path leads into it"));
  if (field.repeated) {
    return Wrong(Cat(Quoted(field.name), " is a list: a path can only end there (see `each`)"));
  }
  if (field.type != FieldType::kMessage) {
    return Wrong(Cat(Quoted(field.name), " is of type ", TypeName(field), ", which has no fields"));
  }
  return absl::OkStatus();
}

// The fields that `parts` name from `message` down.
absl::StatusOr<std::vector<const Field*>> Descend(const std::vector<std::string_view>& parts,
                                                  size_t first, const MessageTable& message) {
  std::vector<const Field*> fields;
  const MessageTable* at = &message;
  for (size_t i = first; i < parts.size(); ++i) {
    absl::StatusOr<const Field*> field = FieldNamed(parts[i], *at);
    if (!field.ok()) return field.status();
    if ((*field)->type == FieldType::kGroup) {
      return Wrong(Cat(Quoted((*field)->name), " is a group: groups are not supported"));
    }
    if (i + 1 < parts.size()) {
      if (absl::Status inner = CheckInner(**field); !inner.ok()) return inner;
    }
    fields.push_back(*field);
    at = (*field)->message;
  }
  return fields;
}

WantedField& Wanted(MessageReader::Node& node, const Field& field) {
  auto at = std::lower_bound(
      node.fields.begin(), node.fields.end(), field.number,
      [](const WantedField& wanted, uint32_t number) { return wanted.field->number < number; });
  if (at == node.fields.end() || at->field != &field) {
    at = node.fields.insert(at, WantedField());
    at->field = &field;
    node.oneofs |= field.oneof >= 0;
  }
  return *at;
}

uint32_t Slot(MessageReader& reader, WantedField& wanted, bool walk) {
  if (wanted.slot < 0) wanted.slot = static_cast<int32_t>(reader.slots++);
  wanted.walk |= walk;
  return static_cast<uint32_t>(wanted.slot);
}

// The node of the messages in the field, made when it is first needed.
size_t Child(MessageReader& reader, size_t node, const Field& field) {
  WantedField& wanted = Wanted(reader.nodes[node], field);
  if (wanted.child < 0) {
    wanted.child = static_cast<int32_t>(reader.nodes.size());
    const auto child = static_cast<size_t>(wanted.child);
    reader.nodes.emplace_back().table = field.message;  // `wanted` may be gone now
    return child;
  }
  return static_cast<size_t>(wanted.child);
}

}  // namespace

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0;;) {
    const size_t dot = path.find('.', begin);
    parts.push_back(path.substr(begin, dot - begin));
    if (dot == std::string_view::npos) return parts;
    begin = dot + 1;
  }
}

std::string TypeName(const Field& field) {
  if (field.map) {
    const MessageTable& entry = *field.message;
    return Cat("map of ", SingleTypeName(*entry.FindNumber(1)), " to ",
               SingleTypeName(*entry.FindNumber(2)));
  }
  return field.repeated ? Cat("list of ", SingleTypeName(field)) : SingleTypeName(field);
}

std::string PathValue::TypeName() const {
  if (caller()) return claim.empty() ? "string" : "a claim";
  if (root.scalar) return SingleTypeName(*root.scalar);
  const std::string name = field ? contract::TypeName(*field) : message->full_name;
  return root.list && !(field && field->repeated) ? Cat("list of ", name) : name;
}

absl::StatusOr<PathValue> ResolveSource(std::string_view path, const std::vector<PathRoot>& roots) {
  const std::vector<std::string_view> parts = SplitPath(path);
  const auto root = std::find_if(roots.begin(), roots.end(),
                                 [&](const PathRoot& each) { return each.name == parts[0]; });
  if (root == roots.end()) {
    std::vector<std::string> names;
    names.reserve(roots.size());
    for (const PathRoot& each : roots) names.push_back(each.name);
    return Wrong(Cat("there is no step ", Quoted(parts[0]), DidYouMean(parts[0], names)));
  }
  PathValue value;
  value.root = *root;
  if (value.caller()) {
    if (parts.size() == 2 && parts[1] == "sub") return value;
    const std::string_view claim = ClaimOfSource(path);
    if (!claim.empty() && std::find(parts.begin(), parts.end(), "") == parts.end()) {
      value.claim = claim;
      return value;
    }
    return Wrong(
        Cat(Quoted(path), " is not known of the caller; caller.sub and caller.claims.NAME are"));
  }
  if (root->scalar) {
    value.field = root->scalar;
    if (parts.size() == 1) return value;
    return Wrong(
        Cat(Quoted(root->name), " is of type ", value.TypeName(), ", which has no fields"));
  }
  absl::StatusOr<std::vector<const Field*>> fields = Descend(parts, 1, *root->message);
  if (!fields.ok()) return fields.status();
  value.fields = *std::move(fields);
  value.field = value.fields.empty() ? nullptr : value.fields.back();
  value.message = value.field ? value.field->message : root->message;
  return value;
}

PathValue Below(const PathValue& value, const Field& field) {
  PathValue below = value;
  below.fields.push_back(&field);
  below.field = &field;
  below.message = field.message;
  return below;
}

absl::StatusOr<std::vector<const Field*>> ResolveTarget(std::string_view path,
                                                        const MessageTable& message) {
  return Descend(SplitPath(path), 0, message);
}

Source Want(const PathValue& value, bool walk, bool presence) {
  Source source;
  source.root = value.root.kind;
  source.list = value.root.list;
  source.step = value.root.step;
  source.field = value.field;
  source.claim = value.claim;
  if (value.caller()) return source;
  MessageReader& reader = *value.root.reader;
  if (value.fields.empty()) {
    if (reader.whole < 0) reader.whole = static_cast<int32_t>(reader.slots++);
    source.slot = static_cast<uint32_t>(reader.whole);
    return source;
  }
  size_t node = 0;
  for (size_t i = 0; i + 1 < value.fields.size(); ++i) {
    if (presence && i + 2 == value.fields.size()) {
      WantedField& around = Wanted(reader.nodes[node], *value.fields[i]);
      source.within = static_cast<int32_t>(Slot(reader, around, false));
    }
    node = Child(reader, node, *value.fields[i]);
  }
  source.slot = Slot(reader, Wanted(reader.nodes[node], *value.field), walk);
  return source;
}

}  // namespace frontdesk::contract
