// A message has several JSON faces: what clients may send and what they get, which depends on how a
// method prints. Writers of schemas and types ask here, so that all of them agree.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "frontdesk/v1/options.pb.h"
#include "gateway/contract/contract.h"

namespace frontdesk::codegen {

struct Face {
  bool request = false;  // without the fields that only the gateway fills
  bool proto_names = false;
  bool enum_numbers = false;
  bool defaults = false;  // fields without presence are always there

  auto operator<=>(const Face&) const = default;
};

inline constexpr Face kRequestFace{.request = true};
Face AnswerFace(const frontdesk::v1::Policy& policy);

// The face under which a message is written down: that of requests is the plain one if there is
// nothing to leave out.
Face FaceOf(const contract::MessageTable& table, Face face);

// What tells a face's name from that of the plain one: "", "-request", "-proto-names". Dashes can't
// be part of a message's name.
std::string SuffixOf(Face face);

const std::string& NameOf(const contract::Field& field, Face face);
bool IsShown(const contract::Field& field, Face face);
bool IsAlwaysThere(const contract::Field& field, Face face);

// google.api.field_behavior of a field, where the contract imports it; read by its number, because
// this program does not link it.
enum class Behavior { kRequired = 2, kOutputOnly = 3, kInputOnly = 4 };
bool HasBehavior(const contract::Field& field, Behavior behavior);

// A message that is written as an object of its fields.
inline bool IsPlain(const contract::MessageTable& table) {
  return table.well_known == contract::WellKnown::kNone ||
         table.well_known == contract::WellKnown::kHttpBody;
}

inline bool IsHttpBody(const contract::MessageTable* table) {
  return table != nullptr && table->well_known == contract::WellKnown::kHttpBody;
}

}  // namespace frontdesk::codegen
