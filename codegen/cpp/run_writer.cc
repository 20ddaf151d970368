#include "codegen/cpp/run_writer.h"

#include <algorithm>
#include <set>

#include "codegen/cpp/fill_writer.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {

using contract::Field;
using contract::PlanStep;
using contract::Source;

namespace {

// Variables of the generated code that an element may not be called like.
constexpr std::string_view kTaken[] = {"ask", "entry", "from",   "inner", "item",
                                       "key", "reply", "status", "to",    "value"};

const frontdesk::v1::Step* Declared(const frontdesk::v1::Composition& composition,
                                    const std::string& id) {
  for (const frontdesk::v1::Step& step : composition.step()) {
    if (step.id() == id) return &step;
  }
  return nullptr;
}

std::string ElementName(const std::string& as) {
  const bool taken = std::find(std::begin(kTaken), std::end(kTaken), as) != std::end(kTaken);
  return taken ? Cat(as, '_') : Identifier(as);
}

// A fresh name among `used`.
std::string Fresh(std::string name, std::set<std::string>& used) {
  while (!used.insert(name).second) name += '_';
  return name;
}

void CountUses(const std::vector<contract::Write>& writes, std::vector<int>& uses) {
  for (const contract::Write& write : writes) {
    if (write.kind == contract::Write::Kind::kNested) CountUses(write.children, uses);
    const bool from_step = write.kind != contract::Write::Kind::kConstant &&
                           write.kind != contract::Write::Kind::kNested &&
                           write.source.root == Source::Root::kStep;
    if (from_step) ++uses[write.source.step];
  }
}

std::string Negated(const std::string& condition) {
  constexpr std::string_view kNotZero = " != 0";
  if (condition.front() == '!') return condition.substr(1);
  if (!condition.ends_with(kNotZero)) return Cat('!', condition);
  return Cat(std::string_view(condition).substr(0, condition.size() - kNotZero.size()), " == 0");
}

// Maps are filled from maps, and lists from lists of the same kind.
bool MapsMeetMaps(const std::vector<contract::Write>& writes) {
  return std::all_of(writes.begin(), writes.end(), [](const contract::Write& write) {
    if (write.kind == contract::Write::Kind::kNested) return MapsMeetMaps(write.children);
    if (write.kind == contract::Write::Kind::kConstant || !write.source.field) {
      return !write.target->map || write.kind == contract::Write::Kind::kConstant;
    }
    return write.source.field->map == write.target->map;
  });
}

// What the declaration says that only a plan carries out, or "".
std::string Beyond(const frontdesk::v1::Composition& composition) {
  const auto unknown = [](const google::protobuf::Message& message, std::set<int> known) {
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const auto* field : fields) {
      if (!known.contains(field->number())) return field->name();
    }
    return std::string();
  };
  for (const frontdesk::v1::Step& step : composition.step()) {
    std::string name = unknown(step, {1, 2, 3, 4, 5, 6, 7, 8, 13});
    if (step.on_error() > frontdesk::v1::Step::OMIT) name = "on_error: DEFAULT";
    for (const frontdesk::v1::Bind& bind : step.bind()) {
      if (name.empty()) name = unknown(bind, {1, 2, 3});
    }
    if (!name.empty()) return Cat("step ", step.id(), " has `", name, '`');
  }
  for (const frontdesk::v1::Out& out : composition.out()) {
    const std::string name = unknown(out, {1, 2, 3});
    if (!name.empty()) return Cat("an `out` has `", name, '`');
  }
  return "";
}

std::string Milliseconds(std::chrono::nanoseconds time) {
  const auto count = time.count();
  if (count % 1000000000 == 0) return Cat("std::chrono::seconds(", count / 1000000000, ')');
  if (count % 1000000 == 0) return Cat("std::chrono::milliseconds(", count / 1000000, ')');
  return Cat("std::chrono::nanoseconds(", count, ')');
}

}  // namespace

const frontdesk::v1::Composition& CompositionOf(const contract::Method& method) {
  return method.descriptor->options().GetExtension(frontdesk::v1::compose);
}

std::string WhyNotGenerated(const contract::Method& method) {
  const std::string beyond = Beyond(CompositionOf(method));
  if (!beyond.empty()) return beyond;
  for (const PlanStep& step : method.plan->steps) {
    if (step.each && step.list.field && step.list.field->map) {
      return Cat("step ", step.id, " goes through a map, whose order only the wire knows");
    }
    if (!MapsMeetMaps(step.request)) return Cat("step ", step.id, " makes a map of a list");
  }
  if (!MapsMeetMaps(method.plan->answer)) return "a map of the answer is made of a list";
  return "";
}

std::vector<StepNames> NamesOfSteps(const contract::Method& method) {
  std::vector<StepNames> all;
  std::set<std::string> used = {"hooks_", "request_"};
  const frontdesk::v1::Composition& composition = CompositionOf(method);
  for (const PlanStep& step : method.plan->steps) {
    StepNames& names = all.emplace_back();
    const std::string camel = Camel(step.id);
    names.member = Fresh(Cat(step.id, '_'), used);
    names.ask = Fresh(Cat("Ask", camel), used);
    const std::string& service = step.method->service;
    names.method = Cat('k', service.substr(service.rfind('.') + 1), step.method->name);
    const frontdesk::v1::Step* declared = Declared(composition, step.id);
    if (declared->hooks()) names.hook = Fresh(Cat(method.name, camel), used);
    if (step.each) names.element = ElementName(declared->as());
  }
  return all;
}

RunWriter::RunWriter(const contract::Method& method, std::string aggregates, const Names& names,
                     Conversions& conversions)
    : method_(method),
      plan_(*method.plan),
      composition_(CompositionOf(method)),
      aggregates_(std::move(aggregates)),
      names_(names),
      conversions_(conversions),
      steps_(NamesOfSteps(method)),
      name_(names.Class(Cat(method.name, "Run"))) {}

void RunWriter::WriteClass(Printer& out) {
  const std::string input = Message(*method_.input);
  out.Line("// One run of ", method_.name, ": a member and a coroutine per step.");
  out.Open("class ", name_, " final : public ", names_.Global("frontdesk::compose::TypedRun"),
           " {");
  out.Outdent();
  out.Line(" public:");
  out.Indent();
  out.Call(name_,
           {Cat(aggregates_, "& hooks"),
            Cat(names_.Global("frontdesk::upstream::CallContext"), "& context"),
            Cat(names_.Global("frontdesk::upstream::Caller"), "& caller"),
            Cat("const ", input, "& request"),
            Cat("const ", names_.Global("frontdesk::compose::RunOptions"), "& options")},
           "");
  const bool endless = plan_.deadline == std::chrono::nanoseconds::max();
  out.Line("    : TypedRun(context, caller, options",
           endless ? std::string() : Cat(", ", Milliseconds(plan_.deadline)), "),");
  out.Line("      hooks_(hooks),");
  out.Line("      request_(request) {}");
  out.Line();
  WriteRun(out);
  out.Line();
  out.Outdent();
  out.Line(" private:");
  out.Indent();
  for (size_t i = 0; i < steps_.size(); ++i) {
    WriteStep(i, out);
    out.Line();
  }
  out.Line("[[maybe_unused]] ", aggregates_, "& hooks_;");
  out.Line("[[maybe_unused]] const ", input, "& request_;");
  for (size_t i = 0; i < steps_.size(); ++i) WriteMember(i, out);
  out.Close("};");
}

void RunWriter::WriteRun(Printer& out) {
  const std::string answer =
      Cat(names_.Global("frontdesk::compose::Answer"), "<", Message(*method_.output), ">");
  out.Line(names_.Global("frontdesk::Task"), "<", names_.Global("absl::StatusOr"), "<", answer,
           ">> Run() {");
  out.Indent();
  for (const StepNames& step : steps_) {
    out.Line("Start(", step.member, ", ", step.ask, "());");
  }
  out.Line("co_await AllSteps();");
  out.Line("if (absl::Status status = Outcome(); !status.ok()) co_return status;");
  out.Line();
  out.Line(answer, " answer;");
  out.Line(Message(*method_.output), "& message = answer.message;");
  Roots roots;
  roots.plan = &plan_;
  std::vector<int> uses(plan_.steps.size());
  CountUses(plan_.answer, uses);
  uint64_t movable = 0;
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    roots.steps.push_back(steps_[i].member);
    if (plan_.steps[i].on_error != PlanStep::OnError::kFail) roots.uncertain |= uint64_t{1} << i;
    if (uses[i] == 1) movable |= uint64_t{1} << i;
  }
  FillWriter(roots, movable, names_, conversions_, out).Write(plan_.answer, "message.");
  if (composition_.hooks()) {
    out.Line("absl::Status status = hooks_.After", method_.name, "(context(), request_, message);");
    out.Line("if (!status.ok()) co_return status;");
  }
  out.Line("Complete(answer);");
  out.Line("co_return answer;");
  out.Close();
}

std::string RunWriter::Hook(std::string_view when, size_t index, std::string_view argument) const {
  return Cat("hooks_.", when, steps_[index].hook, "(context(), ", argument, ')');
}

void RunWriter::WriteStep(size_t index, Printer& out) {
  const PlanStep& step = plan_.steps[index];
  out.Line(names_.Global("frontdesk::Task"), "<void> ", steps_[index].ask, "() {");
  out.Indent();
  if (step.needs != 0) {
    std::vector<std::string> needs;
    for (size_t i = 0; i < steps_.size(); ++i) {
      if (step.needs >> i & 1) needs.push_back(steps_[i].member);
    }
    out.Call(Cat("const bool ready = co_await ", steps_[index].member, ".After"), needs, ";");
    out.Line("if (!ready) co_return;");
  }
  if (step.each) {
    WriteEach(index, out);
  } else {
    WriteCall(index, out);
  }
  out.Close();
}

void RunWriter::FillRequest(size_t index, Printer& out) {
  const PlanStep& step = plan_.steps[index];
  out.Line(Message(*step.method->input), " ask;");
  Roots roots;
  roots.plan = &plan_;
  for (const StepNames& names : steps_) roots.steps.push_back(names.member);
  roots.element = steps_[index].element;
  roots.element_reader = &step.element;
  FillWriter(roots, 0, names_, conversions_, out).Write(step.request, "ask.");
}

void RunWriter::WriteCall(size_t index, Printer& out) {
  const StepNames& names = steps_[index];
  FillRequest(index, out);
  if (!names.hook.empty()) {
    out.Line(names.member, ".Fail(", Hook("Before", index, "ask"), ");");
    out.Line("if (!", names.member, ".ok()) co_return;");
  }
  out.Line("co_await ", names.member, ".Ask(", names.method, ", ask);");
  if (!names.hook.empty()) {
    out.Line("if (", names.member, ".ok()) ", names.member, ".Fail(",
             Hook("After", index, Cat("ask, ", names.member, ".reply()")), ");");
  }
}

void RunWriter::WriteEach(size_t index, Printer& out) {
  const PlanStep& step = plan_.steps[index];
  const StepNames& names = steps_[index];
  const Source& list = step.list;
  const std::vector<const Field*> path =
      PathTo(list.root == Source::Root::kRequest ? plan_.request : plan_.steps[list.step].reply,
             list.slot);
  size_t open = 1;
  if (!list.list) {
    Roots roots;
    roots.plan = &plan_;
    for (const StepNames& each : steps_) roots.steps.push_back(each.member);
    out.Open("for (const auto& ", names.element, " : ", ValueOf(list, roots, "").text, ") {");
  } else {
    const std::string& replies = steps_[list.step].member;
    out.Open("for (const auto* reply : ", replies, ".replies()) {");
    const Value value = ValueBelow("reply", true, path);
    if (list.field && list.field->repeated) {
      out.Open("for (const auto& ", names.element, " : ", value.text, ") {");
      ++open;
    } else {
      if (list.field && list.field->type != contract::FieldType::kMessage) {
        // A scalar that is not there is no element.
        out.Line("if (", Negated(value.there.empty() ? NotDefault(value) : value.there),
                 ") continue;");
      }
      out.Line("const auto& ", names.element, " = ", value.text, ';');
    }
  }
  FillRequest(index, out);
  if (names.hook.empty()) {
    out.Line(names.member, ".Add(ask);");
  } else {
    out.Line("absl::Status status = ", Hook("Before", index, "ask"), ';');
    out.Line(names.member, ".Add(ask, std::move(status));");
  }
  for (; open > 0; --open) out.Close();
  out.Line("co_await ", names.member, ".AskAll(", names.method, ");");
  if (!names.hook.empty()) {
    out.Line(names.member, ".Check([this](", Message(*step.method->output), "& reply) {");
    out.Line("  return ", Hook("After", index, "reply"), ';');
    out.Line("});");
  }
}

void RunWriter::WriteMember(size_t index, Printer& out) {
  const PlanStep& step = plan_.steps[index];
  std::vector<std::string> options = {Cat(".id = \"", step.id, '"')};
  if (step.timeout != std::chrono::nanoseconds::max()) {
    options.push_back(Cat(".timeout = ", Milliseconds(step.timeout)));
  }
  if (step.on_error == PlanStep::OnError::kOmit) {
    options.push_back(".optional = true");
  }
  if (step.each && step.max_parallel != PlanStep().max_parallel) {
    options.push_back(Cat(".max_parallel = ", step.max_parallel));
  }
  if (step.each && step.list.root == Source::Root::kRequest) {
    options.push_back(".of_request = true");
  }
  std::string line =
      Cat(names_.Global(step.each ? "frontdesk::compose::EachStep" : "frontdesk::compose::Step"),
          "<", Message(*step.method->output), "> ", steps_[index].member, '{');
  std::string given = "*this, {";
  for (size_t i = 0; i < options.size(); ++i) given += Cat(i == 0 ? "" : ", ", options[i]);
  given += "}};";
  if (2 + line.size() + given.size() <= Printer::kWidth) {
    out.Line(line, given);
  } else {
    out.Line(line);
    out.Line("    ", given);
  }
}

}  // namespace frontdesk::codegen
