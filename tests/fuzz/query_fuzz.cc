// Query parameters bound to a message. What must hold for any input: what is accepted gives
// protobuf's deterministic bytes; another spelling of the same parameters (everything
// percent-encoded) has the same outcome; leniency towards unknown names changes nothing else.
#include "gateway/transcode/query.h"

#include <string>

#include "gateway/transcode/request.h"
#include "tests/fuzz/kitchen.h"

namespace frontdesk {
namespace {

constexpr std::string_view kRequest = R"(
message Inner { string name = 1; int32 size = 2; repeated string tags = 3; Inner deeper = 4;
                optional bool flag = 5; }
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; }
message Request {
  string id = 1; int64 number = 2; Inner inner = 3; repeated string tags = 4; bool flag = 5;
  Color color = 6; repeated int32 numbers = 7; bytes data = 8; double real = 9; float half = 10;
  google.protobuf.Timestamp time = 11; google.protobuf.Duration wait = 12;
  google.protobuf.FieldMask mask = 13; google.protobuf.StringValue text = 14;
  google.protobuf.Struct object = 15; google.protobuf.Value value = 16;
  map<string, int32> labels = 17; repeated Inner inners = 18;
  oneof kind { string name = 19; int32 code = 20; Inner part = 21; }
  google.protobuf.Any any = 22; repeated google.protobuf.Duration waits = 23;
  optional uint32 maybe = 24; map<int32, google.protobuf.Duration> times = 25;
  string snake_case = 26 [json_name = "other"]; repeated Color colors = 27;
})";

testing::MessageTypes& Requests() {
  static auto* const types = new testing::MessageTypes(kRequest);
  return *types;
}

// The reason of a refusal, or "" and the message.
std::string Bind(std::string_view query, bool lenient, std::string& wire) {
  const contract::Binding binding;
  const transcode::RequestParts parts{.query = query};
  const transcode::RequestOptions options{.ignore_unknown_parameters = lenient};
  const absl::Status status = transcode::DecodeRequest(Requests().Table("Request"), binding, parts,
                                                       options, Requests().tables(), wire);
  return status.ok() ? "" : ReasonOf(status);
}

std::string Escaped(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    (out += '%') += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace
}  // namespace frontdesk

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  const std::string_view query = fuzz::Text(data, size);
  std::string wire, other;
  const std::string refused = Bind(query, false, wire);
  if (refused.empty()) {
    const auto message = Requests().New("Request");
    FUZZ_CHECK(message->ParseFromString(wire));
    FUZZ_CHECK(testing::MessageTypes::Deterministic(*message) == wire);
    FUZZ_CHECK(Bind(query, true, other).empty() && other == wire);
  }
  std::vector<transcode::Parameter> parameters;
  if (!transcode::ParseQuery(query, parameters).ok()) {
    FUZZ_CHECK(!refused.empty());
    return 0;
  }
  std::string escaped;
  for (const transcode::Parameter& one : parameters) {
    escaped += (escaped.empty() ? "" : "&") + Escaped(one.name) + "=" + Escaped(one.value);
  }
  FUZZ_CHECK(Bind(escaped, false, other) == refused);
  FUZZ_CHECK(!refused.empty() || other == wire);
  return 0;
}
