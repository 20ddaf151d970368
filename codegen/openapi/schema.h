// ProtoJSON as JSON Schema 2020-12, the dialect of OpenAPI 3.1.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "codegen/common/face.h"
#include "gateway/contract/message_table.h"

namespace frontdesk::codegen::openapi {

using nlohmann::ordered_json;

// The schemas of a document. Messages and enums are written once, by their full names, and referred
// to; so they may contain each other.
class Schemas {
 public:
  ordered_json Of(const contract::MessageTable& table, Face face);
  // The type alone, without the field's comment.
  ordered_json TypeOf(const contract::Field& field, Face face);
  // One value of a repeated field.
  ordered_json SingleOf(const contract::Field& field, Face face);
  // An object of some of a message's fields: those for which `shown` holds.
  template <class Shown>
  ordered_json ObjectOf(const contract::MessageTable& table, Face face, const Shown& shown) {
    std::vector<const contract::Field*> fields;
    for (const contract::Field& field : table.fields) {
      if (IsShown(field, face) && shown(field)) fields.push_back(&field);
    }
    return Object(table, fields, face);
  }

  // Everything that was referred to, sorted by name. Nothing is added behind it.
  ordered_json Take();

 private:
  ordered_json Object(const contract::MessageTable& table,
                      const std::vector<const contract::Field*>& fields, Face face);
  ordered_json Property(const contract::Field& field, Face face);
  ordered_json WellKnownOf(const contract::MessageTable& table, Face face);
  ordered_json Reference(const contract::EnumTable& table, Face face);

  std::map<std::string, ordered_json> named_;
  std::vector<std::pair<const contract::MessageTable*, Face>> unwritten_;
};

// {"$ref": "#/components/schemas/NAME"}
ordered_json SchemaRef(const std::string& name);

}  // namespace frontdesk::codegen::openapi
