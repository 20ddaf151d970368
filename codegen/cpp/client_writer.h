// The class of a service whose methods are awaited: OrdersClient.
#pragma once

#include <string>
#include <vector>

#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"

namespace frontdesk::codegen {

// "OrdersClient"
std::string ClientClass(const google::protobuf::ServiceDescriptor& service, const Names& names);
// What constructs the contract::MethodName of a method.
std::vector<std::string> MethodNameArguments(const google::protobuf::MethodDescriptor& method,
                                             const Names& names);
// The comment that stands in front of something in its .proto, or "".
template <class Descriptor>
std::string CommentOf(const Descriptor& descriptor);

class ClientWriter {
 public:
  ClientWriter(const google::protobuf::ServiceDescriptor& service, const Names& names)
      : service_(service), names_(names), class_(ClientClass(service, names)) {}

  void WriteHeader(Printer& out) const;
  void WriteSource(Printer& out) const;

 private:
  // Of a method: not the class's own name, which would be a constructor.
  std::string NameOf(const std::string& method) const;

  const google::protobuf::ServiceDescriptor& service_;
  const Names& names_;
  const std::string class_;
};

}  // namespace frontdesk::codegen
