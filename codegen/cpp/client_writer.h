// The class of a service whose methods are awaited: OrdersClient.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codegen/cpp/names.h"
#include "codegen/cpp/printer.h"

namespace frontdesk::codegen {

// "OrdersClient"
std::string ClientClass(const google::protobuf::ServiceDescriptor& service, const Names& names);
// What constructs the contract::MethodName of a method. `declared`: the variable with what the
// contract says of its calls; "" for none.
std::vector<std::string> MethodNameArguments(const google::protobuf::MethodDescriptor& method,
                                             const Names& names, std::string_view declared);
// The comment that stands in front of something in its .proto, or "".
template <class Descriptor>
std::string CommentOf(const Descriptor& descriptor);

class ClientWriter {
 public:
  ClientWriter(const contract::Contract& contract,
               const google::protobuf::ServiceDescriptor& service, const Names& names)
      : contract_(contract),
        service_(service),
        names_(names),
        class_(ClientClass(service, names)) {}

  void WriteHeader(Printer& out) const;
  void WriteSource(Printer& out) const;

 private:
  // Of a method: not the class's own name, which would be a constructor.
  std::string NameOf(const std::string& method) const;

  const contract::Contract& contract_;
  const google::protobuf::ServiceDescriptor& service_;
  const Names& names_;
  const std::string class_;
};

}  // namespace frontdesk::codegen
