// Back ends for tests of what makes calls: each call is answered at once by a script, or held until
// the test answers it.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/upstream/caller.h"

namespace frontdesk::testing {

// One loop only. Methods are named without package and service: "GetOrder".
class ScriptedCaller final : public upstream::Caller {
 public:
  using Answer = absl::StatusOr<std::string>;
  using Script = std::function<Answer(std::string_view request)>;

  struct Seen {
    std::string method;
    std::string request;
    TimePoint deadline;  // of the context
    Duration timeout;    // of the call
    upstream::Metadata metadata;
    std::string key;  // the idempotency key
    const upstream::CallPolicy* policy;
  };

  // Answers calls of the method at once; others are held.
  void Reply(const std::string& method, Script script) { scripts_[method] = std::move(script); }
  // Takes Reply() back.
  void Hold(const std::string& method) { scripts_.erase(method); }
  // Answers the held call of the method that has waited longest. Runs what waits for it at once.
  void Release(std::string_view method, Answer answer);
  // The same for the held call with this request.
  void Release(std::string_view method, std::string_view request, Answer answer);
  // Metadata of all answers.
  void SetHeaders(upstream::Metadata headers) { headers_ = std::move(headers); }

  // Methods of the held calls, in the order in which they came: "GetOrder GetUser".
  std::string Held() const;
  const std::vector<Seen>& seen() const { return seen_; }
  size_t cancelled() const { return cancelled_; }
  void Forget() { seen_.clear(); }

  Task<absl::StatusOr<upstream::UnaryReply>> Unary(upstream::CallContext& context,
                                                   const contract::MethodName& method,
                                                   std::string_view request,
                                                   const upstream::CallOptions& options) override;

 private:
  class Call;

  std::map<std::string, Script, std::less<>> scripts_;
  std::list<Call*> held_;
  std::vector<Seen> seen_;
  upstream::Metadata headers_;
  size_t cancelled_ = 0;
};

}  // namespace frontdesk::testing
