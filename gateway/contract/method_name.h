// How a method is called, apart from what a contract says about it: all that a call needs to know,
// so that generated clients make calls without a descriptor set.
#pragma once

#include <string>
#include <string_view>

namespace frontdesk::contract {

struct MethodName {
  MethodName() = default;
  // "shop.order.v1.Orders" and "GetOrder".
  MethodName(std::string_view of_service, std::string_view of_name)
      : service(of_service), name(of_name) {
    full_name = service + '.' + name;
    path = '/' + service + '/' + name;
  }

  std::string full_name;  // "shop.order.v1.Orders.GetOrder"
  std::string service;    // "shop.order.v1.Orders"
  std::string name;       // "GetOrder"
  std::string path;       // "/shop.order.v1.Orders/GetOrder"
};

}  // namespace frontdesk::contract
