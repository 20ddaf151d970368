// How an `each` asks for many elements at once. Used while a plan is compiled.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gateway/contract/plan.h"
#include "gateway/contract/plan_compiler.h"

namespace frontdesk::contract {

// Compiles the `batch` of one step.
class BatchCompiler {
 public:
  // `roots` and `broken`: what the step's own binds may begin with.
  BatchCompiler(std::span<const Method> methods, const std::vector<PathRoot>& roots,
                const std::vector<std::string>& broken, PlanFitter& fitter)
      : methods_(methods), roots_(roots), broken_(broken), fitter_(fitter) {}

  // `bind`: the mappings of the step. Of no use when there is something in wrong() afterwards,
  // whose paths begin in Step.
  std::unique_ptr<const PlanBatch> Compile(const frontdesk::v1::Step& proto, const PlanStep& step,
                                           std::vector<Mapping> bind);
  const std::vector<WrongMapping>& wrong() const { return wrong_; }

 private:
  void CompileResults(const frontdesk::v1::Batch& proto, const MessageTable& output,
                      PlanBatch& batch);
  // Null, with something wrong, when there is no such field.
  const Field* FieldOf(const MessageTable& message, const std::string& name, int word);
  void CompileKey(const frontdesk::v1::Batch& proto, const Mapping& mapping, PlanBatch& batch);
  void CompileRest(const std::vector<Mapping>& rest, PlanBatch& batch);
  // `word`: the number in Batch of what is wrong.
  void Wrong(int word, std::string_view text);

  const std::span<const Method> methods_;
  const std::vector<PathRoot>& roots_;
  const std::vector<std::string>& broken_;
  PlanFitter& fitter_;
  std::vector<WrongMapping> wrong_;
};

}  // namespace frontdesk::contract
