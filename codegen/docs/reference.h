// The contract as a reference for people, in Markdown.
#pragma once

#include <string>
#include <vector>

#include "codegen/common/plugin.h"
#include "gateway/contract/contract.h"

namespace frontdesk::codegen::docs {

struct ReferenceOptions {
  // Only services of these files; of all if there are none.
  std::vector<std::string> files;
  std::string server = "http://127.0.0.1:8080";  // in examples
  // One document of this name; "" for a page per service, "shop.order.v1.Orders.md", and an index.
  std::string single;
  std::string title = "API reference";
};

std::vector<File> WriteReference(const contract::Contract& contract,
                                 const ReferenceOptions& options);

}  // namespace frontdesk::codegen::docs
