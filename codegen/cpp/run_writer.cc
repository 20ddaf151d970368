#include "codegen/cpp/run_writer.h"

#include <algorithm>
#include <set>

#include "codegen/cpp/batch_writer.h"
#include "codegen/cpp/condition_writer.h"
#include "codegen/cpp/constant_writer.h"
#include "codegen/cpp/fill_writer.h"
#include "codegen/cpp/member_writer.h"
#include "codegen/cpp/policy_writer.h"
#include "codegen/cpp/undo_writer.h"
#include "codegen/cpp/uses.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {

using contract::Field;
using contract::PlanStep;
using contract::Source;

namespace {

// Variables of the generated code that an element may not be called like.
constexpr std::string_view kTaken[] = {"ask",    "context", "ended", "entry", "from",
                                       "inner",  "item",    "key",   "ready", "reply",
                                       "status", "to",      "undo",  "value", "wanted"};

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

// Of a member, which would hide a message of this name.
std::string FreshMember(std::string name, const Names& space, std::set<std::string>& used) {
  do {
    name = Fresh(space.Class(name), used);
  } while (space.Class(name) != name);
  return name;
}

std::string Negated(const std::string& condition) {
  constexpr std::string_view kNotZero = " != 0";
  if (condition.front() == '!') return condition.substr(1);
  if (!condition.ends_with(kNotZero)) return Cat('!', condition);
  return Cat(std::string_view(condition).substr(0, condition.size() - kNotZero.size()), " == 0");
}

// Steps that may have ended without a reply, a bit per index.
uint64_t MayLackReply(const contract::Plan& plan) {
  uint64_t skipped = 0;
  uint64_t omitted = 0;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const PlanStep& step = plan.steps[i];
    if (step.when || (step.feeds & skipped)) skipped |= uint64_t{1} << i;
    if (step.on_error == PlanStep::OnError::kOmit) omitted |= uint64_t{1} << i;
  }
  return skipped | omitted;
}

}  // namespace

const contract::Method& Asked(const PlanStep& step) {
  return step.batch ? *step.batch->method : *step.method;
}

const frontdesk::v1::Composition& CompositionOf(const contract::Method& method) {
  return *method.composition;
}

std::vector<StepNames> NamesOfSteps(const contract::Method& method, const Names& space) {
  std::vector<StepNames> all;
  std::set<std::string> used = {"hooks_", "request_"};
  // Its own name and that of its base are no names for what a class has.
  const auto member = [&](std::string name) {
    do {
      name = FreshMember(std::move(name), space, used);
    } while (name == space.Run(method) || name == "UndoRun");
    return name;
  };
  const frontdesk::v1::Composition& composition = CompositionOf(method);
  for (const PlanStep& step : method.plan->steps) {
    StepNames& names = all.emplace_back();
    const std::string camel = Camel(step.id);
    names.member = member(Cat(step.id, '_'));
    names.ask = member(Cat("Ask", camel));
    names.method = space.Constant(Asked(step));
    const frontdesk::v1::Step* declared = Declared(composition, step.id);
    if (declared->hooks()) names.hook = Fresh(Cat(method.name, camel), used);
    if (step.batch) names.batch = member(Cat(camel, "Batch"));
    if (Declares(step)) names.policy = member(Cat(camel, "Policy"));
    if (step.undo && !step.undo->from_reply.empty()) names.undo = member(Cat("Undo", camel));
    if (step.on_error == PlanStep::OnError::kDefault) {
      names.stand_in = member(Cat("Default", camel));
    }
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (!method.plan->steps[i].each) continue;
    std::string& element = all[i].element;
    element = ElementName(Declared(composition, method.plan->steps[i].id)->as());
    while (used.contains(element) || space.Class(element) != element) element += '_';
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
      steps_(NamesOfSteps(method, names)),
      uncertain_(MayLackReply(plan_)),
      name_(names.Run(method)) {}

bool RunWriter::has_hooks() const {
  return plan_.hooks || std::any_of(steps_.begin(), steps_.end(),
                                    [](const StepNames& step) { return !step.hook.empty(); });
}

std::string RunWriter::Arguments() const {
  return Cat(has_hooks() ? "*this, " : "", "context, caller_, ", has_request() ? "request, " : "",
             "options");
}

void RunWriter::WriteClass(Printer& out) {
  const std::string input = Message(*method_.input);
  out.Line("// One run of ", method_.name, ": a member and a coroutine per step.");
  const std::string base = plan_.undoes ? "UndoRun" : "TypedRun";
  out.Open("class ", name_, " final : public ", names_.Global(Cat("frontdesk::compose::", base)),
           " {");
  out.Outdent();
  out.Line(" public:");
  out.Indent();
  std::vector<std::string> arguments = {
      Cat(aggregates_, "& hooks"),
      Cat(names_.Global("frontdesk::upstream::CallContext"), "& context"),
      Cat(names_.Global("frontdesk::upstream::Caller"), "& caller"),
      Cat("const ", input, "& request"),
      Cat("const ", names_.Global("frontdesk::compose::RunOptions"), "& options")};
  if (!has_request()) arguments.erase(arguments.begin() + 3);
  if (!has_hooks()) arguments.erase(arguments.begin());
  out.Call(name_, arguments, "");
  const bool endless = plan_.deadline == std::chrono::nanoseconds::max();
  std::vector<std::string> made = {Cat(base, "(context, caller, options",
                                       endless ? "" : Cat(", ", TimeOf(plan_.deadline)), ')')};
  if (has_hooks()) made.push_back("hooks_(hooks)");
  if (has_request()) made.push_back("request_(request)");
  for (const std::string& each : made) {
    const bool last = &each == &made.back();
    out.Line(&each == &made.front() ? "    : " : "      ", each, last ? " {}" : ",");
  }
  out.Line();
  WriteRun(out);
  out.Line();
  out.Outdent();
  out.Line(" private:");
  out.Indent();
  for (size_t i = 0; i < steps_.size(); ++i) {
    WriteStep(i, out);
    out.Line();
    if (!steps_[i].policy.empty()) {
      WriteStepPolicy(plan_.steps[i], steps_[i].policy, names_, out);
      out.Line();
    }
    if (steps_[i].stand_in.empty()) continue;
    WriteDefault(i, out);
    out.Line();
  }
  if (has_hooks()) out.Line(aggregates_, "& hooks_;");
  if (has_request()) out.Line("const ", input, "& request_;");
  for (size_t i = 0; i < steps_.size(); ++i) {
    WriteMember(plan_.steps[i], steps_[i], names_, out);
  }
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
  out.Line(answer, " answer(arena());");
  out.Line(Message(*method_.output), "& message = answer.message;");
  Roots roots = StepRoots();
  roots.uncertain = uncertain_;
  const std::set<const contract::Write*> movable = UsedOnce(plan_);
  FillWriter(roots, &movable, names_, conversions_, out).Write(plan_.answer, "message.");
  if (composition_.hooks()) {
    out.Line("absl::Status status = hooks_.After", method_.name, "(context(), request_, message);");
    out.Line("if (!status.ok()) co_return status;");
  }
  out.Line("Complete(answer);");
  out.Line("co_return answer;");
  out.Close();
}

Roots RunWriter::StepRoots() const {
  Roots roots;
  roots.plan = &plan_;
  for (const StepNames& names : steps_) roots.steps.push_back(names.member);
  return roots;
}

Roots RunWriter::ElementRoots(size_t index) const {
  Roots roots = StepRoots();
  roots.element = steps_[index].element;
  roots.element_reader = &plan_.steps[index].element;
  return roots;
}

std::string RunWriter::Hook(std::string_view when, size_t index, std::string_view argument) const {
  return Cat("hooks_.", when, steps_[index].hook, "(context(), ", argument, ')');
}

void RunWriter::WriteStep(size_t index, Printer& out) {
  const PlanStep& step = plan_.steps[index];
  WriteAround(index, out);
  out.Line(names_.Global("frontdesk::Task"), "<void> ", steps_[index].ask, "() {");
  out.Indent();
  if (step.when) {
    WriteWhen(index, out);
  } else {
    WriteAfter(index, "ready", "After", step.needs, out);
  }
  if (step.each) {
    WriteEach(index, out);
  } else {
    WriteCall(index, out);
  }
  out.Close();
}

// What its coroutine and member are made of.
void RunWriter::WriteAround(size_t index, Printer& out) {
  const PlanStep& step = plan_.steps[index];
  const StepNames& names = steps_[index];
  if (step.batch) {
    const Roots roots = ElementRoots(index);
    BatchWriter(step, names.member, roots, names_, conversions_).WriteStruct(names.batch, out);
    out.Line();
  }
  if (!names.undo.empty()) {
    UndoWriter(*step.undo, names_, conversions_)
        .WriteFromReply(names.undo, Message(*step.method->output), ElementName(step.id),
                        StepRoots(), out);
    out.Line();
  }
}

// Nothing when there are no steps to wait for.
void RunWriter::WriteAfter(size_t index, std::string_view name, std::string_view waits,
                           uint64_t steps, Printer& out) {
  if (steps == 0) return;
  std::vector<std::string> members;
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (steps >> i & 1) members.push_back(steps_[i].member);
  }
  out.Call(Cat("const bool ", name, " = co_await ", steps_[index].member, '.', waits), members,
           ";");
  out.Line("if (!", name, ") co_return;");
}

void RunWriter::WriteWhen(size_t index, Printer& out) {
  const PlanStep& step = plan_.steps[index];
  WriteAfter(index, "ended", "AfterEndOf", step.needs, out);
  Roots roots = StepRoots();
  roots.uncertain = uncertain_;
  WriteCondition("const bool wanted =", *step.when, roots, names_, out);
  out.Line("if (!wanted) co_return ", steps_[index].member, ".Skip();");
  // What else the request is made of.
  WriteAfter(index, "ready", "After", step.feeds & uncertain_ & ~Guarded(*step.when), out);
}

void RunWriter::WriteDefault(size_t index, Printer& out) {
  const PlanStep& step = plan_.steps[index];
  out.Line("static ", Message(*step.method->output), ' ', steps_[index].stand_in, "() {");
  out.Indent();
  if (step.default_reply.empty()) {
    out.Line("return ", Message(*step.method->output), "();");
    return out.Close();
  }
  out.Line(Message(*step.method->output), " reply;");
  WriteMessage(*step.method->output, step.default_reply, "reply.", names_, out);
  out.Line("return reply;");
  out.Close();
}

void RunWriter::FillRequest(size_t index, Printer& out) {
  const PlanStep& step = plan_.steps[index];
  out.Line(Message(*step.method->input), " ask;");
  const Roots roots = ElementRoots(index);
  FillWriter(roots, nullptr, names_, conversions_, out).Write(step.request, "ask.");
  if (step.undo) {
    UndoWriter(*step.undo, names_, conversions_).WriteKnown(steps_[index].member, roots, out);
  }
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
  const auto elements = [&](const std::string& value) {
    out.Open("for (const auto& ", names.element, " : ",
             list.field && list.field->map ? ByKey(value, names_) : value, ") {");
  };
  if (!list.list) {
    elements(ValueOf(list, StepRoots(), "").text);
  } else {
    const std::string& replies = steps_[list.step].member;
    out.Open("for (const auto* reply : ", replies, ".replies()) {");
    const Value value = ValueBelow("reply", true, path);
    if (list.field && list.field->repeated) {
      elements(value.text);
      ++open;
    } else {
      if (list.field && list.field->type != contract::FieldType::kMessage) {
        // A scalar that is not there is no element.
        out.Line("if (", Negated(value.there.empty() ? NotDefault(value, names_) : value.there),
                 ") continue;");
      }
      out.Line("const auto& ", names.element, " = ", value.text, ';');
    }
  }
  const Roots roots = ElementRoots(index);
  if (step.batch) {
    BatchWriter(step, names.member, roots, names_, conversions_).WriteKey(out);
  } else {
    FillRequest(index, out);
    if (names.hook.empty()) {
      out.Line(names.member, ".Add(ask);");
    } else {
      out.Line("absl::Status status = ", Hook("Before", index, "ask"), ';');
      out.Line(names.member, ".Add(ask, std::move(status));");
    }
  }
  for (; open > 0; --open) out.Close();
  if (step.batch) {
    BatchWriter(step, names.member, roots, names_, conversions_)
        .WriteRequests(names.hook.empty() ? "" : Hook("Before", index, "batch.ask"), out);
  }
  out.Line("co_await ", names.member, ".AskAll(", names.method, ");");
  if (!names.hook.empty()) {
    out.Line(names.member, ".Check([this](", Message(*step.method->output), "& reply) {");
    out.Line("  return ", Hook("After", index, "reply"), ';');
    out.Line("});");
  }
}

}  // namespace frontdesk::codegen
