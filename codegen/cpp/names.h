// Names of C++ for things of a contract, none of which is a keyword or means something else.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "gateway/contract/contract.h"

namespace google::protobuf {
class Descriptor;
class EnumDescriptor;
class FieldDescriptor;
class FileDescriptor;
class ServiceDescriptor;
}  // namespace google::protobuf

namespace frontdesk::codegen {

// "shop/order/v1/order.proto" -> "shop/order/v1/order" + extension
std::string FileName(std::string_view proto, std::string_view extension);
// The name as it is, with a "_" behind it if it is a word of the language.
std::string Identifier(std::string_view name);
// "get_order" -> "GetOrder", "kGetOrder" is Cat('k', ...).
std::string Camel(std::string_view name);
// What protoc calls the accessors of a field: name(), set_name() ...
std::string Accessor(const google::protobuf::FieldDescriptor& field);
// The file that declares the generated message: "shop/order/v1/order.pb.h".
std::string HeaderOf(const google::protobuf::Descriptor& message);

// As seen from inside the namespace of one file's package.
class Names {
 public:
  Names(const contract::Contract& contract, const google::protobuf::FileDescriptor& file);

  const std::string& space() const { return space_; }  // "shop::order::v1"; "" for none
  std::string Of(const google::protobuf::Descriptor& message) const;
  std::string Of(const google::protobuf::EnumDescriptor& enumeration) const;
  // The same of what a map goes through.
  std::string OfEntry(const google::protobuf::Descriptor& entry) const;
  // "frontdesk::Task", "absl::StatusOr", with "::" in front where the package hides it.
  std::string Global(std::string_view name) const;
  // The constant that names a method: "kOrdersGetOrder", with the package in front where another
  // service has the same name and such a method too, and a number behind where that is one name
  // too.
  std::string Constant(const contract::Method& method) const;
  // A class of ours, such as "OrdersClient": no message of the package has this name.
  std::string Class(std::string_view wanted) const;
  // The class of one run of a composition of the file: "GetOrderRun", with the service's name in
  // front where another service of the file composes such a method too.
  std::string Run(const contract::Method& method) const;

 private:
  std::string Short(const std::string& qualified) const;
  void NameConstants(const contract::Contract& contract);
  void NameRuns(const contract::Contract& contract, const google::protobuf::FileDescriptor& file);

  std::string space_;
  // By the full name of the method.
  std::map<std::string, std::string, std::less<>> constants_;  // where the short one is not enough
  std::map<std::string, std::string, std::less<>> runs_;
  // What a name may not begin with, for inside the package it means something else.
  std::set<std::string, std::less<>> hidden_;
  std::set<std::string, std::less<>> classes_;  // of the package itself
  // Members of generated classes, which hide types of the same name.
  std::set<std::string, std::less<>> members_;
};

}  // namespace frontdesk::codegen
