#include "gateway/contract/plan_when.h"

#include <algorithm>

#include "gateway/contract/plan_constant.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Condition;

bool IsFloating(FieldType type) { return type == FieldType::kFloat || type == FieldType::kDouble; }

}  // namespace

void ForEachPath(const Condition& condition, const std::function<void(std::string_view)>& use) {
  if (condition.has_has()) use(condition.has());
  if (condition.has_equals()) use(condition.equals().path());
  if (condition.has_in()) use(condition.in().path());
  if (condition.has_not_()) ForEachPath(condition.not_(), use);
  for (const Condition& child : condition.and_()) ForEachPath(child, use);
  for (const Condition& child : condition.or_()) ForEachPath(child, use);
}

bool Guards(const Condition& condition, std::string_view id) {
  const auto leads_through = [&](std::string_view path) { return SplitPath(path)[0] == id; };
  const auto guards = [&](const Condition& child) { return Guards(child, id); };
  if (condition.has_has()) return leads_through(condition.has());
  if (condition.has_equals()) return leads_through(condition.equals().path());
  if (condition.has_in()) return leads_through(condition.in().path());
  const auto& all = condition.and_();
  const auto& any = condition.or_();
  if (!any.empty()) return std::all_of(any.begin(), any.end(), guards);
  return std::any_of(all.begin(), all.end(), guards);
}

PlanCondition WhenCompiler::Compile(const Condition& proto) {
  PlanCondition condition;
  Compile(proto, {}, condition);
  return condition;
}

void WhenCompiler::Compile(const Condition& proto, const SourcePath& at, PlanCondition& out) {
  const int set =
      (proto.is_case() != Condition::IS_NOT_SET) + !proto.and_().empty() + !proto.or_().empty();
  if (set != 1) {
    return Wrong(at, set == 0 ? "a condition needs one of has, equals, in, not, and, or"
                              : "a condition has one of has, equals, in, not, and, or; write `and` "
                                "around several");
  }
  switch (proto.is_case()) {
    case Condition::kHas:
      return CompileHas(proto.has(), at + SourcePath{Condition::kHasFieldNumber}, out);
    case Condition::kEquals: {
      const auto& equals = proto.equals();
      return CompileIn(equals.path(), std::vector<std::string>{equals.value()},
                       at + SourcePath{Condition::kEqualsFieldNumber}, out);
    }
    case Condition::kIn:
      return CompileIn(proto.in().path(), proto.in().value(),
                       at + SourcePath{Condition::kInFieldNumber}, out);
    case Condition::kNot:
      out.kind = PlanCondition::Kind::kNot;
      return Compile(proto.not_(), at + SourcePath{Condition::kNotFieldNumber},
                     out.children.emplace_back());
    case Condition::IS_NOT_SET:
      break;
  }
  const bool all = proto.or_().empty();
  const int field = all ? Condition::kAndFieldNumber : Condition::kOrFieldNumber;
  out.kind = all ? PlanCondition::Kind::kAnd : PlanCondition::Kind::kOr;
  int index = 0;
  for (const Condition& child : all ? proto.and_() : proto.or_()) {
    Compile(child, at + SourcePath{field, index++}, out.children.emplace_back());
  }
}

std::optional<PathValue> WhenCompiler::Resolve(const std::string& path, const SourcePath& at) {
  const std::string_view root = SplitPath(path)[0];
  if (!element_.empty() && root == element_) {
    Wrong(at,
          Cat(Quoted(path), ": a condition decides about the whole step, not about an element"));
    return std::nullopt;
  }
  if (std::find(broken_.begin(), broken_.end(), root) != broken_.end()) return std::nullopt;
  absl::StatusOr<PathValue> value = ResolveSource(path, roots_);
  if (!value.ok()) {
    Wrong(at, Cat(Quoted(path), ": ", Std(value.status().message())));
    return std::nullopt;
  }
  return *std::move(value);
}

void WhenCompiler::CompileHas(const std::string& path, const SourcePath& at, PlanCondition& out) {
  const std::optional<PathValue> value = Resolve(path, at);
  if (!value) return;
  if (!value->caller() && value->fields.empty()) {
    if (value->root.kind == Source::Root::kRequest) {
      return Wrong(at, "the request is always there: name one of its fields");
    }
    out.source.root = value->root.kind;
    out.source.step = value->root.step;
    return;
  }
  if (value->root.list) {
    return Wrong(at, Cat(Quoted(path), " is a list, one for each reply of ",
                         Quoted(value->root.name), ": name only the step"));
  }
  out.source = Want(*value, false, false);
}

template <class Values>
void WhenCompiler::CompileIn(const std::string& path, const Values& values, const SourcePath& at,
                             PlanCondition& out) {
  out.kind = PlanCondition::Kind::kIn;
  const SourcePath path_at = at + SourcePath{Condition::Equals::kPathFieldNumber};
  const std::optional<PathValue> value = Resolve(path, path_at);
  if (!value) return;
  if (value->many()) return Wrong(path_at, Cat(Quoted(path), " is a list: only `has` asks for it"));
  if (value->message) {
    return Wrong(path_at, Cat(Quoted(path), " is of type ", value->TypeName(),
                              ": compare one of its fields"));
  }
  if (values.empty()) return Wrong(at, Cat(Quoted(path), ": `in` needs a value"));
  if (value->caller()) {
    out.values.assign(values.begin(), values.end());
  } else if (IsFloating(value->field->type)) {
    return Wrong(path_at, Cat(Quoted(path), " is of type ", value->TypeName(),
                              ": whether such numbers are equal says nothing"));
  } else {
    for (const std::string& text : values) {
      absl::StatusOr<std::string> constant = EncodeConstantValue(*value->field, text);
      if (!constant.ok()) {
        return Wrong(at + SourcePath{Condition::Equals::kValueFieldNumber},
                     Cat(Quoted(path), ": ", Std(constant.status().message())));
      }
      out.values.push_back(*std::move(constant));
    }
  }
  out.source = Want(*value, false, !value->caller() && !value->field->has_presence);
}

}  // namespace frontdesk::contract
