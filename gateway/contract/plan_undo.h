// What takes a step back when a later one fails. Used while a plan is compiled.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/contract/plan.h"
#include "gateway/contract/plan_compiler.h"

namespace frontdesk::contract {

// Compiles the `undo` of one step.
class UndoCompiler {
 public:
  // `roots` and `broken`: what the step's own binds may begin with, its id among them.
  UndoCompiler(std::span<const Method> methods, std::vector<PathRoot> roots,
               std::vector<std::string> broken, PlanFitter& fitter)
      : methods_(methods), roots_(std::move(roots)), broken_(std::move(broken)), fitter_(fitter) {}

  // `bind`: the mappings of proto.undo(). Of no use when there is something in wrong() afterwards,
  // whose paths begin in Undo.
  std::unique_ptr<const PlanUndo> Compile(const frontdesk::v1::Step& proto, const PlanStep& step,
                                          const std::vector<Mapping>& bind);
  const std::vector<WrongMapping>& wrong() const { return wrong_; }

 private:
  void CheckEffects(const Method& step, const Method& undo);
  void CheckTarget(const frontdesk::v1::Step& proto);
  void AddOwnRoot(const PlanStep& step, MessageReader& reply);
  void Wrong(const SourcePath& at, std::string text) { wrong_.push_back({at, std::move(text)}); }

  const std::span<const Method> methods_;
  std::vector<PathRoot> roots_;
  const std::vector<std::string> broken_;
  PlanFitter& fitter_;
  std::vector<WrongMapping> wrong_;
};

}  // namespace frontdesk::contract
