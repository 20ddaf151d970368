#include "gateway/config/compile.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/config/apis.h"
#include "gateway/config/auth.h"
#include "gateway/config/call_policy.h"
#include "gateway/config/contract_file.h"
#include "gateway/config/headers.h"
#include "gateway/config/limits.h"
#include "gateway/config/policies.h"
#include "gateway/config/protection.h"
#include "gateway/config/tls.h"
#include "gateway/config/upstreams.h"
#include "gateway/config/versions.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/header_rules.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/version_check.h"
#include "gateway/tls/credentials.h"
#include "gateway/upstream/canary.h"

namespace frontdesk::config {
namespace {

using contract::Contract;
using contract::Findings;
using contract::Method;

http::ServerLimits ToLimits(const v1::Config::Limits& from) {
  http::ServerLimits limits;
  if (from.has_header_bytes()) limits.header_bytes = from.header_bytes();
  if (from.has_header_fields()) limits.header_fields = from.header_fields();
  if (from.has_target_bytes()) limits.target_bytes = from.target_bytes();
  if (from.has_body_bytes()) limits.body_bytes = from.body_bytes();
  if (from.has_body_rate()) limits.body_rate = from.body_rate();
  if (from.has_connections()) limits.connections = from.connections();
  limits.header_timeout = ToDuration(from.header_timeout(), limits.header_timeout);
  limits.idle_timeout = ToDuration(from.idle_timeout(), limits.idle_timeout);
  limits.send_timeout = ToDuration(from.send_timeout(), limits.send_timeout);
  return limits;
}

std::vector<std::string> LowerCase(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<std::string> lower;
  for (const std::string& name : names) lower.push_back(contract::LowerCase(name));
  return lower;
}

std::unique_ptr<route::Route> ToRoute(const Method& method, const contract::Binding& binding,
                                      const v1::Policy& policy, const v1::Config& config,
                                      const http::ServerLimits& limits) {
  auto route = std::make_unique<route::Route>();
  route->method = &method;
  route->binding = &binding;
  route->timeout = ToDuration(policy.timeout(), route->timeout);
  route->max_request_bytes = limits.body_bytes;
  if (policy.has_max_request_bytes()) route->max_request_bytes = policy.max_request_bytes();
  if (policy.has_max_response_bytes()) route->max_response_bytes = policy.max_response_bytes();
  if (policy.has_success_status())
    route->success_status = static_cast<int>(policy.success_status());
  route->print_defaults = policy.print().defaults();
  route->proto_names = policy.print().proto_names();
  route->enum_numbers = policy.print().enum_numbers();
  route->ignore_unknown_fields = policy.parse().ignore_unknown_fields();
  route->ignore_unknown_parameters = policy.parse().ignore_unknown_parameters();
  route->last_key_wins = policy.parse().last_key_wins();
  route->keep_reserved_encoded = policy.path().keep_reserved_encoded();
  route->ignore_trailing_slash = policy.path().ignore_trailing_slash();
  // A safe request may be repeated as it is, also where a whole service has the policy.
  const bool safe = binding.http_method == "GET" || binding.http_method == "HEAD";
  route->idempotency.on = policy.has_idempotency() && !safe;
  route->idempotency.required = policy.idempotency().required();
  route->idempotency.ttl = ToDuration(policy.idempotency().ttl(), route->idempotency.ttl);
  Protect(policy, *route);
  route->auth = ToRouteAuth(policy.auth(), AccessOtherwise(config.auth()));
  if (policy.header_rules_size() > 0) {
    // What is wrong with them was told where they were written.
    route->header_rules = std::make_shared<const std::vector<contract::HeaderRules>>(
        contract::CompileHeaderRules(policy, [](const auto&, auto, auto) {}));
  }
  route->request_headers = LowerCase(policy.request_headers());
  route->response_headers = LowerCase(policy.response_headers());
  return route;
}

// Builds a snapshot's routes and upstreams from both files and finds what does not fit together.
class Compiler {
 public:
  Compiler(const LoadedConfig& loaded, const Contract& contract, const compose::Registry& code,
           Findings& findings)
      : loaded_(loaded),
        config_(loaded.config),
        contract_(contract),
        code_(code),
        findings_(findings),
        policies_(loaded),
        limit_rules_(findings),
        all_known_(findings.empty()) {}

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
      for (int i = 0; i < upstream->services_size(); ++i) {
        served_.insert(upstream->services(i));
        CheckService(upstream->services(i), Cat("upstreams.", name, ".services[", i, "]"));
      }
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
        std::string opens = policies_.WhatStepOpens(method, step);
        if (!opens.empty()) snapshot.opened_steps[&step] = std::move(opens);
        if (step.policy_places.empty()) continue;
        policies_.CheckTogether(method, step, findings_);
        PolicyInForce in_force = policies_.Of(step);
        snapshot.step_policies.Add(method, i,
                                   ToCallPolicy(in_force.policy, step.called().idempotency));
        snapshot.step_places[&step] = std::move(in_force.places);
      }
    }
  }

  void Routes(Snapshot& snapshot) {
    const std::vector<ApiSource> sources = ApiSources(loaded_, contract_, findings_);
    policies_.CheckSuccessors(contract_, findings_);
    for (const Method& method : contract_.methods()) policies_.CheckAddressed(method, findings_);
    std::set<const Method*> served;
    for (const ApiSource& source : sources) {
      std::unique_ptr<route::Api> api;
      if (source.from) {
        policies_.CheckApi(source.name, source.methods, contract_, findings_);
        api = ToApi(source);
      }
      route::MatcherBuilder builder;
      const size_t before = snapshot.routes.size();
      for (const Method* method : source.methods) {
        if (AddRoutes(*method, source, api.get(), builder, snapshot)) served.insert(method);
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
    for (const Method& method : contract_.methods()) {
      if (!method.bindings.empty() && !served.contains(&method)) {
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
    if (api || !served_.contains(method.service)) {
      policies_.CheckTogether(method, std::chrono::nanoseconds::max(), findings_, source.name);
    }
    const PolicyInForce in_force = policies_.Of(method, source.name);
    const v1::Policy& policy = in_force.policy;
    // What is never called, for no front serves it or it is retired, needs nobody behind it.
    if (!contract::IsRetired(policy.version())) CheckReachable(method);
    CheckBodyLimit(method, policy, in_force.places, snapshot.limits);
    policies_.CheckAuth(method, source.name, snapshot.chain.auth, findings_);
    policies_.CheckBrowsers(method, source.name, snapshot.answer_headers.all(), findings_);
    const int bulkhead = Bulkhead(snapshot, method, policy, in_force.places);
    const route::MatchOptions options{policy.path().ignore_trailing_slash()};
    bool added_any = false;
    for (const contract::Binding& binding : method.bindings) {
      if (!(api && api->strip_prefix) && !route::HealthPath(binding.path.text).empty()) {
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
      route.version = ToVersion(method, binding, policy, contract_,
                                api && api->strip_prefix ? api->PrefixText() : "");
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
      policies_.CheckTogether(method, upstream.timeout, findings_);
      PolicyInForce in_force = policies_.Of(method);
      upstream.methods[method.path] = ToCallPolicy(in_force.policy, method.idempotency);
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

  void CheckService(const std::string& service, const std::string& path) {
    if (contract_.HasService(service)) return;
    all_known_ = false;
    findings_.Add(loaded_.PlaceOf(path), path,
                  Cat("the contract has no service \"", service, "\"",
                      contract::DidYouMean(service, Services())));
  }

  // The listener cuts off longer bodies before it knows their route.
  void CheckBodyLimit(const Method& method, const v1::Policy& policy,
                      const contract::PolicyPlaces& places, const http::ServerLimits& limits) {
    if (!policy.has_max_request_bytes() || policy.max_request_bytes() <= limits.body_bytes) return;
    AddOnce(method, places, "max_request_bytes",
            Cat("is more than limits.body_bytes (", limits.body_bytes,
                "), above which no body is read"));
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

  // Every call that a route can make has an upstream.
  void CheckReachable(const Method& method) {
    const std::string missing = code_.WhatIsMissing(method);
    if (!missing.empty()) findings_.Add(method.place, method.full_name, missing);
    if (method.custom) return;  // what it calls only its code knows
    if (!method.plan) {
      CheckServed(method, method);
      return;
    }
    for (const contract::PlanStep& step : method.plan->steps) {
      CheckServed(*step.method, method);
      if (step.batch) CheckServed(*step.batch->method, method);
      if (step.undo) CheckServed(*step.undo->method, method);
    }
  }

  void CheckServed(const Method& called, const Method& by) {
    // A file that is wrong in one place would seem to lack much else.
    if (!all_known_) return;
    if (served_.contains(called.service) || !missing_.insert(called.service).second) return;
    findings_.Add(
        loaded_.PlaceOf("upstreams"), "upstreams",
        Cat("no upstream has service ", called.service, ", which ", by.full_name, " calls"));
  }

  std::vector<std::string> Services() const {
    std::vector<std::string> names;
    for (const Method& method : contract_.methods()) names.push_back(method.service);
    return names;
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names = Services();
    for (const Method& method : contract_.methods()) {
      names.push_back(Cat(method.service, '/', method.name));
    }
    return names;
  }

  const LoadedConfig& loaded_;
  const v1::Config& config_;
  const Contract& contract_;
  const compose::Registry& code_;
  Findings& findings_;
  Policies policies_;
  LimitRules limit_rules_;
  bool all_known_;  // the file is right by itself, and the contract has what it names
  std::map<std::string, const v1::Upstream*> by_name_;  // sorted, so that findings repeat
  std::set<std::string> served_;
  std::set<std::string> missing_;
  std::set<std::string> told_;
};

}  // namespace

std::unique_ptr<Snapshot> Compile(const std::string& config_file,
                                  const std::vector<std::string>& proto_path,
                                  const compose::Registry& code, Findings& findings) {
  const std::optional<LoadedConfig> loaded = LoadConfig(config_file, findings);
  if (!loaded) return nullptr;
  const v1::Config& config = loaded->config;
  const auto folder = std::filesystem::path(config_file).parent_path();
  CheckTlsFiles(*loaded, folder, std::chrono::system_clock::now(), findings);

  auto snapshot = std::make_unique<Snapshot>();
  snapshot->limits = ToLimits(config.limits());
  if (config.limits().has_idempotency_entries()) {
    snapshot->idempotency.entries = config.limits().idempotency_entries();
  }
  if (config.limits().has_idempotency_bytes()) {
    snapshot->idempotency.bytes = config.limits().idempotency_bytes();
  }
  snapshot->overload = ToOverload(config.overload());
  snapshot->bulkheads = ToBulkheads(config);
  for (const std::string& server : config.dns().servers()) {
    snapshot->dns.servers += Cat(snapshot->dns.servers.empty() ? "" : ",", server);
  }
  ToLimitStore(*loaded, config_file, *snapshot, findings);
  snapshot->trusted_hops = config.listen().trusted_hops();
  snapshot->chain.auth =
      ToAuth(*loaded, std::filesystem::path(config_file).parent_path().string(), findings);
  snapshot->chain.via = config.headers().via();
  snapshot->answer_headers = ToAnswerHeaders(config.headers());
  snapshot->cors = ToCors(config.headers().cors(), config, nullptr);
  if (config.limits().has_json_depth()) {
    snapshot->chain.json_depth = static_cast<int>(config.limits().json_depth());
  }
  const auto& listen = config.listen();
  snapshot->listen_address = listen.has_address() ? listen.address() : "127.0.0.1:8080";
  snapshot->workers =
      listen.has_workers() ? listen.workers() : std::max(1u, std::thread::hardware_concurrency());
  if (listen.has_tls()) {
    snapshot->listen_tls = ToServerTls(listen.tls(), folder);
    snapshot->handshake_timeout =
        ToDuration(listen.tls().handshake_timeout(), snapshot->handshake_timeout);
  }
  if (listen.has_backlog()) snapshot->backlog = static_cast<int>(listen.backlog());
  snapshot->admin_address =
      config.admin().has_address() ? config.admin().address() : "127.0.0.1:9900";
  snapshot->access_log = config.log().access() != v1::Config::Log::OFF;
  if (config.log().has_file()) {
    snapshot->access_log_file = (folder / config.log().file()).string();
  }
  snapshot->drain_grace = ToDuration(config.drain().grace(), std::chrono::seconds(5));
  snapshot->drain_timeout = ToDuration(config.drain().timeout(), std::chrono::seconds(30));

  snapshot->contract = LoadContract(*loaded, config_file, proto_path, findings);
  if (!snapshot->contract) return nullptr;
  snapshot->chain.types = &snapshot->contract->tables();
  Compiler compiler(*loaded, *snapshot->contract, code, findings);
  compiler.Upstreams(*snapshot, folder);
  compiler.Overrides();
  compiler.Steps(*snapshot);
  compiler.Routes(*snapshot);
  if (!findings.empty()) return nullptr;
  return snapshot;
}

}  // namespace frontdesk::config
