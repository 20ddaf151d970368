// Path, query and body of one request. Input: a byte that chooses the binding, then a line each for
// the raw values of two path variables and the query, then the body. What must hold for any input:
// what is accepted gives protobuf's deterministic bytes, the path's values stand in it, and so does
// the caller, whatever the client says; the mask of a PATCH names what is known of its body, and
// nothing else.
#include "gateway/transcode/request.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/transcode/patch_mask.h"
#include "gateway/transcode/percent.h"
#include "tests/fuzz/kitchen.h"

namespace frontdesk {
namespace {

constexpr std::string_view kRequest = R"(
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; }
message Part { string name = 1; int32 size = 2; Part deeper = 3; repeated string tags = 4;
               map<string, int32> counts = 5; google.protobuf.Timestamp time = 6;
               Color color = 7; }
message Request {
  string id = 1; Part part = 2; int64 number = 3; repeated string tags = 4;
  google.protobuf.FieldMask update_mask = 5; oneof kind { string text = 6; int32 code = 7; }
  optional bool flag = 8; string user = 9 [(frontdesk.v1.field).from = "caller.sub"];
  google.api.HttpBody file = 10; google.protobuf.Value value = 11;
})";
constexpr char kCaller[] = "user-1";

const contract::Field& FieldOf(const contract::MessageTable& table, const char* name) {
  const contract::Field* const field = table.FindName(name);
  FUZZ_CHECK(field != nullptr);
  return *field;
}

contract::Binding Choose(const contract::MessageTable& table, uint8_t choice) {
  static constexpr const char* kBodies[] = {"part", "file", "value", "tags"};
  using Body = contract::Binding::Body;
  contract::Binding binding;
  binding.http_method = (choice & 4) != 0 ? "PATCH" : "POST";
  binding.body = (choice & 1) == 0 ? Body::kNone : (choice & 2) == 0 ? Body::kWhole : Body::kField;
  if (binding.body == Body::kField) {
    binding.body_field = &FieldOf(table, kBodies[choice >> 6]);
  }
  const contract::Field& part = FieldOf(table, "part");
  binding.captures = {{&FieldOf(table, "id")}, {&part, &FieldOf(*part.message, "name")}};
  return binding;
}

// The string that stands at the field.
std::string StringOf(const google::protobuf::Message& message, const char* field) {
  return message.GetReflection()->GetString(message,
                                            message.GetDescriptor()->FindFieldByName(field));
}

// Of the body's object, whose names stand for one field each.
void AddLeaves(const nlohmann::json& object, const contract::MessageTable& table,
               const std::string& prefix, std::vector<std::string>& paths) {
  for (const auto& [name, value] : object.items()) {
    const contract::Field* const field = table.FindName(name);
    if (field == nullptr) continue;
    const bool part = field->message != nullptr && !field->repeated &&
                      field->message->well_known == contract::WellKnown::kNone;
    if (part && value.is_object() && !value.empty()) {
      AddLeaves(value, *field->message, prefix + field->name + '.', paths);
      continue;
    }
    const bool unknown = field->enumeration != nullptr && value.is_string() &&
                         !field->enumeration->by_name.contains(value.get<std::string>());
    if (!unknown) paths.push_back(prefix + field->name);
  }
}

void CheckMask(const google::protobuf::Message& message, const contract::Field& part,
               std::string_view body) {
  // Its reader refuses numbers that no double holds, which are fine where they are ignored.
  const nlohmann::json json = nlohmann::json::parse(body, nullptr, false);
  if (json.is_discarded()) return;
  std::vector<std::string> wanted, found;
  AddLeaves(json, *part.message, "", wanted);
  const auto* const field = message.GetDescriptor()->FindFieldByName("update_mask");
  const auto& mask = message.GetReflection()->GetMessage(message, field);
  const auto* const paths = mask.GetDescriptor()->FindFieldByName("paths");
  const google::protobuf::Reflection& reflection = *mask.GetReflection();
  for (int i = 0; i < reflection.FieldSize(mask, paths); ++i) {
    found.push_back(reflection.GetRepeatedString(mask, paths, i));
  }
  std::sort(wanted.begin(), wanted.end());
  std::sort(found.begin(), found.end());
  FUZZ_CHECK(wanted == found);
}

}  // namespace
}  // namespace frontdesk

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  static auto* const types = new testing::MessageTypes(kRequest);
  if (size < 1) return 0;
  const uint8_t choice = data[0];
  std::string_view input = fuzz::Text(data, size).substr(1);
  const contract::MessageTable& table = types->Table("Request");
  const contract::Binding binding = Choose(table, choice);
  const std::array<route::Capture, 2> captures{
      route::Capture{.raw = fuzz::TakeLine(input)},
      route::Capture{.raw = fuzz::TakeLine(input), .multi = true}};
  const std::string_view query = fuzz::TakeLine(input);
  const transcode::RequestParts parts{.captures = captures,
                                      .query = query,
                                      .content_type = (choice & 8) != 0 ? "application/json" : "",
                                      .body = input};
  transcode::RequestOptions options{.ignore_unknown_parameters = (choice & 16) != 0,
                                    .caller_sub = kCaller};
  options.json.ignore_unknown = (choice & 32) != 0;
  options.json.last_key_wins = (choice & 8) != 0;
  std::string wire;
  if (!transcode::DecodeRequest(table, binding, parts, options, types->tables(), wire).ok()) {
    return 0;
  }
  const auto message = types->New("Request");
  FUZZ_CHECK(message->ParseFromString(wire));
  FUZZ_CHECK(testing::MessageTypes::Deterministic(*message) == wire);
  FUZZ_CHECK(StringOf(*message, "user") == kCaller);
  std::string value;
  FUZZ_CHECK(transcode::DecodePathValue(captures[0].raw, transcode::Keep::kNothing, value));
  FUZZ_CHECK(StringOf(*message, "id") == value);
  FUZZ_CHECK(transcode::DecodePathValue(captures[1].raw, transcode::Keep::kSlash, value));
  const auto* const part = message->GetDescriptor()->FindFieldByName("part");
  FUZZ_CHECK(StringOf(message->GetReflection()->GetMessage(*message, part), "name") == value);
  if (transcode::PatchMaskField(table, binding) != nullptr && query.empty() && !input.empty()) {
    CheckMask(*message, *binding.body_field, input);
  }
  return 0;
}
