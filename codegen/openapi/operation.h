// One binding as an Operation Object.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "codegen/openapi/path.h"
#include "codegen/openapi/schema.h"
#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/contract.h"

namespace frontdesk::codegen::openapi {

struct Operation {
  const contract::Method& method;
  const contract::Binding& binding;
  const frontdesk::v1::Policy& policy;  // in force
  const Path& path;
  std::string id;
  std::vector<std::string> security;  // names of schemes
  bool body = true;                   // the HTTP method can have one
};

ordered_json ToJson(const Operation& operation, Schemas& schemas);

// What operations refer to: the components besides the schemas of the contract. `limits`: some
// method has limits.
ordered_json CommonHeaders(bool limits);
ordered_json CommonResponses(bool limits);
void AddCommonSchemas(ordered_json& schemas);

// How a kind of credential is sent, as a Security Scheme Object by its name.
struct SecurityScheme {
  std::string name;  // "" where nothing is known of it
  ordered_json json;
};
SecurityScheme SchemeOf(frontdesk::v1::Policy::Auth::Credential kind,
                        const std::string& api_key_header, const std::string& cookie);

}  // namespace frontdesk::codegen::openapi
