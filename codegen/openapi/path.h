// Path templates in the words of OpenAPI, which has a name for each variable segment and no more.
#pragma once

#include <string>
#include <vector>

#include "codegen/common/endpoint.h"
#include "gateway/contract/contract.h"

namespace frontdesk::codegen::openapi {

struct PathParameter {
  std::string name;
  FieldPath field;   // what it fills; empty for a wildcard outside of variables
  std::string part;  // of a variable with several segments: the whole of it, "shelves/*/books/*"
  bool any_number = false;  // "**": any number of segments, for which OpenAPI has no word
};

struct Path {
  // Between them "{}" for each parameter; what tells one path from another.
  std::string shape;
  std::vector<PathParameter> parameters;

  std::string ToString() const;  // "/v1/shelves/{shelves}:sort"
};

// A wildcard in a longer variable has the name of the literal in front of it:
// /v1/{name=shelves/*/books/*} -> /v1/shelves/{shelves}/books/{books}
Path PathOf(const contract::Binding& binding);

}  // namespace frontdesk::codegen::openapi
