// Tables of the fields of messages and the values of enums.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "codegen/common/face.h"
#include "gateway/contract/message_table.h"

namespace frontdesk::codegen::docs {

// The types that one document refers to; each is written once, at its end.
class Types {
 public:
  // "list of [Order](#shop.order.v1.Order)", as JSON has it.
  std::string Of(const contract::MessageTable& table, Face face);
  std::string Of(const contract::Field& field, Face face);
  // A row per field for which `shown` holds: name, type, what the author says.
  std::vector<std::vector<std::string>> Rows(const contract::MessageTable& table, Face face);
  static std::string Note(const contract::MessageTable& table, const contract::Field& field,
                          Face face);

  // All types that were asked for, and those that they are made of, by name.
  std::string Finish();

 private:
  std::string Single(const contract::Field& field, Face face);
  std::string Link(const std::string& full_name, Face face);
  std::string Enumeration(const contract::EnumTable& table, Face face) const;

  std::map<std::string, std::string> sections_;  // by name and face
  std::vector<std::pair<const contract::MessageTable*, Face>> unwritten_;
  std::set<std::string> asked_;
};

inline const std::vector<std::string> kFieldHead = {"field", "type", ""};

}  // namespace frontdesk::codegen::docs
