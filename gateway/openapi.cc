// The verb that writes the contract down for clients.
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "codegen/openapi/document.h"
#include "gateway/base/text.h"
#include "gateway/config/compile.h"
#include "gateway/contract/report.h"
#include "gateway/verbs.h"

namespace frontdesk {
namespace {

using codegen::openapi::DocumentOptions;

// What a document shows of the values in force, which the operator's file may have changed.
v1::Policy ToPolicy(const config::Snapshot& snapshot, const route::Route& route) {
  v1::Policy policy;
  policy.set_success_status(static_cast<uint32_t>(route.success_status));
  policy.mutable_print()->set_defaults(route.print_defaults);
  policy.mutable_print()->set_proto_names(route.proto_names);
  policy.mutable_print()->set_enum_numbers(route.enum_numbers);
  if (snapshot.address_rule) policy.add_limit();
  for (const auto* limits :
       {&route.limits_by_address, &route.limits_by_caller, &route.limits_by_field}) {
    for (size_t i = 0; i < limits->size(); ++i) policy.add_limit();
  }
  for (const std::string& name : route.request_headers) policy.add_request_headers(name);
  for (const std::string& name : route.response_headers) policy.add_response_headers(name);
  if (route.version) *policy.mutable_version() = route.version->policy;
  return policy;
}

int Tell(const contract::Findings& findings, const VerbOptions& options) {
  std::cout << contract::Report(findings, contract::SourcesBelow(options.proto_path));
  return kFindings;
}

int OfSet(const VerbOptions& options, const DocumentOptions& document) {
  contract::Findings findings;
  std::ifstream file(options.set, std::ios::binary);
  std::stringstream bytes;
  if (!file || !(bytes << file.rdbuf())) {
    findings.Add({options.set}, "", "cannot read the descriptor set");
    return Tell(findings, options);
  }
  const auto contract = contract::Contract::Load(bytes.str(), options.set, findings,
                                                 contract::SourcesBelow(options.proto_path));
  if (contract == nullptr) return Tell(findings, options);
  std::cout << WriteDocument(*contract, document);
  return kFine;
}

// The names of the fronts, for those who have given none, or another one.
std::string Fronts(const config::Snapshot& snapshot) {
  std::string names;
  for (const auto& api : snapshot.apis.all()) names += Cat(names.empty() ? "" : ", ", api->name);
  return names;
}

int OfConfig(const VerbOptions& options, DocumentOptions& document) {
  contract::Findings findings;
  const std::unique_ptr<config::Snapshot> snapshot =
      config::Compile(options.config, options.proto_path, *options.code, findings);
  if (snapshot == nullptr) return Tell(findings, options);
  const route::Api* const api = snapshot->apis.FindByName(options.api);
  if (!api && !(snapshot->apis.empty() && options.api.empty())) {
    std::cerr << "--api "
              << (options.api.empty() ? "is needed: each front has a document of its own"
                                      : "names no front of the configuration")
              << "; there are: " << Fronts(*snapshot) << '\n';
    return kUsage;
  }
  std::map<const contract::Method*, const route::Route*> routes;
  std::set<const contract::Binding*> served;
  for (const auto& route : snapshot->routes) {
    if (route->api != api) continue;
    routes.emplace(route->method, route.get());
    served.insert(route->binding);
  }
  document.serves = [&](const contract::Binding& binding) { return served.contains(&binding); };
  if (api && api->strip_prefix) document.server += api->PrefixText();
  document.policy = [&](const contract::Method& method) {
    return ToPolicy(*snapshot, *routes.at(&method));
  };
  std::cout << WriteDocument(*snapshot->contract, document);
  return kFine;
}

}  // namespace

int OpenApi(const VerbOptions& options) {
  DocumentOptions document;
  if (!options.title.empty()) document.title = options.title;
  if (!options.api_version.empty()) document.version = options.api_version;
  document.server = options.server;
  return options.set.empty() ? OfConfig(options, document) : OfSet(options, document);
}

}  // namespace frontdesk
