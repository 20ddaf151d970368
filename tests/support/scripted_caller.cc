#include "tests/support/scripted_caller.h"

#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace frontdesk::testing {

// A held call: what its coroutine awaits.
class ScriptedCaller::Call final : private CancelListener {
 public:
  Call(ScriptedCaller& caller, upstream::CallContext& context, std::string method,
       std::string request)
      : method_(std::move(method)),
        request_(std::move(request)),
        caller_(caller),
        context_(context) {}

  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    caller_.held_.push_back(this);
    Listen(context_.cancel);
  }
  Answer await_resume() { return *std::move(answer_); }

  void Finish(Answer answer) {
    Unlisten();
    caller_.held_.remove(this);
    answer_ = std::move(answer);
    waiter_.resume();
  }

  const std::string method_;
  const std::string request_;

 private:
  void OnCancel(const absl::Status& reason) override {
    ++caller_.cancelled_;
    caller_.held_.remove(this);
    answer_ = Answer(reason);
    context_.loop.Defer(waiter_);
  }

  ScriptedCaller& caller_;
  upstream::CallContext& context_;
  std::optional<Answer> answer_;
  std::coroutine_handle<> waiter_;
};

void ScriptedCaller::Release(std::string_view method, Answer answer) {
  for (Call* call : held_) {
    if (call->method_ == method) return call->Finish(std::move(answer));
  }
  std::fprintf(stderr, "no call of %s is held\n", std::string(method).c_str());
  std::abort();
}

void ScriptedCaller::Release(std::string_view method, std::string_view request, Answer answer) {
  for (Call* call : held_) {
    if (call->method_ == method && call->request_ == request) {
      return call->Finish(std::move(answer));
    }
  }
  std::fprintf(stderr, "no such call of %s is held\n", std::string(method).c_str());
  std::abort();
}

std::string ScriptedCaller::Held() const {
  std::string names;
  for (const Call* call : held_) names += (names.empty() ? "" : " ") + call->method_;
  return names;
}

Task<absl::StatusOr<upstream::UnaryReply>> ScriptedCaller::Unary(
    upstream::CallContext& context, const contract::MethodName& method, std::string_view request,
    const upstream::CallOptions& options) {
  Seen& seen = seen_.emplace_back();
  seen.method = method.name;
  seen.request = request;
  seen.deadline = context.deadline;
  seen.timeout = options.timeout;
  seen.metadata = context.metadata;
  seen.key = options.idempotency_key;
  seen.policy = options.policy;
  Answer answer = std::string();
  const auto script = scripts_.find(method.name);
  if (script != scripts_.end()) {
    answer = script->second(request);
  } else {
    Call call(*this, context, method.name, std::string(request));
    answer = co_await call;
  }
  if (!answer.ok()) co_return answer.status();
  upstream::UnaryReply reply;
  reply.message = *std::move(answer);
  reply.headers = headers_;
  co_return reply;
}

}  // namespace frontdesk::testing
