// Names and dependencies of the steps of a composition.
#include <algorithm>
#include <bit>

#include "gateway/base/text.h"
#include "gateway/contract/plan_compiler.h"
#include "gateway/contract/plan_when.h"

namespace frontdesk::contract {
namespace {

constexpr uint64_t Bit(size_t index) { return uint64_t{1} << index; }

// An id stands in paths and in a header's list of what is missing.
bool IsIdentifier(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (text.empty() || !letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool Omits(const frontdesk::v1::Step& step) { return step.on_error() == frontdesk::v1::Step::OMIT; }

}  // namespace

SourcePath StepPath(const frontdesk::v1::Composition& composition, const frontdesk::v1::Step& step,
                    const SourcePath& below) {
  const auto& steps = composition.step();
  const auto at = std::find_if(steps.begin(), steps.end(),
                               [&](const frontdesk::v1::Step& each) { return &each == &step; });
  return SourcePath{frontdesk::v1::Composition::kStepFieldNumber,
                    static_cast<int>(at - steps.begin())} +
         below;
}

StepOrder OrderCompiler::Compile(Composed composed) {
  CheckNames();
  StepOrder result;
  const auto count = static_cast<size_t>(composition_.step_size());
  for (const frontdesk::v1::Step& step : composition_.step()) {
    result.feeds.push_back(FeedsOf(step));
    result.needs.push_back(result.feeds.back() | ConditionNeeds(step));
  }
  uint64_t done = 0;
  while (result.order.size() < count) {
    size_t next = 0;
    while (next < count && ((done & Bit(next)) || (result.needs[next] & ~done))) ++next;
    if (next == count) break;
    done |= Bit(next);
    result.order.push_back(next);
  }
  if (result.order.size() < count) {
    ReportCycle(result, ~done & (count == 64 ? ~uint64_t{0} : Bit(count) - 1));
    for (size_t i = 0; i < count; ++i) {
      if (!(done & Bit(i))) result.order.push_back(i);
    }
    return result;
  }
  if (composed == Composed::kByHand) CheckUse(result);
  CheckErrorPolicies(result);
  return result;
}

void OrderCompiler::CheckName(const SourcePath& at, std::string_view kind,
                              const std::string& name) {
  if (!IsIdentifier(name)) {
    Add(at, Cat(kind, " ", Quoted(name), " is not a name: letters, digits and _ make one"));
  } else if (name == "request" || name == "caller") {
    Add(at,
        Cat(kind, " ", Quoted(name), ": the name is taken, it stands for the ", name, " itself"));
  }
}

void OrderCompiler::CheckNames() {
  for (int i = 0; i < composition_.step_size(); ++i) {
    const frontdesk::v1::Step& step = composition_.step(i);
    const SourcePath id = StepPath(composition_, step, {frontdesk::v1::Step::kIdFieldNumber});
    if (step.id().empty()) {
      Add(id, Cat("step ", i + 1, " has no id"));
    } else {
      CheckName(id, "step", step.id());
    }
    for (int j = 0; j < i; ++j) {
      if (!step.id().empty() && composition_.step(j).id() == step.id()) {
        Add(id, Cat("steps ", j + 1, " and ", i + 1, " have the same id ", Quoted(step.id())));
      }
    }
    if (!step.has_as()) continue;
    const SourcePath as = StepPath(composition_, step, {frontdesk::v1::Step::kAsFieldNumber});
    CheckName(as, Cat("step ", Quoted(step.id()), ": as"), step.as());
    for (const frontdesk::v1::Step& other : composition_.step()) {
      if (other.id() != step.as()) continue;
      Add(as, Cat("step ", Quoted(step.id()), ": as ", Quoted(step.as()), " is the id of a step"));
    }
  }
}

uint64_t OrderCompiler::RootBit(std::string_view path) const {
  const std::string_view root = path.substr(0, path.find('.'));
  for (int i = 0; i < composition_.step_size(); ++i) {
    if (composition_.step(i).id() == root) return Bit(static_cast<size_t>(i));
  }
  return 0;
}

uint64_t OrderCompiler::ConditionNeeds(const frontdesk::v1::Step& step) const {
  uint64_t needs = 0;
  if (step.has_when()) {
    ForEachPath(step.when(), [&](std::string_view path) { needs |= RootBit(path); });
  }
  return needs;
}

uint64_t OrderCompiler::FeedsOf(const frontdesk::v1::Step& step) const {
  uint64_t feeds = step.has_each() ? RootBit(step.each()) : 0;
  const auto add = [&](const frontdesk::v1::Bind& bind) {
    const std::string_view root = std::string_view(bind.from()).substr(0, bind.from().find('.'));
    if (bind.has_from() && !(step.has_as() && root == step.as())) feeds |= RootBit(bind.from());
  };
  for (const frontdesk::v1::Bind& bind : step.bind()) add(bind);
  // What undoes a step must be known when it runs. Its own reply is, by then.
  for (const frontdesk::v1::Bind& bind : step.undo().bind()) {
    if (SplitPath(bind.from())[0] != step.id()) add(bind);
  }
  return feeds;
}

void OrderCompiler::ReportCycle(const StepOrder& order, uint64_t left) {
  // Every step in `left` needs another one in it: following the first need ends in a circle.
  std::vector<size_t> path;
  auto at = static_cast<size_t>(std::countr_zero(left));
  while (std::find(path.begin(), path.end(), at) == path.end()) {
    path.push_back(at);
    at = static_cast<size_t>(std::countr_zero(order.needs[at] & left));
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), at));
  path.push_back(at);
  const int here = place_of_(StepPath(composition_, StepAt(at))).line;
  std::string names;
  for (size_t step : path) {
    if (!names.empty()) names += " needs ";
    names += Cat(Quoted(StepAt(step).id()));
    const int line = place_of_(StepPath(composition_, StepAt(step))).line;
    if (line != here) names += Cat(" (line ", line, ")");
  }
  Add(StepPath(composition_, StepAt(at)), Cat("the steps form a cycle: ", names));
}

void OrderCompiler::CheckUse(const StepOrder& order) {
  if (composition_.out().empty()) return;  // which is said already
  uint64_t used = 0;
  for (const frontdesk::v1::Out& out : composition_.out()) used |= RootBit(out.from());
  for (const frontdesk::v1::Step& step : composition_.step()) {
    if (step.always()) used |= RootBit(step.id());
  }
  for (auto step = order.order.rbegin(); step != order.order.rend(); ++step) {
    if (used & Bit(*step)) used |= order.needs[*step];
  }
  for (size_t i = 0; i < order.needs.size(); ++i) {
    const std::string& id = StepAt(i).id();
    const bool duplicate = RootBit(id) != Bit(i);
    if ((used & Bit(i)) || duplicate || id.empty()) continue;
    Add(StepPath(composition_, StepAt(i)),
        Cat("step ", Quoted(id), ": nothing in the answer comes of it"));
  }
}

// A step that must not fail needs what may be missing only when it makes sure that it is there.
void OrderCompiler::CheckErrorPolicies(const StepOrder& order) {
  uint64_t skipped =
      0;  // steps that a condition may skip, their own or that of one that feeds them
  for (size_t i : order.order) {
    if (StepAt(i).has_when() || (order.feeds[i] & skipped)) skipped |= Bit(i);
  }
  for (size_t i = 0; i < order.needs.size(); ++i) {
    const frontdesk::v1::Step& step = StepAt(i);
    if (Omits(step) || step.on_error() == frontdesk::v1::Step::DEFAULT) continue;
    for (uint64_t left = order.feeds[i]; left != 0; left &= left - 1) {
      const auto fed_by = static_cast<size_t>(std::countr_zero(left));
      const frontdesk::v1::Step& source = StepAt(fed_by);
      if (step.has_when() && Guards(step.when(), source.id())) continue;
      const bool omitted = Omits(source);
      if (!omitted && !(skipped & Bit(fed_by))) continue;
      Add(StepPath(composition_, step),
          Cat("step ", Quoted(step.id()), " must not fail but needs ", Quoted(source.id()),
              omitted ? ", which may be omitted (on_error: OMIT): omit both or neither"
                      : ", which may be skipped (`when`): omit this one too",
              ", or make it only `when { has: ", Quoted(source.id()), " }`"));
    }
  }
}

}  // namespace frontdesk::contract
