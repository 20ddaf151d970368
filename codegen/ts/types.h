// Messages and enums as types of TypeScript, a module per package.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "codegen/common/face.h"
#include "gateway/contract/message_table.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen::ts {

// One file. Its names are unique, whatever the contract calls things.
struct Module {
  std::set<std::string> names;
  std::set<std::string> files;                 // .proto files that it is from
  std::map<std::string, std::string> imports;  // package -> "$shop_type_v1"
  std::map<std::string, std::string> types;    // by full name and face: the text
  std::string classes;
};

// "shop.order.v1", or "no-package", which no package can be called.
std::string ModuleName(const std::string& package);

class Types {
 public:
  // What a module of `package` calls these; they are written into their modules by Finish().
  std::string Of(const std::string& package, const contract::MessageTable& table, Face face);
  std::string Of(const std::string& package, const contract::Field& field, Face face);

  Module& ModuleOf(const std::string& package) { return modules_[package]; }
  // A name that nothing else in the module has.
  static std::string Claim(Module& module, std::string name);

  // Writes all types that were asked for, and those that they are made of.
  void Finish();
  std::map<std::string, Module>& modules() { return modules_; }

 private:
  // What is declared: a message with its face, or an enum.
  struct Wanted {
    const contract::MessageTable* message = nullptr;
    const contract::EnumTable* enumeration = nullptr;
    Face face;
  };

  std::string Reference(const std::string& package, const google::protobuf::FileDescriptor& file,
                        const std::string& full_name, const Wanted& wanted);
  std::string Single(const std::string& package, const contract::Field& field, Face face);
  std::string WellKnown(const std::string& package, const contract::MessageTable& table, Face face);
  std::string Declaration(const Wanted& wanted, const std::string& name);
  std::string Enumeration(const contract::EnumTable& table, const std::string& name);
  std::string Property(const std::string& package, const contract::Field& field, Face face,
                       const std::string& indent, bool in_oneof);

  std::map<std::string, Module> modules_;  // by package
  std::map<std::string, std::string> named_;
  std::vector<std::pair<std::string, Wanted>> unwritten_;
};

}  // namespace frontdesk::codegen::ts
