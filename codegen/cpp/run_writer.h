// One composition as a class of coroutines, one per step: GetOrderDetailsRun.
#pragma once

#include <string>
#include <vector>

#include "codegen/cpp/conversions.h"
#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "codegen/cpp/values.h"
#include "frontdesk/v1/compose.pb.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

// A step as it is called in C++.
struct StepNames {
  std::string member;    // "order_"
  std::string ask;       // "AskOrder"
  std::string method;    // "kOrdersGetOrder", with `batch` the one for many
  std::string hook;      // "GetOrderDetailsOrder", or "" without hooks
  std::string element;   // of `each`: "line"
  std::string stand_in;  // of on_error: DEFAULT: "DefaultOrder"
  std::string batch;     // of `batch`: "ProductsBatch"
  std::string policy;    // of a step that says how its calls are protected: "OrderPolicy"
  std::string undo;      // of `undo`, with something of the reply: "UndoOrder"
};

// What the step asks: with `batch` the call for many elements.
const contract::Method& Asked(const contract::PlanStep& step);

// The declared composition of a method, for what the plan leaves out.
const frontdesk::v1::Composition& CompositionOf(const contract::Method& method);

std::vector<StepNames> NamesOfSteps(const contract::Method& method, const Names& space);

class RunWriter {
 public:
  // `aggregates`: the class whose hooks are asked.
  RunWriter(const contract::Method& method, std::string aggregates, const Names& names,
            Conversions& conversions);

  // The class, in an unnamed namespace.
  void WriteClass(Printer& out);
  // "GetOrderDetailsRun"
  const std::string& name() const { return name_; }
  // What its constructor is given by a method of the aggregates.
  std::string Arguments() const;
  // Whether it reads the request.
  bool has_request() const { return plan_.request.slots > 0 || plan_.hooks; }

 private:
  bool has_hooks() const;
  void WriteRun(Printer& out);
  void WriteStep(size_t index, Printer& out);
  void WriteAfter(size_t index, std::string_view name, std::string_view waits, uint64_t steps,
                  Printer& out);
  void WriteWhen(size_t index, Printer& out);
  void WriteDefault(size_t index, Printer& out);
  void WriteCall(size_t index, Printer& out);
  void WriteEach(size_t index, Printer& out);
  void WriteAround(size_t index, Printer& out);
  void FillRequest(size_t index, Printer& out);
  // Paths begin with steps or the request.
  Roots StepRoots() const;
  // And with the element that `each` is at.
  Roots ElementRoots(size_t index) const;
  std::string Hook(std::string_view when, size_t index, std::string_view argument) const;
  std::string Message(const contract::MessageTable& table) const {
    return names_.Of(*table.descriptor);
  }

  const contract::Method& method_;
  const contract::Plan& plan_;
  const frontdesk::v1::Composition& composition_;
  const std::string aggregates_;
  const Names& names_;
  Conversions& conversions_;
  const std::vector<StepNames> steps_;
  const uint64_t uncertain_;  // steps that may have ended without a reply
  const std::string name_;
};

}  // namespace frontdesk::codegen
