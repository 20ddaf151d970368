// Fronts for several kinds of clients, from the operator's file to the plain values that are used.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/load.h"
#include "gateway/contract/contract.h"
#include "gateway/route/apis.h"

namespace frontdesk::config {

// What must hold of the section `apis` without the contract, apart from its policies.
void CheckApis(const LoadedConfig& loaded, contract::Findings& findings);

// Whether a pattern of `serves` means a method: "package", "package.Service",
// "package.Service/Method", with `*` for any text that has no '/'.
bool Serves(std::string_view pattern, const contract::Method& method);

// One front while routes are made. Its name is "" for the one that stands for all when the file has
// none.
struct ApiSource {
  std::string name;
  const v1::Config::Api* from = nullptr;
  std::vector<const contract::Method*> methods;  // with addresses, and served
};

// By name, or the nameless one; what they name, and the contract does not have, is a finding.
std::vector<ApiSource> ApiSources(const LoadedConfig& loaded, const contract::Contract& contract,
                                  contract::Findings& findings);

// Without its matcher.
std::unique_ptr<route::Api> ToApi(const ApiSource& source);

// Whether some path with the front's prefix may lead to the template, where it is not stripped.
bool MayBegin(const contract::PathTemplate& path, const route::Api& api);

}  // namespace frontdesk::config
