// The contract as one OpenAPI 3.1 document.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/contract.h"

namespace frontdesk::codegen::openapi {

struct DocumentOptions {
  std::string title = "API";
  std::string version = "1";
  std::string server;  // URL; "" for none
  // Where credentials stand in requests: what the gateway takes for an API key unless it is told
  // otherwise, and the cookie with a token, which the contract does not know.
  std::string api_key_header = "x-api-key";
  std::string cookie;  // "" for none that is known
  // Only services of these files; of all if there are none.
  std::vector<std::string> files;
  // Which bindings are served; all of them if not given.
  std::function<bool(const contract::Binding&)> serves;
  // The policy in force; the contract's own if not given.
  std::function<frontdesk::v1::Policy(const contract::Method&)> policy;
};

// JSON, with a line break at its end; the same contract gives the same bytes.
//
// Every binding is an operation, named by its method: "shop.order.v1.Orders.GetOrder", further ones
// "...GetOrder-2". OpenAPI can't tell apart paths that differ only in `*` and `**`, and has no word
// for methods of one's own such as LOCK: these stand in "x-frontdesk-operations" of their path. A
// binding of any method is one operation for each method of its path that has none.
std::string WriteDocument(const contract::Contract& contract, const DocumentOptions& options);

}  // namespace frontdesk::codegen::openapi
