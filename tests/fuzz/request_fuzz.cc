// Path, query and body of one request. Input: a byte that chooses the binding, then a line each for
// the raw values of two path variables and the query, then the body. What must hold for any input:
// what is accepted gives protobuf's deterministic bytes, the path's values stand in it, and so does
// the caller, whatever the client says.
#include "gateway/transcode/request.h"

#include <array>
#include <string>

#include "gateway/transcode/percent.h"
#include "tests/fuzz/kitchen.h"

namespace frontdesk {
namespace {

constexpr std::string_view kRequest = R"(
message Part { string name = 1; int32 size = 2; Part deeper = 3; repeated string tags = 4;
               map<string, int32> counts = 5; google.protobuf.Timestamp time = 6; }
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
  return 0;
}
