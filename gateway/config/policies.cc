#include "gateway/config/policies.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include "absl/strings/str_join.h"
#include "gateway/base/text.h"
#include "gateway/config/auth.h"
#include "gateway/config/field_path.h"
#include "gateway/contract/auth_check.h"
#include "gateway/contract/browser_check.h"
#include "gateway/contract/call_policy_check.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/to_call_policy.h"
#include "gateway/contract/unheld_rules.h"
#include "gateway/contract/version_check.h"
#include "gateway/route/route.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::config {

using contract::CallTime;
using contract::Findings;
using contract::Method;
using contract::Quoted;
using contract::Shortest;

namespace {

// One of those whose credentials are taken (none are named: of all) gives out one of the kinds that
// a method asks for.
bool CanBring(const v1::Policy::Auth& method, const policy::AuthSettings& auth,
              const std::vector<std::string>& taken) {
  const auto takes = [&](std::string_view name) {
    return taken.empty() || std::find(taken.begin(), taken.end(), name) != taken.end();
  };
  const bool tokens =
      std::any_of(auth.providers.begin(), auth.providers.end(),
                  [&](const policy::AuthSettings::Provider& each) { return takes(each.name); });
  return std::any_of(method.credentials().begin(), method.credentials().end(), [&](int kind) {
    switch (kind) {
      case v1::Policy::Auth::TOKEN:
        return tokens;
      case v1::Policy::Auth::SESSION:
        return tokens && !auth.places.cookie.empty();
      case v1::Policy::Auth::API_KEY:
        return auth.api_keys.has_value() && takes(identity::ApiKeys::kProvider);
      case v1::Policy::Auth::CERTIFICATE:
        return auth.certificates.has_value() && takes(identity::CertificateRules::kProvider);
      default:
        return false;
    }
  });
}

constexpr std::string_view kNothingReadsIt = " has no address, and only requests to one have it";

bool HasAddress(const Method* method) { return !method->bindings.empty(); }

// What is set of those words that requests have. All others are of calls too.
std::vector<const google::protobuf::FieldDescriptor*> WordsOfAddresses(const v1::Policy& policy) {
  constexpr int kOfCalls[] = {v1::Policy::kRetryFieldNumber, v1::Policy::kHedgeFieldNumber,
                              v1::Policy::kBreakerFieldNumber, v1::Policy::kPriorityFieldNumber};
  std::vector<const google::protobuf::FieldDescriptor*> set;
  policy.GetReflection()->ListFields(policy, &set);
  std::erase_if(set, [&](const auto* field) {
    return std::find(std::begin(kOfCalls), std::end(kOfCalls), field->number()) !=
           std::end(kOfCalls);
  });
  return set;
}

// "searches", or "ADDRESS 5 per 1m".
std::string TextOf(const v1::Policy::Limit& limit) {
  if (limit.has_name()) return Quoted(limit.name());
  return Cat(v1::Policy::Limit::Key_Name(limit.key()), ' ', limit.requests(), " per ",
             limit.has_per() ? limit.per() : "1s");
}

// What requests have, which only a method with an address has.
CallTime TimeOf(const Method& method, const PolicyInForce& in_force, std::string_view name) {
  if (!HasAddress(&method)) return {};
  return {contract::ToDuration(in_force.policy.timeout(), route::Route().timeout), name,
          contract::PlaceOfValue(in_force.places, "timeout")};
}

// What calls of the service have from their upstream. That there is none is told elsewhere.
CallTime TimeOfUpstream(const LoadedConfig& loaded, const std::string& service) {
  for (const auto& [name, upstream] : loaded.config.upstreams()) {
    if (std::count(upstream.services().begin(), upstream.services().end(), service) == 0) continue;
    CallTime time{contract::ToDuration(upstream.timeout(), upstream::UpstreamSettings().timeout),
                  "timeout of the upstream"};
    const std::string path = Cat("upstreams.", name, ".timeout");
    if (loaded.Has(path)) time.place = loaded.PlaceOf(path);
    return time;
  }
  return {};
}

}  // namespace

contract::Place Policies::PlaceOf(const std::string& value, const PolicyInForce& in_force,
                                  const Method& method, const std::string& api) const {
  if (const auto place = contract::PlaceOfValue(in_force.places, value)) return *place;
  const std::string front = Cat("apis.", api, '.');
  const std::string name = method.path.substr(1);
  for (const std::string& above :
       {Cat(front, "methods.", name), Cat(front, "methods.", method.service), Cat(front, "policy"),
        Cat("methods.", name), Cat("methods.", method.service)}) {
    const std::string path = Cat(above, '.', value);
    if (loaded_.Has(path)) return loaded_.PlaceOf(path);
  }
  return method.place;
}

void Policies::CheckOverride(const std::string& name, const contract::Contract& contract,
                             Findings& findings) const {
  CheckOverride(loaded_.config.methods().at(name), name, Cat("methods.", name), contract, findings);
}

void Policies::CheckApi(const std::string& api, const std::vector<const Method*>& methods,
                        const contract::Contract& contract, Findings& findings) const {
  const v1::Config::Api& from = loaded_.config.apis().at(api);
  const std::string path = Cat("apis.", api, ".policy");
  contract::CheckSuitsSome(
      from.policy(), methods,
      [&](const std::vector<int>& field, std::string_view value, std::string_view text) {
        const std::string at = Cat(path, '.', FieldPath(*v1::Policy::descriptor(), field));
        findings.Add(loaded_.PlaceOf(at), Cat(path, '.', value), text);
      });
  const std::map<std::string, v1::Policy> sorted(from.methods().begin(), from.methods().end());
  for (const auto& [name, own] : sorted) {
    CheckOverride(own, name, Cat("apis.", api, ".methods.", name), contract, findings);
  }
}

void Policies::CheckOverride(const v1::Policy& own, const std::string& name,
                             const std::string& path, const contract::Contract& contract,
                             Findings& findings) const {
  const auto add = [&](const std::vector<int>& field, std::string_view value,
                       std::string_view text) {
    const std::string at = Cat(path, '.', FieldPath(*v1::Policy::descriptor(), field));
    findings.Add(loaded_.PlaceOf(at), Cat(path, '.', value), text);
  };
  std::vector<const Method*> methods;
  if (name.find('/') != std::string::npos) {
    const Method* const method = contract.FindMethod(name);
    if (!method) return;
    methods.push_back(method);
    contract::CheckSuits(own, *method, add);
  } else {
    for (const Method& each : contract.methods()) {
      if (each.service == name) methods.push_back(&each);
    }
    contract::CheckSuitsSome(own, methods, add);
  }
  if (methods.empty() || std::any_of(methods.begin(), methods.end(), HasAddress)) return;
  for (const auto* field : WordsOfAddresses(own)) {
    add({field->number()}, field->name(), Cat(Quoted(name), kNothingReadsIt));
  }
}

void Policies::CheckAddressed(const Method& method, Findings& findings) const {
  if (HasAddress(&method)) return;
  for (const auto* field :
       WordsOfAddresses(method.descriptor->options().GetExtension(v1::method))) {
    findings.Add(contract::PlaceOfValue(method.policy_places, field->name()).value_or(method.place),
                 Cat(method.full_name, '.', field->name()),
                 Cat(Quoted(method.path.substr(1)), kNothingReadsIt));
  }
}

void Policies::CheckAuth(const Method& method, const std::string& api,
                         const policy::AuthSettings& auth, Findings& findings) {
  const PolicyInForce in_force = Of(method, api);
  const v1::Policy::Auth& own = in_force.policy.auth();
  const v1::Policy::Auth::Access otherwise = AccessOtherwise(loaded_.config.auth());
  const v1::Policy::Auth::Access access = contract::AccessOf(own, otherwise);
  const auto tell = [&](const std::string& name, std::string_view text) {
    Tell(PlaceOf(name, in_force, method, api), Cat(method.full_name, '.', name), text, findings);
  };
  const auto weakens = [&](const PolicyInForce& before, std::string_view what) {
    const std::string weaker = contract::WhatIsWeaker(before.policy.auth(), own, otherwise);
    if (weaker.empty()) return false;
    // Said here, and not where something else was weakened before.
    const auto said = [](const PolicyInForce& by) {
      const auto place = contract::PlaceOfValue(by.places, "auth.weakens");
      return place ? place->ToString() : "";
    };
    if (own.weakens() && said(in_force) != said(before)) return false;
    tell("auth", Cat("lets more callers in than ", what, ": ", weaker,
                     "; if that is meant, say `weakens: true` beside it"));
    return true;
  };
  if (api.empty() || !weakens(Of(method), "what is said outside of `apis`")) {
    weakens({method.policy, method.policy_places}, "the contract");
  }
  if (access == v1::Policy::Auth::REQUIRED && !auth.on() && !auth.development_caller) {
    tell("auth",
         "asks for known callers, and nobody can prove who they are: the file has neither "
         "auth.providers nor auth.api_keys nor auth.client_certificates");
  }
  std::vector<std::string> taken;
  if (!api.empty()) {
    const auto& named = loaded_.config.apis().at(api).credentials();
    taken.assign(named.begin(), named.end());
  }
  if (own.credentials_size() > 0 && auth.on() && !CanBring(own, auth, taken)) {
    tell("auth.credentials", Cat("asks for what nobody can bring: ",
                                 taken.empty() ? "the file" : Cat("the front ", Quoted(api)),
                                 " takes no such credential"));
  }
  if (access == v1::Policy::Auth::PUBLIC && method.needs_caller) {
    tell("auth.access", "is PUBLIC, and fields of the request are filled from the caller");
  }
  for (const std::string& header : in_force.policy.request_headers()) {
    if (!contract::IsAliasOf(contract::LowerCase(header), auth.metadata_keys)) continue;
    tell("request_headers", Cat(Quoted(header),
                                " is one of auth.claim_metadata, which only the "
                                "gateway sets"));
  }
}

void Policies::PassesBy(const v1::Policy& of_composed, const Method& called,
                        const std::vector<std::string>& unheld,
                        std::vector<std::string>& out) const {
  const std::string name = called.path.substr(1);
  const v1::Policy of_called = Of(called).policy;
  // Nobody else can call it, and nothing is said about who may.
  if (HasAddress(&called) || of_called.has_auth()) {
    const std::string weaker = contract::WhatIsWeaker(of_called.auth(), of_composed.auth(),
                                                      AccessOtherwise(loaded_.config.auth()));
    if (!weaker.empty()) {
      out.push_back(Cat("lets in callers that ", name, " itself would not: ", weaker));
    }
  }
  if (!unheld.empty()) {
    out.push_back(Cat("passes on what ", name,
                      " itself would hold against its rules: ", absl::StrJoin(unheld, ", ")));
  }
  std::vector<std::string> uncounted;
  for (const auto& limit : of_called.limit()) {
    const auto& own = of_composed.limit();
    const bool counted =
        limit.has_name() && std::any_of(own.begin(), own.end(), [&](const auto& other) {
          return other.name() == limit.name();
        });
    if (!counted) uncounted.push_back(TextOf(limit));
  }
  if (!uncounted.empty()) {
    out.push_back(
        Cat("is not counted in the limits of ", name, " itself: ", absl::StrJoin(uncounted, ", ")));
  }
}

std::vector<std::string> Policies::WhatStepPassesBy(const Method& composed, const std::string& api,
                                                    const contract::PlanStep& step) const {
  std::vector<std::string> out;
  const v1::Policy policy = Of(composed, api).policy;
  PassesBy(policy, step.called(), contract::UnheldRules(composed, step), out);
  if (!step.undo) return out;
  std::vector<std::string> undo;
  PassesBy(policy, *step.undo->method, contract::UnheldRulesOfUndo(composed, step), undo);
  for (const std::string& text : undo) out.push_back(Cat("its undo ", text));
  return out;
}

void Policies::CheckBrowsers(const Method& method, const std::string& api,
                             const http::CommonFields& common, Findings& findings) {
  const PolicyInForce in_force = Of(method, api);
  const auto tell = [&](const std::string& name, std::string_view text) {
    Tell(PlaceOf(name, in_force, method, api), Cat(method.full_name, '.', name), text, findings);
  };
  contract::CheckBrowsersTogether(in_force.policy, in_force.places, tell);
  for (const std::string& header : in_force.policy.response_headers()) {
    for (const auto& field : common.fields()) {
      if (contract::LowerCase(field.first) != contract::LowerCase(header)) continue;
      tell("response_headers",
           Cat(Quoted(header), " is set by the file's `headers` for all answers"));
    }
  }
}

void Policies::CheckSuccessors(const contract::Contract& contract, Findings& findings) {
  CheckSuccessors("", contract, nullptr, findings);
}

void Policies::CheckSuccessors(const std::string& api, const std::vector<const Method*>& methods,
                               const contract::Contract& contract, Findings& findings) {
  const std::set<const Method*> served(methods.begin(), methods.end());
  const auto is_served = [&](const Method& method) { return served.contains(&method); };
  CheckSuccessors(api, contract, is_served, findings);
}

void Policies::CheckSuccessors(const std::string& api, const contract::Contract& contract,
                               const std::function<bool(const Method&)>& looked_at,
                               Findings& findings) {
  std::map<const Method*, PolicyInForce> all;
  for (const Method& method : contract.methods()) all.emplace(&method, Of(method, api));
  contract::CheckSuccessors(
      contract.methods(),
      [&](const Method& method) -> const auto& { return all.at(&method).policy.version(); },
      [&](const Method& method, const std::string& name, std::string_view text) {
        Tell(PlaceOf(name, all.at(&method), method, api), Cat(method.full_name, '.', name), text,
             findings);
      },
      looked_at);
}

void Policies::CheckTogether(const Method& method, Findings& findings, const std::string& api) {
  const PolicyInForce in_force = Of(method, api);
  const CallTime time =
      Shortest({TimeOf(method, in_force, "timeout"),
                api.empty() ? TimeOfUpstream(loaded_, method.service) : CallTime()});
  const auto add = [&](const std::string& name, std::string_view text) {
    Tell(PlaceOf(name, in_force, method, api), Cat(method.full_name, '.', name), text, findings);
  };
  contract::CheckTogether(method, in_force.policy, in_force.places, time, add);
}

void Policies::CheckSteps(const Method& composed, const std::vector<std::string>& apis,
                          Findings& findings) {
  if (!composed.plan) return;
  CallTime longest{std::chrono::nanoseconds::zero()};
  for (const std::string& api : apis) {
    const CallTime here = TimeOf(composed, Of(composed, api), "timeout of the whole");
    if (here.longest > longest.longest) longest = here;
  }
  const CallTime whole = Shortest({{composed.plan->deadline, "deadline of the whole"}, longest});
  for (const contract::PlanStep& step : composed.plan->steps) {
    if (step.policy_places.empty()) continue;
    const CallTime of_upstream = TimeOfUpstream(loaded_, step.called().service);
    const CallTime time = Shortest({{step.timeout, "step's timeout"}, whole, of_upstream});
    const PolicyInForce in_force = Of(step);
    contract::PolicyPlaces own = step.policy_places;
    // What the file has put something else for is looked at as the called method's.
    std::erase_if(own, [&](const auto& value) {
      return in_force.places.at(value.first).ToString() != value.second.ToString();
    });
    const auto add = [&](const std::string& name, std::string_view text) {
      const auto place = contract::PlaceOfValue(own, name);
      if (!place) return;  // the called method's, and reported there
      Tell(*place, composed.full_name, Cat("step ", Quoted(step.id), ": ", name, ": ", text),
           findings);
    };
    contract::CheckTogether(step.called(), in_force.policy, own, time, add, &in_force.places);
  }
}

void Policies::Tell(const contract::Place& place, const std::string& path, std::string_view text,
                    Findings& findings) {
  if (told_.insert(Cat(place.ToString(), text)).second) findings.Add(place, path, text);
}

}  // namespace frontdesk::config
