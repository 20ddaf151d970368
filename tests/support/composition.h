// A composition in a test: its contract, scripted back ends, and a run that the test drives.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/failure.h"
#include "gateway/base/loop.h"
#include "gateway/base/text.h"
#include "gateway/compose/runtime.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/dynamic.h"
#include "tests/support/scripted_caller.h"

namespace frontdesk::testing {

// One run at a time, of the method "test.Front/Get". Header-only, so that only tests that link the
// rooms it uses need them.
class Composition {
 public:
  // `messages`: messages and services of test.proto; `composition`: the value of the option, which
  // is `compose` or `adapt`.
  Composition(const std::string& messages, const std::string& request, const std::string& answer,
              const std::string& composition, std::string_view option = "compose");

  Dynamic& dynamic() { return *dynamic_; }
  const contract::Plan& plan() const { return *method_->plan; }
  const contract::Method& method() const { return *method_; }

  // Starts a run; it goes on as calls are released.
  void Start(std::string_view request);
  // Lets the loop resume what was cancelled or deferred.
  void Turn();
  bool done() const { return result_.has_value(); }
  absl::StatusOr<compose::Composed> TakeResult();

  // Starts a run with a request in text format, and says what comes of it:
  // "answer in text format | part;reason part;reason", or "CODE REASON".
  std::string Run(std::string_view request);
  // The same of the run under way, or "running".
  std::string Outcome();

  Loop loop;
  Cancellation cancel;
  upstream::CallContext context{loop, cancel};
  compose::RunOptions options;
  ScriptedCaller caller;

 private:
  frontdesk::internal::Detached Drive(Task<absl::StatusOr<compose::Composed>> task);

  std::unique_ptr<const contract::Contract> contract_;
  std::unique_ptr<Dynamic> dynamic_;
  const contract::Method* method_ = nullptr;
  std::string request_;
  std::optional<absl::StatusOr<compose::Composed>> result_;
};

inline Composition::Composition(const std::string& messages, const std::string& request,
                                const std::string& answer, const std::string& composition,
                                std::string_view option) {
  const std::string set =
      CompileProto(Cat(messages, "\nservice Front { rpc Get(", request, ") returns (", answer,
                       ") { option (frontdesk.v1.", option, ") = { ", composition, " }; } }"));
  contract::Findings findings;
  contract_ = contract::Contract::Load(set, "test.binpb", findings);
  if (!contract_) {
    std::fprintf(stderr, "%s", findings.ToString().c_str());
    std::abort();
  }
  dynamic_ = std::make_unique<Dynamic>(*contract_);
  method_ = contract_->FindMethod("test.Front/Get");
}

inline frontdesk::internal::Detached Composition::Drive(
    Task<absl::StatusOr<compose::Composed>> task) {
  result_.emplace(co_await std::move(task));
}

inline void Composition::Start(std::string_view request) {
  request_ = request;
  result_.reset();
  Drive(compose::Run(context, plan(), caller, request_, options));
}

inline void Composition::Turn() {
  bool turned = false;
  loop.Post([&] { turned = true; });
  loop.RunUntil([&] { return turned; });
}

inline absl::StatusOr<compose::Composed> Composition::TakeResult() {
  absl::StatusOr<compose::Composed> result = *std::move(result_);
  result_.reset();
  return result;
}

inline std::string Composition::Run(std::string_view request) {
  Start(dynamic_->Wire(method_->input->full_name, request));
  return Outcome();
}

inline std::string Composition::Outcome() {
  if (!done()) return "running";
  const absl::StatusOr<compose::Composed> result = TakeResult();
  if (!result.ok()) {
    return Cat(absl::StatusCodeToString(result.status().code()), " ", ReasonOf(result.status()));
  }
  std::string text = dynamic_->Text(method_->output->full_name, result->message);
  for (size_t i = 0; i < result->incomplete.size(); ++i) {
    text += Cat(i == 0 ? " | " : " ", result->incomplete[i].part, ";", result->incomplete[i].reason,
                result->incomplete[i].defaulted ? ";default" : "");
  }
  return text;
}

}  // namespace frontdesk::testing
