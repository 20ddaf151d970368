#include "tests/e2e/echo.h"

#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::e2e {
namespace {

using testing_support::kEnd;
using testing_support::ScriptedConnection;
using testing_support::ScriptedRequest;
using testing_support::WriteTempFile;

// RFC 9113 sections 6.5.2 and 6.9.
constexpr uint16_t kInitialWindowSize = 4;
constexpr uint8_t kWindowUpdate = 8;

constexpr char kContract[] = R"(
message Text { string text = 1; repeated string more = 2; }
message Holder { google.protobuf.Value value = 1; }
message Wide { repeated Row rows = 1; }
message Row { string a_name_that_is_long = 1; string another_name_that_is_long = 2; }
enum Color { BLACK = 0; RED = 1; }
message Kinds {
  int64 n = 1; int32 i = 2; double d = 3; float f = 4; bytes b = 5; uint32 u = 6;
  google.protobuf.Timestamp at = 7; google.protobuf.Duration lasts = 8;
  google.protobuf.FieldMask mask = 9; google.protobuf.Any any = 10; Color color = 11;
  oneof one { string left = 12; string right = 13; }
  string two_words = 14; map<string, int32> counts = 15; map<int32, string> names = 16;
  repeated int32 list = 17; google.protobuf.Struct free = 18; Kinds self = 19;
}
service Echo {
  rpc Path(Text) returns (Text) { option (google.api.http) = { get: "/path/{text}" }; }
  rpc Deep(Text) returns (Text) { option (google.api.http) = { get: "/deep/{text=**}" }; }
  rpc Query(Text) returns (Text) { option (google.api.http) = { get: "/query" }; }
  rpc Body(Text) returns (Text) { option (google.api.http) = { post: "/body" body: "*" }; }
  rpc Thing(Text) returns (Text) { option (google.api.http) = { get: "/things/{text}" }; }
  rpc Act(Text) returns (Text) {
    option (google.api.http) = { post: "/things/{text}:act" body: "*" };
  }
  rpc Note(Text) returns (Text) {
    option (google.api.http) = { get: "/note" };
    option (frontdesk.v1.method) = { request_headers: "x-note" };
  }
  rpc Big(Text) returns (Text) { option (google.api.http) = { get: "/big" }; }
  rpc Page(Text) returns (google.api.HttpBody) { option (google.api.http) = { get: "/page" }; }
  rpc Everything(Kinds) returns (Kinds) {
    option (google.api.http) = { post: "/kinds" body: "*" };
  }
  rpc Find(Holder) returns (Holder) { option (google.api.http) = { get: "/find" }; }
  rpc Rows(Wide) returns (Wide) {
    option (google.api.http) = { post: "/rows" body: "*" };
    option (frontdesk.v1.method) = { max_response_bytes: 100 print { defaults: true } };
  }
  rpc Nothing(Text) returns (Text) {
    option (google.api.http) = { delete: "/things/{text}" };
    option (frontdesk.v1.method) = { success_status: 204 };
  }
  rpc Value(Holder) returns (Holder) {
    option (google.api.http) = { post: "/value" body: "value" response_body: "value" };
  }
})";

// A Text of 1 MiB.
std::string BigMessage() {
  constexpr size_t kSize = 1 << 20;
  return "\x0a\x80\x80\x40" + std::string(kSize, 'x');
}

}  // namespace

Echo::Echo(const std::string& extra, int workers)
    : server_(std::make_unique<testing_support::ScriptedH2Server>(
          [this](ScriptedConnection& connection, int) { Serve(connection); })) {
  const std::string contract = WriteTempFile("echo.binpb", testing::CompileProto(kContract));
  gateway_ = std::make_unique<Frontdesk>(WriteTempFile(
      "echo.yaml", Cat("listen: {address: \"127.0.0.1:0\", workers: ", workers,
                       "}\nadmin: {address: \"127.0.0.1:0\"}\n"
                       "drain: {grace: 1ms}\ndescriptor_set: ",
                       contract, "\nupstreams:\n  echo: {services: [test.Echo], endpoints: [\"",
                       server_->address(), "\"]}\n", Patient(extra))));
}

void Echo::Serve(ScriptedConnection& connection) {
  const std::string big = BigMessage();
  if (!connection.Handshake({{kInitialWindowSize, 1 << 30}})) return;
  // ScriptedConnection gives no window back.
  connection.Frame(kWindowUpdate, 0, 0, std::string({'\x7f', 0, 0, 0}));
  while (const std::optional<ScriptedRequest> request = connection.NextRequest()) {
    {
      const std::lock_guard lock(mutex_);
      ++calls_;
      last_ = *request;
    }
    connection.Headers(request->stream, testing_support::GrpcHead(), !kEnd);
    const bool is_big = request->Field(":path").ends_with("/Big");
    connection.Data(request->stream, is_big ? testing_support::GrpcMessage(big) : request->body,
                    !kEnd);
    connection.Headers(request->stream, {{"grpc-status", "0"}}, kEnd);
  }
}

int Echo::calls() {
  const std::lock_guard lock(mutex_);
  return calls_;
}

ScriptedRequest Echo::last() {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace frontdesk::e2e
