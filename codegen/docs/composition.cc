#include "codegen/docs/composition.h"

#include <algorithm>
#include <set>
#include <vector>

#include "codegen/docs/markdown.h"
#include "codegen/docs/schedule.h"
#include "frontdesk/v1/compose.pb.h"
#include "gateway/base/text.h"
#include "gateway/contract/plan.h"
#include "gateway/route/route.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen::docs {
namespace {

using contract::Plan;
using contract::PlanStep;
using contract::Write;
using frontdesk::v1::Composition;
using frontdesk::v1::Step;
using std::chrono::nanoseconds;

std::string Rpc(const contract::Method& method) { return Cat(method.service, '/', method.name); }

void StepsRead(const std::vector<Write>& writes, std::set<size_t>& steps) {
  for (const Write& write : writes) {
    if (write.kind == Write::Kind::kNested) {
      StepsRead(write.children, steps);
    } else if (write.kind != Write::Kind::kConstant &&
               write.source.root == contract::Source::Root::kStep) {
      steps.insert(write.source.step);
    }
  }
}

std::string Joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const std::string& word : words) out += Cat(out.empty() ? "" : between, word);
  return out;
}

// "has order.payment", as the author of the contract thinks of it.
std::string ConditionText(const frontdesk::v1::Condition& condition) {
  std::vector<std::string> all;
  switch (condition.is_case()) {
    case frontdesk::v1::Condition::kHas:
      all.push_back(Cat("has ", condition.has()));
      break;
    case frontdesk::v1::Condition::kEquals:
      all.push_back(Cat(condition.equals().path(), " is ", condition.equals().value()));
      break;
    case frontdesk::v1::Condition::kIn: {
      const auto& values = condition.in().value();
      all.push_back(
          Cat(condition.in().path(), " is one of ", Joined({values.begin(), values.end()}, ", ")));
      break;
    }
    case frontdesk::v1::Condition::kNot:
      all.push_back(Cat("not (", ConditionText(condition.not_()), ")"));
      break;
    case frontdesk::v1::Condition::IS_NOT_SET:
      break;
  }
  const auto group = [&](const auto& conditions, const char* word) {
    std::vector<std::string> parts;
    for (const auto& part : conditions) parts.push_back(Cat('(', ConditionText(part), ')'));
    if (!parts.empty()) all.push_back(Joined(parts, word));
  };
  group(condition.and_(), " and ");
  group(condition.or_(), " or ");
  return Joined(all, " and ");
}

class Writer {
 public:
  explicit Writer(const contract::Method& method)
      : method_(method),
        plan_(*method.plan),
        option_(*method.composition),
        request_timeout_(RequestTimeout(method)),
        schedule_(ScheduleOf(plan_, request_timeout_)) {}

  std::string Run() const {
    return Cat("```mermaid\n", Picture(), "```\n\n", Steps(), '\n', Stages(), '\n', Time());
  }

 private:
  static nanoseconds RequestTimeout(const contract::Method& method) {
    const auto own = contract::ParseDuration(method.policy.timeout());
    return own.value_or(route::Route().timeout);
  }

  // Every step of the plan was declared.
  const Step& Declared(const PlanStep& step) const {
    return *std::find_if(option_.step().begin(), option_.step().end(),
                         [&](const Step& declared) { return declared.id() == step.id; });
  }

  bool MayBeMissing(const PlanStep& step) const {
    return Declared(step).on_error() == Step::OMIT || Declared(step).has_when();
  }

  std::string NodeText(const PlanStep& step) const {
    const Step& declared = Declared(step);
    std::string text = Cat(step.id, '\n', Rpc(*step.method));
    if (step.each) {
      text += Cat("\neach ", declared.each(), ", at most ", step.max_parallel, " at once");
    }
    if (declared.has_batch()) text += Cat("\ntogether by ", declared.batch().call());
    if (declared.has_when()) text += Cat("\nwhen ", ConditionText(declared.when()));
    if (step.timeout != nanoseconds::max()) text += Cat("\nat most ", DurationText(step.timeout));
    return text;
  }

  // Nodes are s0, s1, ...: an id such as "end" means something else to Mermaid.
  std::string Picture() const {
    std::string out =
        Cat("flowchart LR\n  request([", Label(method_.input->descriptor->name()), "])\n");
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const PlanStep& step = plan_.steps[i];
      out += Cat("  s", i, step.each ? "[[" : "[", Label(NodeText(step)), step.each ? "]]" : "]",
                 '\n');
    }
    out += Cat("  answer([", Label(method_.output->descriptor->name()), "])\n");
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const PlanStep& step = plan_.steps[i];
      if (step.needs == 0) out += Cat("  request --> s", i, '\n');
      for (size_t from = 0; from < i; ++from) {
        if (step.needs >> from & 1) out += Cat("  s", from, " --> s", i, '\n');
      }
    }
    std::set<size_t> shown;
    StepsRead(plan_.answer, shown);
    for (const size_t i : shown) {
      const char* const arrow = MayBeMissing(plan_.steps[i]) ? " -. may be missing .-> " : " --> ";
      out += Cat("  s", i, arrow, "answer\n");
    }
    std::string critical;
    for (const size_t i : schedule_.critical) critical += Cat(critical.empty() ? "s" : ",s", i);
    return Cat(out, "  classDef critical stroke-width:3px\n  class ", critical, " critical\n");
  }

  std::string OnError(const PlanStep& step) const {
    switch (Declared(step).on_error()) {
      case Step::OMIT:
        return "is left out and reported";
      case Step::DEFAULT:
        return "a default stands for it, reported";
      case Step::STALE:
        return "an earlier reply stands for it, reported";
      default:
        return "fails the whole";
    }
  }

  std::string Needs(const PlanStep& step) const {
    std::vector<std::string> ids;
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      if (step.needs >> i & 1) ids.push_back(Code(plan_.steps[i].id));
    }
    return Joined(ids, ", ");
  }

  std::string Steps() const {
    std::vector<std::vector<std::string>> rows;
    for (const PlanStep& step : plan_.steps) {
      const bool own = step.timeout != nanoseconds::max();
      std::string call = Code(Rpc(*step.method));
      if (step.each) call += Cat(" for each of ", Code(Declared(step).each()));
      if (Declared(step).has_batch()) {
        call += Cat("<br>together by ", Code(Declared(step).batch().call()));
      }
      if (Declared(step).has_when()) {
        call += Cat("<br>when ", Code(ConditionText(Declared(step).when())));
      }
      if (Declared(step).has_undo()) {
        call += Cat("<br>undone by ", Code(Declared(step).undo().call()));
      }
      rows.push_back({Code(step.id), call, Needs(step),
                      own ? DurationText(step.timeout) : "what is left", OnError(step)});
    }
    return Table({"step", "call", "after", "at most", "if it fails, it"}, rows);
  }

  std::string Stages() const {
    std::string out = "Stages, whose steps run at once:\n\n";
    size_t number = 0;
    for (bool any = true; any; ++number) {
      std::vector<std::string> ids;
      for (size_t i = 0; i < plan_.steps.size(); ++i) {
        if (schedule_.stage[i] == number) ids.push_back(Code(plan_.steps[i].id));
      }
      any = !ids.empty();
      if (any) out += Cat(number + 1, ". ", Joined(ids, ", "), '\n');
    }
    return out;
  }

  std::string Time() const {
    std::vector<std::string> path;
    std::vector<std::string> terms;
    for (const size_t i : schedule_.critical) {
      const PlanStep& step = plan_.steps[i];
      path.push_back(Code(step.id));
      terms.push_back(step.timeout == nanoseconds::max() ? "what is left"
                                                         : DurationText(step.timeout));
    }
    std::string out = Cat("Critical path: ", Joined(path, " → "), ".\n\nWorst case: **",
                          DurationText(schedule_.worst), "**, the least of ");
    if (plan_.deadline != nanoseconds::max()) {
      out += Cat("the deadline of the composition (", DurationText(plan_.deadline), "), ");
    }
    out += Cat("the timeout of the request (", DurationText(request_timeout_),
               ") and the critical path (", Joined(terms, " + "), ").");
    if (schedule_.open) {
      out += " A step without a timeout of its own may take all that is left of the others.";
    }
    return out + '\n';
  }

  const contract::Method& method_;
  const Plan& plan_;
  const Composition& option_;
  const nanoseconds request_timeout_;
  const Schedule schedule_;
};

}  // namespace

std::string WriteAdapter(const contract::Method& method) {
  const Step& step = method.composition->step(0);
  std::vector<std::vector<std::string>> rows;
  const auto add = [&](const char* what, const auto& mappings) {
    for (const auto& mapping : mappings) {
      const std::string& from = mapping.from();
      rows.push_back({what,
                      mapping.has_value() ? Cat("always ", Code(mapping.value()))
                                          : Code(from.substr(from.find('.') + 1)),
                      Code(mapping.to())});
    }
  };
  add("request", step.bind());
  add("answer", method.composition->out());
  std::string out = Cat("Answered by ", Code(step.call()), ".\n");
  return rows.empty() ? out : Cat(out, '\n', Table({"", "from", "to"}, rows));
}

std::string WriteComposition(const contract::Method& method) { return Writer(method).Run(); }

}  // namespace frontdesk::codegen::docs
