#include "codegen/cpp/policy_writer.h"

#include <charconv>
#include <cstdint>
#include <vector>

#include "codegen/cpp/member_writer.h"
#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/to_call_policy.h"

namespace frontdesk::codegen {
namespace {

using contract::CallPolicy;
using contract::DeclaredPolicy;

std::string Text(Duration value) { return TimeOf(value); }
std::string Text(bool value) { return value ? "true" : "false"; }
std::string Text(uint32_t value) { return Cat(value); }
std::string Text(size_t value) { return Cat(value); }
// The shortest that is read as the same number.
std::string Text(double value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

// The statements that make a policy of the usual one.
class Statements {
 public:
  explicit Statements(const Names& names) : names_(names) {}

  void Add(const DeclaredPolicy& policy) {
    const DeclaredPolicy usual;
    Set("policy.timeout", policy.timeout, usual.timeout);
    Set("policy.max_reply_bytes", policy.max_reply_bytes, usual.max_reply_bytes);
    Add("policy.calls", policy.calls);
  }
  void Add(const std::string& at, const CallPolicy& policy) {
    const CallPolicy usual;
    AddRetry(Cat(at, ".retry"), policy.retry, usual.retry);
    // Of a hedge that is off nothing is used.
    if (policy.hedge.on) AddHedge(Cat(at, ".hedge"), policy.hedge, usual.hedge);
    AddBreaker(Cat(at, ".breaker"), policy.breaker, usual.breaker);
    if (policy.priority != usual.priority) {
      Line(Cat(at, ".priority"), names_.Global(policy.priority == Priority::kCritical
                                                   ? "frontdesk::Priority::kCritical"
                                                   : "frontdesk::Priority::kSheddable"));
    }
  }

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  void Line(const std::string& value, std::string_view text) {
    lines_.push_back(Cat(value, " = ", text, ';'));
  }
  template <class Value>
  void Set(const std::string& name, const Value& value, const Value& usual) {
    if (value != usual) Line(name, Text(value));
  }
  void AddRetry(const std::string& at, const contract::RetryPolicy& retry,
                const contract::RetryPolicy& usual);
  void AddHedge(const std::string& at, const contract::HedgePolicy& hedge,
                const contract::HedgePolicy& usual);
  void AddBreaker(const std::string& at, const BreakerSettings& breaker,
                  const BreakerSettings& usual);

  const Names& names_;
  std::vector<std::string> lines_;
};

void Statements::AddRetry(const std::string& at, const contract::RetryPolicy& retry,
                          const contract::RetryPolicy& usual) {
  Set(Cat(at, ".max_attempts"), retry.max_attempts, usual.max_attempts);
  Set(Cat(at, ".backoff.initial"), retry.backoff.initial, usual.backoff.initial);
  Set(Cat(at, ".backoff.max"), retry.backoff.max, usual.backoff.max);
  Set(Cat(at, ".backoff.multiplier"), retry.backoff.multiplier, usual.backoff.multiplier);
  Set(Cat(at, ".per_attempt_timeout"), retry.per_attempt_timeout, usual.per_attempt_timeout);
  if (retry.codes == usual.codes) return;
  Line(Cat(at, ".codes"), "{}");
  for (int code = 0; code <= 16; ++code) {
    if (!retry.codes.Has(static_cast<absl::StatusCode>(code))) continue;
    const auto word = static_cast<frontdesk::v1::Policy::Retry::Code>(code);
    const std::string name = contract::LowerCase(frontdesk::v1::Policy::Retry::Code_Name(word));
    lines_.push_back(
        Cat(at, ".codes.Add(", names_.Global(Cat("absl::StatusCode::k", Camel(name))), ");"));
  }
}

void Statements::AddHedge(const std::string& at, const contract::HedgePolicy& hedge,
                          const contract::HedgePolicy& usual) {
  Set(Cat(at, ".on"), hedge.on, usual.on);
  Set(Cat(at, ".delay"), hedge.delay, usual.delay);
  Set(Cat(at, ".percentile"), hedge.percentile, usual.percentile);
  Set(Cat(at, ".max_attempts"), hedge.max_attempts, usual.max_attempts);
}

void Statements::AddBreaker(const std::string& at, const BreakerSettings& breaker,
                            const BreakerSettings& usual) {
  Set(Cat(at, ".on"), breaker.on, usual.on);
  Set(Cat(at, ".consecutive_failures"), breaker.consecutive_failures, usual.consecutive_failures);
  Set(Cat(at, ".error_percent"), breaker.error_percent, usual.error_percent);
  Set(Cat(at, ".slow_call"), breaker.slow_call, usual.slow_call);
  Set(Cat(at, ".slow_percent"), breaker.slow_percent, usual.slow_percent);
  Set(Cat(at, ".window"), breaker.window, usual.window);
  Set(Cat(at, ".minimum_calls"), breaker.minimum_calls, usual.minimum_calls);
  Set(Cat(at, ".open_time"), breaker.open_time, usual.open_time);
  Set(Cat(at, ".max_open_time"), breaker.max_open_time, usual.max_open_time);
  Set(Cat(at, ".probes"), breaker.probes, usual.probes);
}

Statements Declaring(const contract::Method& method, CallsOf of, const Names& names) {
  DeclaredPolicy policy = contract::ToDeclaredPolicy(method.policy, method.idempotency);
  if (of == CallsOf::kStep) policy = {.calls = policy.calls};
  Statements statements(names);
  statements.Add(policy);
  return statements;
}

CallPolicy PolicyOf(const contract::PlanStep& step) {
  return contract::ToCallPolicy(contract::MergePolicy(step.called().policy, step.policy),
                                step.called().idempotency);
}

void WriteMade(std::string_view head, std::string_view type,
               const std::vector<std::string>& statements, Printer& out) {
  out.Open(head, " = [] {");
  out.Line(type, " policy;");
  for (const std::string& statement : statements) out.Line(statement);
  out.Line("return policy;");
  out.Close("}();");
}

}  // namespace

bool ClientDeclares(const contract::Method& method, const Names& names) {
  return !Declaring(method, CallsOf::kClient, names).lines().empty();
}

bool WriteDeclared(const contract::Method& method, CallsOf of, std::string_view head,
                   std::string_view name, const Names& names, Printer& out) {
  const Statements statements = Declaring(method, of, names);
  if (statements.lines().empty()) return false;
  const std::string type = names.Global("frontdesk::contract::DeclaredPolicy");
  WriteMade(Cat(head, type, ' ', name), type, statements.lines(), out);
  return true;
}

bool Declares(const contract::PlanStep& step) { return !step.policy_places.empty(); }

void WriteStepPolicy(const contract::PlanStep& step, std::string_view function, const Names& names,
                     Printer& out) {
  Statements statements(names);
  statements.Add("policy", PolicyOf(step));
  const std::string type = names.Global("frontdesk::contract::CallPolicy");
  out.Open("static const ", type, "* ", function, "() {");
  WriteMade(Cat("static const ", type, " made"), type, statements.lines(), out);
  out.Line("return &made;");
  out.Close();
}

}  // namespace frontdesk::codegen
