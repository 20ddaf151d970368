#include "gateway/contract/plan.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/plan_batch.h"
#include "gateway/contract/plan_call.h"
#include "gateway/contract/plan_compiler.h"
#include "gateway/contract/plan_policy.h"
#include "gateway/contract/plan_undo.h"
#include "gateway/contract/plan_when.h"
#include "gateway/contract/wire.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Composition;
using frontdesk::v1::Step;

// Calls of one step at once; above this a typing mistake is more likely than a wish.
constexpr uint32_t kMostParallel = 1000;

PlanStep::OnError OnErrorOf(const Step& proto) {
  switch (proto.on_error()) {
    case Step::OMIT:
      return PlanStep::OnError::kOmit;
    case Step::DEFAULT:
      return PlanStep::OnError::kDefault;
    default:
      return PlanStep::OnError::kFail;
  }
}

class PlanCompiler {
 public:
  PlanCompiler(const frontdesk::v1::Composition& composition, const Method& method,
               std::span<const Method> methods, const PlaceOf& place_of, Findings& findings,
               Composed composed)
      : composition_(composition),
        method_(method),
        methods_(methods),
        place_of_(place_of),
        findings_(findings),
        composed_(composed),
        plan_(std::make_unique<Plan>()),
        fitter_(plan_->conversions) {}

  std::unique_ptr<const Plan> Compile();

 private:
  void CompileStep(const frontdesk::v1::Step& proto, PlanStep& step);
  void CompileCall(const frontdesk::v1::Step& proto, PlanStep& step);
  void CompileTimeout(const frontdesk::v1::Step& proto, PlanStep& step);
  void CompileEach(const frontdesk::v1::Step& proto, PlanStep& step, std::vector<PathRoot>& roots,
                   std::vector<std::string>& broken);
  void CompilePolicy(const frontdesk::v1::Step& proto, PlanStep& step);
  void CheckEachOptions(const frontdesk::v1::Step& proto);
  void CompileWhen(const frontdesk::v1::Step& proto, PlanStep& step);
  void CompileDefault(const frontdesk::v1::Step& proto, PlanStep& step);
  void CheckPathFields(const frontdesk::v1::Step& proto, const PlanStep& step);
  void CompileBatch(const frontdesk::v1::Step& proto, PlanStep& step,
                    const std::vector<PathRoot>& roots, const std::vector<std::string>& broken);
  void CompileUndo(const frontdesk::v1::Step& proto, PlanStep& step, std::vector<PathRoot> roots,
                   std::vector<std::string> broken);
  void AddRoots();
  std::optional<std::chrono::nanoseconds> Time(const SourcePath& at, std::string_view text,
                                               std::string_view what);
  void Add(const SourcePath& at, std::string_view text) {
    findings_.Add(place_of_(at), method_.full_name, text);
  }
  SourcePath At(const frontdesk::v1::Step& step, const SourcePath& below = {}) const {
    return StepPath(composition_, step, below);
  }

  const frontdesk::v1::Composition& composition_;
  const Method& method_;
  const std::span<const Method> methods_;
  const PlaceOf& place_of_;
  Findings& findings_;
  const Composed composed_;
  std::unique_ptr<Plan> plan_;
  PlanFitter fitter_;
  std::vector<PathRoot> roots_;      // what every mapping may begin with
  std::vector<std::string> broken_;  // ids of steps whose call is not known
};

std::unique_ptr<const Plan> PlanCompiler::Compile() {
  const size_t before = findings_.size();
  const auto count = static_cast<size_t>(composition_.step_size());
  if (count == 0) Add({}, "a composition needs a step");
  if (count > Plan::kMaxSteps) {
    Add({Composition::kStepFieldNumber, Plan::kMaxSteps},
        Cat("a composition has at most ", Plan::kMaxSteps, " steps, this one has ", count));
    return nullptr;
  }
  if (composition_.has_deadline()) {
    const SourcePath at = {Composition::kDeadlineFieldNumber};
    plan_->deadline = Time(at, composition_.deadline(), "deadline").value_or(plan_->deadline);
    plan_->deadline_place = place_of_(at);
  }
  plan_->hooks = composition_.hooks();
  RefuseLater(composition_, method_.full_name, place_of_, findings_);
  const StepOrder order =
      OrderCompiler(composition_, method_.full_name, place_of_, findings_).Compile(composed_);
  std::vector<size_t> position(count);  // declared index -> index in the plan
  for (size_t i = 0; i < count; ++i) position[order.order[i]] = i;
  plan_->steps.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t declared = order.order[i];
    for (size_t need = 0; need < count; ++need) {
      const uint64_t bit = uint64_t{1} << position[need];
      if (order.needs[declared] >> need & 1) plan_->steps[i].needs |= bit;
      if (order.feeds[declared] >> need & 1) plan_->steps[i].feeds |= bit;
    }
    CompileCall(composition_.step(static_cast<int>(declared)), plan_->steps[i]);
  }
  AddRoots();
  for (size_t i = 0; i < count; ++i) {
    CompileStep(composition_.step(static_cast<int>(order.order[i])), plan_->steps[i]);
  }
  if (count > 0 && composition_.out().empty() && composed_ == Composed::kByHand) {
    Add({}, "a composition without `out` has no answer");
  }
  FillCompiler fill(roots_, broken_, fitter_);
  plan_->answer =
      fill.Fill(FillCompiler::What::kAnswer, MappingsOf(composition_.out()), *method_.output);
  for (const WrongMapping& wrong : fill.wrong()) {
    Add(wrong.at.empty() ? SourcePath() : SourcePath{Composition::kOutFieldNumber} + wrong.at,
        Cat("out ", wrong.text));
  }
  if (findings_.size() > before) return nullptr;
  return std::move(plan_);
}

std::optional<std::chrono::nanoseconds> PlanCompiler::Time(const SourcePath& at,
                                                           std::string_view text,
                                                           std::string_view what) {
  const std::optional<std::chrono::nanoseconds> time = ParseDuration(text);
  if (!time) Add(at, Cat(what, " ", Quoted(text), " is not a duration such as 250ms or 2s"));
  return time;
}

void PlanCompiler::CompileCall(const frontdesk::v1::Step& proto, PlanStep& step) {
  step.id = proto.id();
  step.each = proto.has_each();
  step.hooks = proto.hooks();
  step.always = proto.always();
  step.on_error = OnErrorOf(proto);
  const FoundMethod found = FindUnaryMethod(methods_, proto.call());
  step.method = found.method;
  const SourcePath call = At(proto, {Step::kCallFieldNumber});
  if (found.method == &method_) {
    Add(call, Cat("step ", Quoted(step.id), " calls the composition itself"));
  } else if (!found.wrong.empty()) {
    Add(call, Cat("step ", Quoted(step.id), ": ", found.wrong));
  }
}

void PlanCompiler::AddRoots() {
  PathRoot request;
  request.name = "request";
  request.message = method_.input;
  request.reader = &plan_->request;
  plan_->request.nodes.emplace_back().table = method_.input;
  roots_.push_back(request);
  PathRoot caller;
  caller.name = "caller";
  caller.kind = Source::Root::kCaller;
  roots_.push_back(caller);
  for (size_t i = 0; i < plan_->steps.size(); ++i) {
    PlanStep& step = plan_->steps[i];
    if (!step.method) {
      broken_.push_back(step.id);
      continue;
    }
    PathRoot root;
    root.name = step.id;
    root.kind = Source::Root::kStep;
    root.step = static_cast<uint16_t>(i);
    root.list = step.each;
    root.message = step.method->output;
    root.reader = &step.reply;
    step.reply.nodes.emplace_back().table = step.method->output;
    roots_.push_back(root);
  }
}

void PlanCompiler::CompileTimeout(const frontdesk::v1::Step& proto, PlanStep& step) {
  if (!proto.has_timeout()) return;
  const SourcePath at = At(proto, {Step::kTimeoutFieldNumber});
  const auto timeout = Time(at, proto.timeout(), Cat("step ", Quoted(step.id), ": timeout"));
  if (!timeout) return;
  step.timeout = *timeout;
  step.timeout_place = place_of_(at);
  if (step.timeout > plan_->deadline) {
    Add(at, Cat("step ", Quoted(step.id), ": timeout ", proto.timeout(),
                " is longer than the deadline ", composition_.deadline(), " of the whole"));
  }
}

void PlanCompiler::CheckEachOptions(const frontdesk::v1::Step& proto) {
  const std::string step = Cat("step ", Quoted(proto.id()), ": ");
  const SourcePath as = At(proto, {Step::kAsFieldNumber});
  const SourcePath max_parallel = At(proto, {Step::kMaxParallelFieldNumber});
  const SourcePath each = At(proto, {Step::kEachFieldNumber});
  if (!proto.has_each()) {
    if (proto.has_as()) Add(as, Cat(step, "`as` has no meaning without `each`"));
    if (proto.has_max_parallel()) {
      Add(max_parallel, Cat(step, "`max_parallel` has no meaning without `each`"));
    }
    return;
  }
  if (proto.has_max_parallel() &&
      (proto.max_parallel() == 0 || proto.max_parallel() > kMostParallel)) {
    Add(max_parallel, Cat(step, "max_parallel must be from 1 to ", kMostParallel));
  }
  if (!proto.has_as()) {
    Add(each, Cat(step, "`each` needs `as`, the name of the element"));
    return;
  }
  const bool used =
      std::any_of(proto.bind().begin(), proto.bind().end(), [&](const frontdesk::v1::Bind& bind) {
        return bind.has_from() && SplitPath(bind.from())[0] == proto.as();
      });
  if (!used) {
    Add(as, Cat(step, "no bind uses ", Quoted(proto.as()), ": all calls would be the same"));
  }
}

void PlanCompiler::CompileEach(const frontdesk::v1::Step& proto, PlanStep& step,
                               std::vector<PathRoot>& roots, std::vector<std::string>& broken) {
  CheckEachOptions(proto);
  if (!proto.has_each()) return;
  if (proto.has_max_parallel()) step.max_parallel = proto.max_parallel();
  const std::string_view list = proto.each();
  const SourcePath at = At(proto, {Step::kEachFieldNumber});
  const bool known = std::find(broken_.begin(), broken_.end(), SplitPath(list)[0]) == broken_.end();
  if (proto.has_as()) broken.push_back(proto.as());  // until it is known what it is
  if (!known) return;
  const absl::StatusOr<PathValue> value = ResolveSource(list, roots_);
  if (!value.ok()) {
    Add(at, Cat("step ", Quoted(step.id), ": each ", Quoted(list), ": ",
                Std(value.status().message())));
    return;
  }
  if (!value->many()) {
    Add(at, Cat("step ", Quoted(step.id), ": each ", Quoted(list), " is not a list but ",
                value->TypeName()));
    return;
  }
  step.list = Want(*value, value->message != nullptr, false);
  if (!proto.has_as()) return;
  broken.pop_back();
  PathRoot element;
  element.name = proto.as();
  element.kind = Source::Root::kElement;
  element.message = value->message;
  element.scalar = value->message ? nullptr : value->field;
  element.reader = &step.element;
  if (value->message) step.element.nodes.emplace_back().table = value->message;
  roots.push_back(element);
}

void PlanCompiler::CompileWhen(const frontdesk::v1::Step& proto, PlanStep& step) {
  WhenCompiler when(roots_, broken_, proto.as());
  step.when = std::make_unique<PlanCondition>(when.Compile(proto.when()));
  for (const WrongMapping& wrong : when.wrong()) {
    Add(At(proto, SourcePath{Step::kWhenFieldNumber} + wrong.at),
        Cat("step ", Quoted(step.id), ": ", wrong.text));
  }
}

void PlanCompiler::CompileDefault(const frontdesk::v1::Step& proto, PlanStep& step) {
  const auto wrong = [&](int field, std::string_view text) {
    Add(At(proto, {field}), Cat("step ", Quoted(step.id), ": ", text));
  };
  const bool wanted = step.on_error == PlanStep::OnError::kDefault;
  if (!proto.has_default_()) {
    if (wanted) wrong(Step::kOnErrorFieldNumber, "on_error: DEFAULT needs `default`, a reply");
    return;
  }
  const int field = Step::kDefaultFieldNumber;
  if (!wanted) return wrong(field, "`default` has no meaning without on_error: DEFAULT");
  if (!step.method) return;
  const MessageTable& output = *step.method->output;
  const std::string_view url = proto.default_().type_url();
  const std::string_view type = url.substr(url.rfind('/') + 1);  // npos + 1 == 0
  if (type != output.full_name) {
    return wrong(field, Cat("default is of type ", Quoted(type), ", but the call returns ",
                            output.full_name));
  }
  if (!IsWellFormed(output, proto.default_().value())) {
    return wrong(field, Cat("default is not a message of type ", output.full_name));
  }
  step.default_reply = proto.default_().value();
}

void PlanCompiler::CompileStep(const frontdesk::v1::Step& proto, PlanStep& step) {
  CompileTimeout(proto, step);
  CompileDefault(proto, step);
  if (proto.has_when()) CompileWhen(proto, step);
  std::vector<PathRoot> roots = roots_;
  std::vector<std::string> broken = broken_;
  CompileEach(proto, step, roots, broken);
  if (!step.method) return;
  FillCompiler fill(roots, broken, fitter_);
  step.request =
      fill.Fill(FillCompiler::What::kRequest, MappingsOf(proto.bind()), *step.method->input);
  for (const WrongMapping& wrong : fill.wrong()) {
    const SourcePath bind = {Step::kBindFieldNumber};
    Add(At(proto, wrong.at.empty() ? SourcePath() : bind + wrong.at),
        Cat("step ", Quoted(step.id), ": bind ", wrong.text));
  }
  if (fill.wrong().empty()) CheckPathFields(proto, step);
  if (proto.has_batch()) CompileBatch(proto, step, roots, broken);
  CompilePolicy(proto, step);
  if (proto.has_undo()) CompileUndo(proto, step, std::move(roots), std::move(broken));
}

void PlanCompiler::CompilePolicy(const frontdesk::v1::Step& proto, PlanStep& step) {
  CompileStepPolicy(
      proto, method_, *plan_, [&](const SourcePath& below) { return place_of_(At(proto, below)); },
      [&](const SourcePath& below, std::string_view text) {
        Add(At(proto, below), Cat("step ", Quoted(step.id), ": ", text));
      },
      step);
}

// A call whose own address names a field makes no sense without it.
void PlanCompiler::CheckPathFields(const frontdesk::v1::Step& proto, const PlanStep& step) {
  const Method& called = *step.method;
  if (called.bindings.empty()) return;
  for (const std::vector<const Field*>& capture : called.bindings[0].captures) {
    if (capture.empty()) continue;
    const Field& field = *capture[0];
    const bool bound =
        std::any_of(proto.bind().begin(), proto.bind().end(),
                    [&](const auto& bind) { return SplitPath(bind.to())[0] == field.name; }) ||
        std::any_of(step.request.begin(), step.request.end(),
                    [&](const Write& write) { return write.target == &field; });
    if (bound) continue;
    Add(At(proto), Cat("step ", Quoted(step.id), ": nothing binds ", Quoted(field.name), " of ",
                       called.input->full_name, ", which the path ", called.bindings[0].path.text,
                       " of ", Quoted(proto.call()), " needs"));
  }
}

void PlanCompiler::CompileBatch(const frontdesk::v1::Step& proto, PlanStep& step,
                                const std::vector<PathRoot>& roots,
                                const std::vector<std::string>& broken) {
  BatchCompiler batch(methods_, roots, broken, fitter_);
  step.batch = batch.Compile(proto, step, MappingsOf(proto.bind()));
  for (const WrongMapping& wrong : batch.wrong()) {
    Add(At(proto, wrong.at), Cat("step ", Quoted(step.id), ": ", wrong.text));
  }
}

void PlanCompiler::CompileUndo(const frontdesk::v1::Step& proto, PlanStep& step,
                               std::vector<PathRoot> roots, std::vector<std::string> broken) {
  UndoCompiler undo(methods_, std::move(roots), std::move(broken), fitter_);
  plan_->undoes = true;
  step.undo = undo.Compile(proto, step, MappingsOf(proto.undo().bind()));
  if (proto.undo().has_timeout()) {
    step.undo_timeout_place =
        place_of_(At(proto, {Step::kUndoFieldNumber, frontdesk::v1::Undo::kTimeoutFieldNumber}));
  }
  for (const WrongMapping& wrong : undo.wrong()) {
    Add(At(proto, SourcePath{Step::kUndoFieldNumber} + wrong.at),
        Cat("step ", Quoted(step.id), ": ", wrong.text));
  }
}

}  // namespace

std::unique_ptr<const Plan> CompilePlan(const frontdesk::v1::Composition& composition,
                                        const Method& method, std::span<const Method> methods,
                                        const PlaceOf& place_of, Findings& findings,
                                        Composed composed) {
  return PlanCompiler(composition, method, methods, place_of, findings, composed).Compile();
}

}  // namespace frontdesk::contract
