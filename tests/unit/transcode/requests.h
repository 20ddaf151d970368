// Requests in a test: parts in, the message that comes of them out.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/transcode/request.h"
#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::testing::requests {

inline constexpr std::string_view kRequests = R"(
message Inner { string name = 1; int32 size = 2; repeated string tags = 3; Inner deeper = 4;
                optional bool flag = 5; string note = 6; Color color = 7; }
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; }
message Request {
  string id = 1; int64 number = 2; Inner inner = 3; repeated string tags = 4; bool flag = 5;
  Color color = 6; repeated int32 numbers = 7; bytes data = 8; double real = 9;
  google.protobuf.Timestamp time = 10; google.protobuf.Duration wait = 11;
  google.protobuf.FieldMask mask = 12; google.protobuf.StringValue text = 13;
  google.protobuf.Int64Value count = 14; google.protobuf.Struct object = 15;
  google.protobuf.Value value = 16; map<string, int32> labels = 17; repeated Inner inners = 18;
  oneof kind { string name = 19; int32 code = 20; Inner part = 21; }
  google.protobuf.Any any = 22; repeated google.protobuf.Duration waits = 23;
  google.protobuf.ListValue list = 24; optional int32 maybe = 25;
  map<int32, google.protobuf.Duration> times = 26; string snake_case = 27 [json_name = "other"];
  google.protobuf.Empty empty = 28; google.api.HttpBody file = 29;
}
message Update { Inner inner = 1; google.protobuf.FieldMask update_mask = 2; string id = 3; }
message TwoMasks { Inner inner = 1; google.protobuf.FieldMask a = 2; google.protobuf.FieldMask b = 3; }
message Mine {
  string user_id = 1 [(frontdesk.v1.field).from = "caller.sub"]; string id = 2;
  Scope scope = 3; repeated Scope scopes = 4; Mine self = 5;
}
message Scope { string sub = 1 [(frontdesk.v1.field).from = "caller.sub"]; string id = 2; }
message HasKey { string key = 1; }
message WithFile { string id = 1; google.api.HttpBody file = 2; }
)";

inline MessageTypes& Types() {
  static auto* const types = new MessageTypes(kRequests);
  return *types;
}

struct Sent {
  const char* type = "Request";
  // Field paths and raw values; a trailing '*' of the path marks a multi-segment variable.
  std::vector<std::pair<std::string, std::string_view>> path = {};
  std::string_view query = "";
  std::string_view body = "";
  const char* body_field = nullptr;  // "*", a field, or none
  std::string_view content_type = "application/json";
  const char* http_method = "POST";
};

inline std::vector<const contract::Field*> Resolve(const contract::MessageTable* table,
                                                   std::string path) {
  std::vector<const contract::Field*> fields;
  for (size_t at = 0; at != std::string::npos;) {
    const size_t dot = path.find('.', at);
    fields.push_back(table->FindName(path.substr(at, dot - at)));
    table = fields.back()->message;
    at = dot == std::string::npos ? dot : dot + 1;
  }
  return fields;
}

inline absl::Status Send(const Sent& sent, const transcode::RequestOptions& options,
                         std::string& wire) {
  const contract::MessageTable& table = Types().Table(sent.type);
  contract::Binding binding;
  binding.http_method = sent.http_method;
  std::vector<route::Capture> captures;
  for (const auto& [path, raw] : sent.path) {
    const bool multi = path.ends_with('*');
    binding.captures.push_back(Resolve(&table, path.substr(0, path.size() - (multi ? 1 : 0))));
    captures.push_back({.raw = raw, .multi = multi});
  }
  using Body = contract::Binding::Body;
  if (sent.body_field != nullptr) {
    binding.body = std::string_view(sent.body_field) == "*" ? Body::kWhole : Body::kField;
    if (binding.body == Body::kField) binding.body_field = table.FindName(sent.body_field);
  }
  const transcode::RequestParts parts{.captures = captures,
                                      .query = sent.query,
                                      .content_type = sent.content_type,
                                      .body = sent.body};
  wire = "old";
  return transcode::DecodeRequest(table, binding, parts, options, Types().tables(), wire);
}

// The request message as JSON, or "<REASON>". What comes out is canonical, or "<not canonical>".
inline std::string Read(const Sent& sent, const transcode::RequestOptions& options = {}) {
  std::string wire;
  const absl::Status status = Send(sent, options, wire);
  if (!status.ok()) return "<" + ReasonOf(status) + ">";
  const auto message = Types().New(sent.type);
  if (!message->ParseFromString(wire) || MessageTypes::Deterministic(*message) != wire) {
    return "<not canonical>";
  }
  return Types().Encode(sent.type, wire);
}

}  // namespace frontdesk::testing::requests
