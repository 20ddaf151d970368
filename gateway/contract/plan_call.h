// Which method a `call:` names. Used while a plan is compiled.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/contract/contract.h"

namespace frontdesk::contract {

struct FoundMethod {
  const Method* method = nullptr;  // also one that a composition must not call
  std::string wrong;               // why it must not; empty when it may
};

// `call`: "package.Service/Method". Only unary methods that are no compositions may be called.
FoundMethod FindUnaryMethod(std::span<const Method> methods, std::string_view call);

}  // namespace frontdesk::contract
