#include "gateway/config/compile.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/config/apis.h"
#include "gateway/config/contract_file.h"
#include "gateway/config/digest.h"
#include "gateway/config/headers.h"
#include "gateway/config/limits.h"
#include "gateway/config/policies.h"
#include "gateway/config/process.h"
#include "gateway/config/reach.h"
#include "gateway/config/routes.h"
#include "gateway/config/tls.h"
#include "gateway/config/upstreams.h"
#include "gateway/config/versions.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/to_call_policy.h"
#include "gateway/contract/version_check.h"
#include "gateway/tls/credentials.h"
#include "gateway/upstream/canary.h"

namespace frontdesk::config {
namespace {

using contract::Contract;
using contract::Findings;
using contract::Method;

// Builds a snapshot's routes and upstreams from both files and finds what does not fit together.
class Compiler {
 public:
  Compiler(const LoadedConfig& loaded, const Contract& contract, const compose::Registry& code,
           Findings& findings)
      : loaded_(loaded),
        config_(loaded.config),
        contract_(contract),
        findings_(findings),
        reach_(loaded, contract, code, findings),
        policies_(loaded),
        limit_rules_(findings) {}

  void Upstreams(Snapshot& snapshot, const std::filesystem::path& folder) {
    for (const auto& [name, upstream] : config_.upstreams()) by_name_.emplace(name, &upstream);
    for (const auto& [name, upstream] : by_name_) {
      snapshot.upstreams.push_back(ToSettings(name, *upstream, config_.zone()));
      if (upstream->has_tls()) {
        snapshot.upstreams.back().tls = tls::Credentials::OfClient(
            Cat("upstream ", name), ToClientTls(upstream->tls(), folder));
      }
      Methods(snapshot.upstreams.back(), snapshot);
      snapshot.upstream_places.push_back(PlacesOf(Cat("upstreams.", name), *upstream));
      // Of the whole gateway, and told with each upstream, whose end points they concern.
      for (const std::string_view common : {"zone", "dns.servers"}) {
        if (!loaded_.Has(common)) continue;
        snapshot.upstream_places.back()[std::string(common)] = loaded_.PlaceOf(common);
      }
      reach_.Add(name, *upstream);
    }
    if (std::any_of(by_name_.begin(), by_name_.end(),
                    [](const auto& one) { return one.second->has_canary(); })) {
      snapshot.version_headers = upstream::VersionHeaders(snapshot.upstreams);
    }
  }

  void Overrides() {
    for (const auto& [name, policy] : config_.methods()) {
      policies_.CheckOverride(name, contract_, findings_);
      const bool method = name.find('/') != std::string::npos;
      if (method ? contract_.FindMethod(name) != nullptr : contract_.HasService(name)) continue;
      findings_.Add(
          loaded_.PlaceOf(Cat("methods.", name)), Cat("methods.", name),
          Cat("the contract has no such method or service", contract::DidYouMean(name, Names())));
    }
  }

  // What steps of compositions say about their calls.
  void Steps(Snapshot& snapshot) {
    for (const Method& method : contract_.methods()) {
      if (!method.plan) continue;
      for (size_t i = 0; i < method.plan->steps.size(); ++i) {
        const contract::PlanStep& step = method.plan->steps[i];
        if (step.policy_places.empty()) continue;
        PolicyInForce in_force = policies_.Of(step);
        snapshot.step_policies.Add(
            method, i, contract::ToCallPolicy(in_force.policy, step.called().idempotency));
        snapshot.step_places[&step] = std::move(in_force.places);
      }
    }
  }

  // What steps do not ask for, with the policy of each front that serves their composition.
  void PassedBy(Snapshot& snapshot) const {
    std::set<std::pair<const Method*, const route::Api*>> served;
    for (const auto& route : snapshot.routes) served.emplace(route->method, route->api);
    for (const Method& method : contract_.methods()) {
      if (method.bindings.empty()) served.emplace(&method, nullptr);
    }
    for (const auto& [method, api] : served) {
      if (!method->plan) continue;
      for (const contract::PlanStep& step : method->plan->steps) {
        std::vector<std::string> passes =
            policies_.WhatStepPassesBy(*method, api ? api->name : "", step);
        if (!passes.empty()) snapshot.passed_by[{&step, api}] = std::move(passes);
      }
    }
  }

  void Routes(Snapshot& snapshot) {
    const std::vector<ApiSource> sources = ApiSources(loaded_, contract_, findings_);
    policies_.CheckSuccessors(contract_, findings_);
    for (const Method& method : contract_.methods()) policies_.CheckAddressed(method, findings_);
    std::map<const Method*, std::vector<std::string>> served;  // by which fronts
    for (const ApiSource& source : sources) {
      std::unique_ptr<route::Api> api;
      if (source.from) {
        policies_.CheckApi(source.name, source.methods, contract_, findings_);
        policies_.CheckSuccessors(source.name, source.methods, contract_, findings_);
        api = ToApi(source);
      }
      route::MatcherBuilder builder;
      const size_t before = snapshot.routes.size();
      for (const Method* method : source.methods) {
        if (AddRoutes(*method, source, api.get(), builder, snapshot)) {
          served[method].push_back(source.name);
        }
      }
      if (snapshot.routes.size() == before && !source.methods.empty()) {
        const std::string path = Cat("apis.", source.name, ".path_prefix");
        findings_.Add(loaded_.PlaceOf(path), path,
                      "no address of what is served here begins so, and it is not stripped");
      }
      if (!api) {
        snapshot.matcher = builder.Build();
        continue;
      }
      api->matcher = builder.Build();
      snapshot.apis.Add(std::move(api));
    }
    for (const auto& route : snapshot.routes) {
      const std::string wrong = WhereSuccessorIsNot(*route, snapshot, contract_);
      if (!wrong.empty()) AddOnce(*route->method, route->places, "version.successor", wrong);
    }
    for (const Method& method : contract_.methods()) {
      if (method.bindings.empty()) {
        policies_.CheckSteps(method, {""}, findings_);
      } else if (const auto fronts = served.find(&method); fronts != served.end()) {
        policies_.CheckSteps(method, fronts->second, findings_);
      } else {
        snapshot.unserved.push_back(&method);
      }
    }
  }

 private:
  // The routes of a method in one front, or for all where there is none (`api` is null). False when
  // it has none there.
  bool AddRoutes(const Method& method, const ApiSource& source, const route::Api* api,
                 route::MatcherBuilder& builder, Snapshot& snapshot) {
    // Of those that upstreams serve it was done with their times.
    if (api || !reach_.Serves(method.service)) {
      policies_.CheckTogether(method, findings_, source.name);
    }
    const PolicyInForce in_force = policies_.Of(method, source.name);
    const v1::Policy& policy = in_force.policy;
    for (const std::string& name : in_force.lifted) {
      snapshot.lifted.insert(
          Cat(method.full_name, ": asks no more for ", name, ", as auth.access ", "at ",
              PlaceOfValue(in_force.places, "auth").value_or(method.place).ToString(),
              " lets everybody in"));
    }
    // What is never called, for no front serves it or it is retired, needs nobody behind it.
    if (!contract::IsRetired(policy.version())) reach_.Check(method);
    CheckBodyLimit(method, policy, in_force.places, snapshot.limits);
    CheckAnswerLimit(method, policy, in_force.places, snapshot.upstreams);
    policies_.CheckAuth(method, source.name, snapshot.chain.auth, findings_);
    policies_.CheckBrowsers(method, source.name, snapshot.answer_headers.all(), findings_);
    const int bulkhead = Bulkhead(snapshot, method, policy, in_force.places);
    const route::MatchOptions options{policy.path().ignore_trailing_slash()};
    bool added_any = false;
    for (const contract::Binding& binding : method.bindings) {
      const bool behind_prefix = api && api->strip_prefix && !api->prefix.empty();
      if (!behind_prefix && !route::HealthPath(binding.path.text).empty()) {
        findings_.Add(binding.place, method.full_name,
                      Cat("is never reached: the gateway answers ", binding.path.text, " itself"));
      }
      if (api && !MayBegin(binding.path, *api)) continue;
      route::Route& route =
          *snapshot.routes.emplace_back(ToRoute(method, binding, policy, config_, snapshot.limits));
      route.api = api;
      route.places = in_force.places;
      route.bulkhead = bulkhead;
      if (snapshot.address_rule) {
        constexpr char kByAddress[] = "rate_limits.by_address";
        route.places[kByAddress] = loaded_.PlaceOf(kByAddress);
      }
      limit_rules_.Add(method, policy, in_force.places, in_force.limits_of_api ? source.name : "",
                       snapshot.limit_rules, route);
      if (api) OfApi(source, snapshot, route);
      route.version = ToVersion(method, binding, policy, contract_, api);
      ProtectFromOtherSites(policy, route);
      // Behind all else, which it tells browsers of.
      route.cors = ToCors(policy.cors(), config_, &route);
      snapshot.any_cors = snapshot.any_cors || route.cors;
      const absl::Status added = builder.Add(binding.http_method, binding.path, &route, options);
      if (!added.ok()) findings_.Add(binding.place, method.full_name, Std(added.message()));
      added_any = true;
    }
    return added_any;
  }

  // What a front adds to what its policy says.
  void OfApi(const ApiSource& source, Snapshot& snapshot, route::Route& route) {
    const std::string at = Cat("apis.", source.name);
    route.auth.providers.assign(source.from->credentials().begin(),
                                source.from->credentials().end());
    for (const char* word : {"credentials", "limit"}) {
      const std::string path = Cat(at, '.', word);
      if (loaded_.Has(path)) route.places.emplace(word, loaded_.PlaceOf(path));
    }
    for (int i = 0; i < source.from->limit_size(); ++i) {
      const std::string path = Cat(at, ".limit[", i, ']');
      limit_rules_.AddOfApi(path, source.from->limit(i), loaded_.PlaceOf(path),
                            snapshot.limit_rules, route);
    }
  }

  // How calls of each method of the upstream's services are protected, bound or not.
  void Methods(upstream::UpstreamSettings& upstream, Snapshot& snapshot) {
    const std::set<std::string> services(upstream.services.begin(), upstream.services.end());
    for (const Method& method : contract_.methods()) {
      if (!services.contains(method.service)) continue;
      policies_.CheckTogether(method, findings_);
      PolicyInForce in_force = policies_.Of(method);
      upstream.methods[method.path] = contract::ToCallPolicy(in_force.policy, method.idempotency);
      snapshot.policy_places[&method] = std::move(in_force.places);
    }
  }

  // Of each value that the file says of a message.
  contract::PolicyPlaces PlacesOf(const std::string& path,
                                  const google::protobuf::Message& message) {
    contract::PolicyPlaces places;
    contract::EachLeaf(message, [&](const std::string& name, const std::vector<int>&) {
      places[name] = loaded_.PlaceOf(Cat(path, '.', name));
    });
    return places;
  }

  // The listener cuts off longer bodies before it knows their route.
  void CheckBodyLimit(const Method& method, const v1::Policy& policy,
                      const contract::PolicyPlaces& places, const http::ServerLimits& limits) {
    if (!policy.has_max_request_bytes() || policy.max_request_bytes() <= limits.body_bytes) return;
    AddOnce(method, places, "max_request_bytes",
            Cat("is more than limits.body_bytes (", limits.body_bytes,
                "), above which no body is read"));
  }

  // The same of what an upstream answers, of a method that is one call of it.
  void CheckAnswerLimit(const Method& method, const v1::Policy& policy,
                        const contract::PolicyPlaces& places,
                        const std::vector<upstream::UpstreamSettings>& upstreams) {
    if (method.plan || method.custom || !policy.has_max_response_bytes()) return;
    for (const upstream::UpstreamSettings& each : upstreams) {
      const auto& services = each.services;
      if (std::count(services.begin(), services.end(), method.service) == 0) continue;
      if (policy.max_response_bytes() <= each.max_message_bytes) return;
      AddOnce(method, places, "max_response_bytes",
              Cat("is more than upstreams.", each.name, ".max_message_bytes (",
                  each.max_message_bytes, "), above which no message is read"));
    }
  }

  // Index of the bulkhead that the policy names; -1 for none.
  int Bulkhead(const Snapshot& snapshot, const Method& method, const v1::Policy& policy,
               const contract::PolicyPlaces& places) {
    if (policy.bulkhead().empty()) return -1;
    std::vector<std::string> names;
    for (const auto& bulkhead : snapshot.bulkheads) names.push_back(bulkhead.name);
    const auto found = std::find(names.begin(), names.end(), policy.bulkhead());
    if (found != names.end()) return static_cast<int>(found - names.begin());
    AddOnce(method, places, "bulkhead",
            Cat("the file has no bulkhead \"", policy.bulkhead(), "\"",
                contract::DidYouMean(policy.bulkhead(), names)));
    return -1;
  }

  // What many methods have from one line, or several fronts from one method, is said once.
  void AddOnce(const Method& method, const contract::PolicyPlaces& places, const std::string& value,
               const std::string& text) {
    const contract::Place place = contract::PlaceOfValue(places, value).value_or(method.place);
    if (told_.insert(Cat(place.ToString(), text)).second) {
      findings_.Add(place, Cat(method.full_name, '.', value), text);
    }
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Method& method : contract_.methods()) {
      names.push_back(method.service);
      names.push_back(Cat(method.service, '/', method.name));
    }
    return names;
  }

  const LoadedConfig& loaded_;
  const v1::Config& config_;
  const Contract& contract_;
  Findings& findings_;
  Reach reach_;
  Policies policies_;
  LimitRules limit_rules_;
  std::map<std::string, const v1::Upstream*> by_name_;  // sorted, so that findings repeat
  std::set<std::string> told_;
};

}  // namespace

std::unique_ptr<Snapshot> Compile(const std::string& config_file,
                                  const std::vector<std::string>& proto_path,
                                  const compose::Registry& code, Findings& findings) {
  const std::optional<LoadedConfig> loaded = LoadConfig(config_file, findings);
  if (!loaded) return nullptr;
  const auto folder = std::filesystem::path(config_file).parent_path();
  CheckTlsFiles(*loaded, folder, std::chrono::system_clock::now(), findings);

  auto snapshot = std::make_unique<Snapshot>();
  ToProcess(*loaded, config_file, *snapshot, findings);
  snapshot->contract = LoadContract(*loaded, config_file, proto_path, findings);
  if (!snapshot->contract) return nullptr;
  snapshot->chain.types = &snapshot->contract->tables();
  Compiler compiler(*loaded, *snapshot->contract, code, findings);
  compiler.Upstreams(*snapshot, folder);
  compiler.Overrides();
  compiler.Steps(*snapshot);
  compiler.Routes(*snapshot);
  compiler.PassedBy(*snapshot);
  if (!findings.empty()) return nullptr;
  snapshot->made_of = DigestOf(loaded->config, *snapshot->contract);
  if (snapshot->shared_limits) {  // whose password is read only once
    snapshot->made_of = Sha256({View(snapshot->made_of), snapshot->shared_limits->redis.password});
  }
  return snapshot;
}

}  // namespace frontdesk::config
