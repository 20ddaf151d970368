#include "codegen/cpp/member_writer.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "gateway/base/text.h"

namespace frontdesk::codegen {
namespace {

using contract::PlanStep;

std::string TypeOf(const PlanStep& step, const StepNames& its, const Names& names) {
  if (step.batch) return Cat(names.Global("frontdesk::compose::BatchStep"), '<', its.batch, '>');
  const std::string kind = Cat(step.undo ? "Undo" : "", step.each ? "EachStep" : "Step");
  std::string types = names.Of(*step.method->output->descriptor);
  if (step.undo) types += Cat(", ", names.Of(*step.undo->method->input->descriptor));
  return Cat(names.Global(Cat("frontdesk::compose::", kind)), '<', types, '>');
}

std::vector<std::string> OptionsOf(const PlanStep& step, const StepNames& its) {
  const PlanStep usual;
  std::vector<std::string> options = {Cat(".id = \"", step.id, '"')};
  if (step.timeout != usual.timeout) options.push_back(Cat(".timeout = ", TimeOf(step.timeout)));
  if (step.on_error != usual.on_error) options.push_back(".optional = true");
  if (step.each && step.max_parallel != usual.max_parallel) {
    options.push_back(Cat(".max_parallel = ", step.max_parallel));
  }
  if (step.each && step.list.root == contract::Source::Root::kRequest) {
    options.push_back(".of_request = true");
  }
  if (step.batch && step.batch->max_keys != contract::PlanBatch().max_keys) {
    options.push_back(Cat(".max_keys = ", step.batch->max_keys));
  }
  if (!its.policy.empty()) options.push_back(Cat(".policy = ", its.policy, "()"));
  return options;
}

std::vector<std::string> UndoOptionsOf(const contract::PlanUndo& undo, const StepNames& its,
                                       const Names& names) {
  std::vector<std::string> options = {Cat(".method = ", names.Constant(*undo.method))};
  if (undo.timeout != contract::PlanUndo().timeout) {
    options.push_back(Cat(".timeout = ", TimeOf(undo.timeout)));
  }
  if (!its.undo.empty()) options.push_back(Cat(".from_reply = &", its.undo));
  return options;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += Cat(text.empty() ? "" : ", ", part);
  return text;
}

// One of several arguments, broken in front of an option where it is too long for a line.
void WriteArgument(std::string argument, std::string_view end, Printer& out) {
  std::string_view indent = "    ";
  while (out.margin() + indent.size() + argument.size() + end.size() > Printer::kWidth) {
    const size_t room = Printer::kWidth - out.margin() - indent.size() - 1;
    const size_t at = argument.rfind(", .", room);
    if (at == std::string::npos) break;
    out.Line(indent, argument.substr(0, at + 1));
    argument.erase(0, at + 2);
    indent = "     ";
  }
  out.Line(indent, argument, end);
}

}  // namespace

std::string TimeOf(std::chrono::nanoseconds time) {
  const auto count = time.count();
  if (count % 1000000000 == 0) return Cat("std::chrono::seconds(", count / 1000000000, ')');
  if (count % 1000000 == 0) return Cat("std::chrono::milliseconds(", count / 1000000, ')');
  return Cat("std::chrono::nanoseconds(", count, ')');
}

void WriteMember(const PlanStep& step, const StepNames& its, const Names& names, Printer& out) {
  std::vector<std::string> arguments = {"*this", Cat('{', Joined(OptionsOf(step, its)), '}')};
  if (step.undo) arguments.push_back(Cat('{', Joined(UndoOptionsOf(*step.undo, its, names)), '}'));
  if (!its.stand_in.empty()) arguments.push_back(Cat('&', its.stand_in));
  const std::string head = Cat(TypeOf(step, its, names), ' ', its.member, '{');
  const std::string all = Cat(Joined(arguments), "};");
  if (out.margin() + head.size() + all.size() <= Printer::kWidth) return out.Line(head, all);
  out.Line(head);
  if (out.margin() + 4 + all.size() <= Printer::kWidth) return out.Line("    ", all);
  for (const std::string& argument : arguments) {
    WriteArgument(argument, &argument == &arguments.back() ? "};" : ",", out);
  }
}

}  // namespace frontdesk::codegen
