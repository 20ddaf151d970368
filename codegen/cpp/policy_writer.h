// What a contract says of how calls are protected, as values in generated code: only what is not
// usual anyway, so that most methods have nothing.
#pragma once

#include <string>
#include <string_view>

#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"
#include "gateway/contract/plan.h"

namespace frontdesk::codegen {

// Who makes the calls.
enum class CallsOf {
  kClient,  // where else a request to a gateway would be: the method's `timeout` counts too
  kStep,    // of a composition, which has times of its own
};

// Whether the contract says anything about a client's calls of the method.
bool ClientDeclares(const contract::Method& method, const Names& names);
// Writes the contract::DeclaredPolicy that `head`, such as "static const ", and `name` begin.
// False, and nothing is written, where nothing is said.
bool WriteDeclared(const contract::Method& method, CallsOf of, std::string_view head,
                   std::string_view name, const Names& names, Printer& out);

// Whether the step says something about its own calls.
bool Declares(const contract::PlanStep& step);
// A static member function that gives the contract::CallPolicy of the step's calls.
void WriteStepPolicy(const contract::PlanStep& step, std::string_view function, const Names& names,
                     Printer& out);

}  // namespace frontdesk::codegen
