#include "gateway/contract/diff.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "gateway/base/text.h"
#include "gateway/contract/auth_check.h"
#include "gateway/contract/browser_check.h"
#include "gateway/contract/date.h"
#include "gateway/contract/diff_rules.h"
#include "gateway/contract/origin.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/version_check.h"
#include "gateway/http/server_limits.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;
using frontdesk::v1::Policy;

constexpr char kAuth[] = "auth";

struct Route {
  const Method* method;
  const Binding* binding;
};

// By what decides which requests they answer: names of variables do not.
std::map<std::string, Route> RoutesOf(const Contract& contract) {
  std::map<std::string, Route> routes;
  for (const Method& method : contract.methods()) {
    for (const Binding& binding : method.bindings) {
      routes.emplace(Cat(binding.http_method, ' ', ShapeOf(binding.path)),
                     Route{&method, &binding});
    }
  }
  return routes;
}

std::string NameOf(const Binding& binding) {
  return Cat(binding.http_method, ' ', binding.path.text);
}

std::string BodyOf(const Binding& binding) {
  switch (binding.body) {
    case Binding::Body::kNone:
      return "none";
    case Binding::Body::kWhole:
      return "the whole request";
    case Binding::Body::kField:
      return Cat("field ", Quoted(binding.body_field->json_name));
  }
  return "";
}

std::string AnswerOf(const Binding& binding) {
  return binding.response_field ? Cat("field ", Quoted(binding.response_field->json_name))
                                : std::string("the whole answer");
}

// One value of a field, or of a list, on one line: a message stands in braces.
std::string OneLine(const pb::Message& message, const pb::FieldDescriptor* field, int index) {
  pb::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintFieldValueToString(message, field, index, &text);
  return field->message_type() == nullptr ? text : Cat("{ ", text, '}');
}

// Each value of a policy that is set, as text. Who may call is one value: what is asked for and who
// is let in say little one by one.
std::map<std::string, std::string> ValuesOf(const Policy& policy) {
  std::map<std::string, std::string> values;
  if (policy.has_auth()) {
    const int number = Policy::kAuthFieldNumber;
    values[kAuth] = OneLine(policy, policy.GetDescriptor()->FindFieldByNumber(number), -1);
  }
  EachLeaf(policy, [&](const std::string& name, const std::vector<int>& path) {
    if (path.front() == Policy::kAuthFieldNumber) return;
    const pb::Message* at = &policy;
    for (size_t i = 0; i + 1 < path.size(); ++i) {
      at = &at->GetReflection()->GetMessage(*at, at->GetDescriptor()->FindFieldByNumber(path[i]));
    }
    const pb::FieldDescriptor* const field = at->GetDescriptor()->FindFieldByNumber(path.back());
    std::string& text = values[name];
    const int count = field->is_repeated() ? at->GetReflection()->FieldSize(*at, field) : 1;
    for (int i = 0; i < count; ++i) {
      text += Cat(i == 0 ? "" : ", ", OneLine(*at, field, field->is_repeated() ? i : -1));
    }
  });
  return values;
}

// Callers that were let in may be refused. Whether the file says how they prove who they are, and
// so who is let in where nothing is said, the contract does not know.
bool RefusesCallers(const Policy::Auth& before, const Policy::Auth& after) {
  return !WhatIsWeaker(after, before, Policy::Auth::REQUIRED).empty() ||
         !WhatIsWeaker(after, before, Policy::Auth::OPTIONAL).empty();
}

// Pages of some origin may no longer call.
bool RefusesPages(const Policy::Cors& before, const Policy::Cors& after) {
  if (!IsOn(before)) return false;
  OriginSet allowed;
  std::set<std::string> patterns;  // of which origins are no example
  for (const std::string& origin : after.allow_origins()) {
    if (!IsOn(after)) break;
    allowed.Add(origin);
    patterns.insert(origin);
  }
  return std::any_of(before.allow_origins().begin(), before.allow_origins().end(),
                     [&](const std::string& origin) {
                       return !patterns.contains(origin) && !allowed.Has(origin);
                     });
}

// Whether requests that were answered may be refused, or answers look different.
bool IsBreaking(const std::string& leaf, const std::string& before, const std::string& after,
                const Policy& old_policy, const Policy& new_policy) {
  if (leaf == kAuth) return RefusesCallers(old_policy.auth(), new_policy.auth());
  if (leaf == "cors.allow_origins" || leaf == "cors.enabled") {
    return RefusesPages(old_policy.cors(), new_policy.cors());
  }
  if (leaf == "success_status" || leaf.starts_with("print.")) return true;
  if (leaf == "idempotency.required") return after == "true";
  if (leaf.starts_with("parse.") || leaf == "path.ignore_trailing_slash") return before == "true";
  if (leaf == "max_request_bytes") {
    const auto bytes = [](const std::string& text) {
      return text.empty() ? http::ServerLimits().body_bytes : std::stoull(text);
    };
    return bytes(after) < bytes(before);
  }
  return false;
}

// From when on requests are answered 410; nothing for never.
std::optional<std::chrono::sys_seconds> RetiredFrom(const Policy& policy) {
  if (!WillBeRetired(policy.version())) return std::nullopt;
  if (policy.version().retired()) return std::chrono::sys_seconds::min();
  return ParseDate(policy.version().retired_since());
}

bool IsRetiredSooner(const Policy& before, const Policy& after) {
  const auto old_time = RetiredFrom(before), new_time = RetiredFrom(after);
  return new_time && (!old_time || *new_time < *old_time);
}

std::string TimeText(std::chrono::nanoseconds time) {
  return time == std::chrono::nanoseconds::max() ? "none" : DurationText(time);
}

class ContractDiff {
 public:
  ContractDiff(const Contract& before, const Contract& after)
      : before_(before), after_(after), messages_(changes_) {}

  std::vector<Change> Run() {
    const std::map<std::string, Route> before = RoutesOf(before_);
    const std::map<std::string, Route> after = RoutesOf(after_);
    for (const auto& [shape, route] : before) {
      const auto same = after.find(shape);
      if (same != after.end()) {
        Routes(route, same->second);
      } else {
        Add(true, NameOf(*route.binding), "the route is gone: clients get 404 or 405");
      }
    }
    for (const auto& [shape, route] : after) {
      if (!before.contains(shape)) {
        Add(false, NameOf(*route.binding), Cat("the route is new: ", route.method->full_name));
      }
    }
    std::sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
      return std::tuple(!a.breaking, a.where, a.what) < std::tuple(!b.breaking, b.where, b.what);
    });
    changes_.erase(std::unique(changes_.begin(), changes_.end()), changes_.end());
    return std::move(changes_);
  }

 private:
  void Add(bool breaking, const std::string& where, std::string what) {
    changes_.push_back({breaking, where, std::move(what)});
  }

  void Routes(const Route& before, const Route& after) {
    const std::string where = NameOf(*after.binding);
    if (before.method->full_name != after.method->full_name) {
      Add(false, where,
          Cat("was answered by ", before.method->full_name, ", is by ", after.method->full_name));
    }
    Captures(*before.binding, *after.binding, where);
    const std::string body = BodyOf(*after.binding);
    if (BodyOf(*before.binding) != body) {
      Add(true, where,
          Cat("the body was ", BodyOf(*before.binding), ", is ", body,
              ": clients that send it as before get 400"));
    }
    const std::string answer = AnswerOf(*after.binding);
    if (AnswerOf(*before.binding) != answer) {
      Add(true, where,
          Cat("the answer was ", AnswerOf(*before.binding), ", is ", answer,
              ": clients read something else"));
    }
    Policies(*before.method, *after.method, where);
    if (before.method->adapter || after.method->adapter) {
      Adapters(*before.method, *after.method, where);
    } else {
      Plans(before.method->plan.get(), after.method->plan.get(), where);
    }
    if (before.method->server_streaming != after.method->server_streaming ||
        before.method->client_streaming != after.method->client_streaming) {
      Add(true, where, "one side was a stream and is none, or the other way round");
    }
    messages_.Compare(*before.method->input, *after.method->input, Direction::kRequest);
    messages_.Compare(*before.method->output, *after.method->output, Direction::kAnswer);
  }

  // A variable that fills another field leaves the old one to be sent in the query or the body.
  void Captures(const Binding& before, const Binding& after, const std::string& where) {
    const auto& olds = before.path.variables;
    const auto& news = after.path.variables;
    for (size_t i = 0; i < olds.size() && i < news.size(); ++i) {
      if (olds[i].field_path == news[i].field_path) continue;
      Add(false, where,
          Cat("variable ", i + 1, " of the path is another field now; the path looks the same"));
    }
  }

  void Policies(const Method& before, const Method& after, const std::string& where) {
    std::map<std::string, std::string> olds = ValuesOf(before.policy);
    std::map<std::string, std::string> news = ValuesOf(after.policy);
    std::set<std::string> names;
    for (const auto& [name, value] : olds) names.insert(name);
    for (const auto& [name, value] : news) names.insert(name);
    const bool sooner = IsRetiredSooner(before.policy, after.policy);
    for (const std::string& name : names) {
      const std::string& from = olds[name];
      const std::string& to = news[name];
      if (from == to || name == "header_rules") continue;
      const auto shown = [](const std::string& value) {
        return value.empty() ? std::string("the default") : value;
      };
      const bool retires = name == "version.retired" || name == "version.retired_since";
      const bool breaking =
          retires ? sooner : IsBreaking(name, from, to, before.policy, after.policy);
      const char* const then = !breaking       ? ""
                               : retires       ? ": requests get 410"
                               : name == kAuth ? ": callers that were let in may be refused"
                                               : "";
      Add(breaking, where, Cat("policy ", name, " was ", shown(from), ", is ", shown(to), then));
    }
    for (const RuleChange& change : DiffHeaderRules(before.policy, after.policy)) {
      Add(change.breaking, where, change.what);
    }
    const bool was_deprecated = before.descriptor->options().deprecated();
    if (was_deprecated != after.descriptor->options().deprecated()) {
      Add(false, where, was_deprecated ? "is no longer deprecated" : "is now deprecated");
    }
    if (before.policy.has_idempotency() != after.policy.has_idempotency()) {
      Add(false, where,
          after.policy.has_idempotency() ? "an Idempotency-Key is now honoured"
                                         : "an Idempotency-Key is no longer honoured");
    }
  }

  // What an adapter is compiled into is nobody's concern.
  void Adapters(const Method& before, const Method& after, const std::string& where) {
    if (!after.adapter) {
      Add(false, where, Cat("is no longer an adapter of ", before.adapter->call()));
    } else if (!before.adapter) {
      Add(false, where, Cat("is now an adapter of ", after.adapter->call()));
    } else if (before.adapter->call() != after.adapter->call()) {
      Add(false, where,
          Cat("was an adapter of ", before.adapter->call(), ", is one of ", after.adapter->call()));
    }
  }

  void Plans(const Plan* before, const Plan* after, const std::string& where) {
    if (before == nullptr && after == nullptr) return;
    static const Plan kNone;
    if (before == nullptr) Add(false, where, "is now a composition");
    if (after == nullptr) Add(false, where, "is no longer a composition");
    const Plan& old_plan = before ? *before : kNone;
    const Plan& new_plan = after ? *after : kNone;
    for (const PlanStep& step : old_plan.steps) {
      const PlanStep* const same = Find(new_plan, step.id);
      if (same != nullptr) {
        Steps(step, *same, where);
      } else if (after != nullptr) {
        Add(false, where,
            Cat("step ", Quoted(step.id), " is gone: ", step.method->path.substr(1),
                " is no longer called for it"));
      }
    }
    for (const PlanStep& step : new_plan.steps) {
      if (Find(old_plan, step.id) != nullptr) continue;
      Add(false, where,
          Cat("step ", Quoted(step.id), " is new: it depends on ", step.method->path.substr(1),
              " too; its failure ", Consequence(step)));
    }
    if (before && after && before->deadline != after->deadline) {
      Add(false, where,
          Cat("the deadline was ", TimeText(before->deadline), ", is ", TimeText(after->deadline)));
    }
  }

  static const PlanStep* Find(const Plan& plan, const std::string& id) {
    const auto at = std::find_if(plan.steps.begin(), plan.steps.end(),
                                 [&](const PlanStep& step) { return step.id == id; });
    return at == plan.steps.end() ? nullptr : &*at;
  }

  static const char* Consequence(const PlanStep& step) {
    switch (step.on_error) {
      case PlanStep::OnError::kFail:
        return "fails the whole answer";
      case PlanStep::OnError::kOmit:
        return "leaves its part of the answer out";
      case PlanStep::OnError::kDefault:
        return "puts its default into the answer";
    }
    return "";
  }

  void Steps(const PlanStep& before, const PlanStep& after, const std::string& where) {
    const std::string step = Cat("step ", Quoted(after.id));
    if (before.method->path != after.method->path) {
      Add(false, where,
          Cat(step, " called ", before.method->path.substr(1), ", calls ",
              after.method->path.substr(1)));
    }
    if (before.on_error != after.on_error) {
      Add(after.on_error == PlanStep::OnError::kOmit, where,
          Cat(step, ": its failure now ", Consequence(after)));
    }
    if (before.timeout != after.timeout) {
      Add(false, where,
          Cat(step, ": the timeout was ", TimeText(before.timeout), ", is ",
              TimeText(after.timeout)));
    }
  }

  const Contract& before_;
  const Contract& after_;
  std::vector<Change> changes_;
  MessageDiff messages_;
};

}  // namespace

std::vector<Change> Diff(const Contract& before, const Contract& after) {
  return ContractDiff(before, after).Run();
}

}  // namespace frontdesk::contract
