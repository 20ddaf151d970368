// Conditions of steps. Used while a plan is compiled.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/plan_compiler.h"
#include "gateway/contract/plan_paths.h"

namespace frontdesk::contract {

// Every path in the condition.
void ForEachPath(const frontdesk::v1::Condition& condition,
                 const std::function<void(std::string_view)>& use);

// Whether the step `id` has a reply whenever the condition holds.
bool Guards(const frontdesk::v1::Condition& condition, std::string_view id);

// Compiles the `when` of one step.
class WhenCompiler {
 public:
  // `element`: the name given by `as`, of which a condition can say nothing; may be empty.
  WhenCompiler(const std::vector<PathRoot>& roots, const std::vector<std::string>& broken,
               std::string_view element)
      : roots_(roots), broken_(broken), element_(element) {}

  // Of no use when there is something in wrong() afterwards, whose paths begin in Condition.
  PlanCondition Compile(const frontdesk::v1::Condition& proto);
  const std::vector<WrongMapping>& wrong() const { return wrong_; }

 private:
  void Compile(const frontdesk::v1::Condition& proto, const SourcePath& at, PlanCondition& out);
  void CompileHas(const std::string& path, const SourcePath& at, PlanCondition& out);
  template <class Values>
  void CompileIn(const std::string& path, const Values& values, const SourcePath& at,
                 PlanCondition& out);
  // Null when it is wrong or its root is broken.
  std::optional<PathValue> Resolve(const std::string& path, const SourcePath& at);
  void Wrong(const SourcePath& at, std::string_view text) {
    wrong_.push_back({at, Cat("when: ", text)});
  }

  const std::vector<PathRoot>& roots_;
  const std::vector<std::string>& broken_;
  const std::string_view element_;
  std::vector<WrongMapping> wrong_;
};

}  // namespace frontdesk::contract
