// The verb that writes the contract down for clients.
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "codegen/openapi/document.h"
#include "gateway/base/text.h"
#include "gateway/config/compile.h"
#include "gateway/config/contract_file.h"
#include "gateway/contract/header_rules.h"
#include "gateway/tell.h"
#include "gateway/verbs.h"

namespace frontdesk {
namespace {

using codegen::openapi::DocumentOptions;

// Of the kinds of credentials that a route asks for those that somebody it trusts gives out; all
// that it asks for where nobody does, as where all there is is a development caller.
void AddCredentials(const route::Route::Auth& from, const policy::AuthSettings& settings,
                    v1::Policy::Auth& auth) {
  using policy::Credential;
  using Kind = Credential::Kind;
  const auto trusts = [&](std::string_view name) {
    return from.providers.empty() ||
           std::find(from.providers.begin(), from.providers.end(), name) != from.providers.end();
  };
  const bool tokens = std::any_of(
      settings.providers.begin(), settings.providers.end(),
      [&](const policy::AuthSettings::Provider& provider) { return trusts(provider.name); });
  const std::pair<Kind, bool> kinds[] = {
      {Kind::kToken, tokens},
      {Kind::kSession, tokens && !settings.places.cookie.empty()},
      {Kind::kApiKey, settings.api_keys && trusts(identity::ApiKeys::kProvider)},
      {Kind::kCertificate, settings.certificates && trusts(identity::CertificateRules::kProvider)}};
  for (const bool anybody : {false, true}) {
    if (anybody && (auth.credentials_size() > 0 || from.credentials == 0)) return;
    for (const auto& [kind, given] : kinds) {
      if (!given && !anybody) continue;
      if (from.credentials != 0 && (from.credentials & Credential::Bit(kind)) == 0) continue;
      // Numbered alike.
      auth.add_credentials(static_cast<v1::Policy::Auth::Credential>(kind));
    }
  }
}

v1::Policy::Auth ToAuth(const route::Route::Auth& from, const policy::AuthSettings& settings) {
  using Access = route::Route::Auth::Access;
  v1::Policy::Auth auth;
  auth.set_access(from.access == Access::kPublic     ? v1::Policy::Auth::PUBLIC
                  : from.access == Access::kOptional ? v1::Policy::Auth::OPTIONAL
                                                     : v1::Policy::Auth::REQUIRED);
  for (const std::string& name : from.scopes) auth.add_scopes(name);
  for (const std::string& name : from.any_scope) auth.add_any_scope(name);
  for (const std::string& name : from.roles) auth.add_roles(name);
  for (const route::Route::Auth::Claim& claim : from.claims) {
    v1::Policy::Auth::Claim& to = *auth.add_claims();
    to.set_name(claim.name);
    for (const std::string& value : claim.values) to.add_values(value);
  }
  AddCredentials(from, settings, auth);
  return auth;
}

// What a document shows of the values in force, which the operator's file may have changed.
v1::Policy ToPolicy(const config::Snapshot& snapshot, const route::Route& route) {
  v1::Policy policy = route.method->policy;
  policy.set_success_status(static_cast<uint32_t>(route.success_status));
  policy.mutable_print()->set_defaults(route.print_defaults);
  policy.mutable_print()->set_proto_names(route.proto_names);
  policy.mutable_print()->set_enum_numbers(route.enum_numbers);
  // Nobody can switch it off; a method's bindings that only read have it off by themselves.
  for (const auto& other : snapshot.routes) {
    if (other->method == route.method && other->api == route.api && other->idempotency.on) {
      policy.mutable_idempotency();
    }
  }
  if (policy.has_idempotency()) {
    policy.mutable_idempotency()->set_required(route.idempotency.required);
  }
  *policy.mutable_auth() = ToAuth(route.auth, snapshot.chain.auth);
  policy.clear_header_rules();
  if (route.header_rules) {
    for (const contract::HeaderRules& rules : *route.header_rules) {
      v1::HeaderRules& header = *policy.add_header_rules();
      header.set_name(rules.name);
      header.set_required(rules.required);
    }
  }
  policy.clear_limit();
  if (snapshot.address_rule) policy.add_limit();
  for (const auto* limits :
       {&route.limits_by_address, &route.limits_by_caller, &route.limits_by_field}) {
    for (size_t i = 0; i < limits->size(); ++i) policy.add_limit();
  }
  policy.clear_request_headers();
  policy.clear_response_headers();
  for (const std::string& name : route.request_headers) policy.add_request_headers(name);
  for (const std::string& name : route.response_headers) policy.add_response_headers(name);
  policy.clear_version();
  if (route.version) *policy.mutable_version() = route.version->policy;
  return policy;
}

int OfSet(const VerbOptions& options, const DocumentOptions& document) {
  contract::Findings findings;
  const auto contract =
      config::LoadDescriptorSet(options.set, findings, contract::SourcesBelow(options.proto_path));
  if (contract == nullptr) {
    Tell(findings, SourcesOf(options.proto_path), options.json);
    return kFindings;
  }
  std::cout << WriteDocument(*contract, document);
  return kFine;
}

int OfConfig(const VerbOptions& options, DocumentOptions& document) {
  const std::unique_ptr<config::Snapshot> snapshot = CompileOrTell(options);
  if (snapshot == nullptr) return kFindings;
  const route::Api* const api = snapshot->apis.FindByName(options.api);
  if (!api && !(snapshot->apis.empty() && options.api.empty())) {
    TellNoFront(snapshot->apis, options.api, options.json);
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
  const policy::CredentialPlaces& places = snapshot->chain.auth.places;
  if (!places.api_key_header.empty()) document.api_key_header = places.api_key_header;
  document.cookie = places.cookie;
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
