// How a method is called, apart from what a contract says about it: all that a call needs to know,
// so that generated clients make calls without a descriptor set.
#pragma once

#include <string>
#include <string_view>

namespace frontdesk::contract {

// What may be done with a call whose outcome is not known: `idempotency_level` of the method.
enum class Idempotency {
  kUnknown,        // nothing: it may be made twice only when no back end can have acted on it
  kIdempotent,     // made again: twice does what once does
  kNoSideEffects,  // made again, and twice at the same time
};

struct DeclaredPolicy;  // contract/call_policy.h

struct MethodName {
  MethodName() = default;
  // "shop.order.v1.Orders" and "GetOrder".
  MethodName(std::string_view of_service, std::string_view of_name,
             Idempotency level = Idempotency::kUnknown, const DeclaredPolicy* of_calls = nullptr)
      : service(of_service), name(of_name), idempotency(level), declared(of_calls) {
    full_name = service + '.' + name;
    path = '/' + service + '/' + name;
  }

  std::string full_name;  // "shop.order.v1.Orders.GetOrder"
  std::string service;    // "shop.order.v1.Orders"
  std::string name;       // "GetOrder"
  std::string path;       // "/shop.order.v1.Orders/GetOrder"
  Idempotency idempotency = Idempotency::kUnknown;
  // In generated code: what the contract that it was made of says of calls; outlives them. Null:
  // nothing but what is usual.
  const DeclaredPolicy* declared = nullptr;

  bool no_side_effects() const { return idempotency == Idempotency::kNoSideEffects; }
};

}  // namespace frontdesk::contract
