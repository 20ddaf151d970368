// One binding as an Operation Object.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

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
  bool body = true;  // the HTTP method can have one
};

ordered_json ToJson(const Operation& operation, Schemas& schemas);

// What operations refer to: the components besides the schemas of the contract. `limits`: some
// method has limits.
ordered_json CommonHeaders(bool limits);
ordered_json CommonResponses(bool limits);
void AddCommonSchemas(ordered_json& schemas);

}  // namespace frontdesk::codegen::openapi
