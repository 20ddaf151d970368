#include "gateway/contract/contract.h"

#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "tests/unit/contract/one_method.h"

namespace frontdesk::contract {
namespace {

using ::frontdesk::testing::CompileProto;
using ::frontdesk::testing::CompileProtos;

TEST(Contract, HasTheMethodsBindingsAndPoliciesOfTheSet) {
  Findings findings;
  const auto contract = Load(CompileProto(std::string(R"(
service S {
  option (frontdesk.v1.service) = { timeout: "2s" print { defaults: true enum_numbers: true }
                                    request_headers: ["a", "b"] };
  rpc Get(Request) returns (Reply) {
    option (google.api.http) = {
      get: "/v1/{id}/{inner.id=x/**}"
      additional_bindings { post: "/v1/{number}:do" body: "inner" response_body: "list" }
      additional_bindings { custom { kind: "*" path: "/any/{at}/{wrapped}" } body: "*" }
    };
    option (frontdesk.v1.method) = { print { defaults: false } request_headers: "c"
                                     success_status: 201 };
  }
  rpc Plain(Request) returns (Reply);
  rpc Stream(stream Request) returns (stream Reply);
}
)") + kRequestAndReply),
                             findings);
  ASSERT_NE(contract, nullptr) << findings.ToString();
  ASSERT_EQ(contract->methods().size(), 3u);
  EXPECT_TRUE(contract->HasService("test.S"));
  EXPECT_FALSE(contract->HasService("test.T"));
  const Method* method = contract->FindMethod("test.S/Get");
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(contract->FindMethod("test.S.Get"), method);
  EXPECT_EQ(contract->FindMethod("/test.S/Get"), nullptr);
  EXPECT_EQ(contract->FindMethod("test.S/get"), nullptr);
  EXPECT_EQ(method->full_name, "test.S.Get");
  EXPECT_EQ(method->path, "/test.S/Get");
  EXPECT_EQ(method->input->full_name, "test.Request");
  EXPECT_EQ(method->output->full_name, "test.Reply");
  EXPECT_EQ(method->place.ToString(), "test.proto:6:7");
  EXPECT_TRUE(method->input->has_caller_source);

  ASSERT_EQ(method->bindings.size(), 3u);
  const Binding& get = method->bindings[0];
  EXPECT_EQ(get.http_method, "GET");
  EXPECT_EQ(get.body, Binding::Body::kNone);
  ASSERT_EQ(get.captures.size(), 2u);
  EXPECT_EQ(get.captures[0][0]->name, "id");
  ASSERT_EQ(get.captures[1].size(), 2u);
  EXPECT_EQ(get.captures[1][0]->name, "inner");
  EXPECT_EQ(get.captures[1][1]->name, "id");
  EXPECT_EQ(get.place.ToString(), "test.proto:7:5");
  const Binding& post = method->bindings[1];
  EXPECT_EQ(post.http_method, "POST");
  EXPECT_EQ(post.body, Binding::Body::kField);
  EXPECT_EQ(post.body_field->name, "inner");
  EXPECT_EQ(post.response_field->name, "list");
  const Binding& any = method->bindings[2];
  EXPECT_EQ(any.http_method, "*");
  EXPECT_EQ(any.body, Binding::Body::kWhole);
  EXPECT_EQ(any.response_field, nullptr);

  EXPECT_EQ(method->policy.timeout(), "2s");
  EXPECT_TRUE(method->policy.print().has_defaults());
  EXPECT_FALSE(method->policy.print().defaults());
  EXPECT_TRUE(method->policy.print().enum_numbers());
  ASSERT_EQ(method->policy.request_headers_size(), 1);
  EXPECT_EQ(method->policy.request_headers(0), "c");
  EXPECT_EQ(method->policy.success_status(), 201u);
  const Method* plain = contract->FindMethod("test.S.Plain");
  EXPECT_TRUE(plain->policy.print().defaults());
  EXPECT_EQ(plain->policy.request_headers_size(), 2);
  EXPECT_EQ(plain->plan, nullptr);
  EXPECT_TRUE(contract->FindMethod("test.S.Stream")->server_streaming);
}

TEST(Contract, ChecksPolicyValues) {
  Findings findings;
  Load(CompileProto(R"(
message M { string x = 1; }
service S {
  option (frontdesk.v1.service).timeout = "0s";
  rpc Get(M) returns (M) { option (frontdesk.v1.method) = {
    max_request_bytes: 0 max_response_bytes: 0 success_status: 404
    request_headers: "Grpc-Timeout" request_headers: "x y" request_headers: "X-Tenant"
    response_headers: "Connection" }; }
}
)"),
       findings);
  EXPECT_EQ(findings.ToString(),
            "test.proto:5:3: test.S.timeout: \"0s\" is not a duration such as \"250ms\" or \"2s\"\n"
            "test.proto:6:28: test.S.Get.max_request_bytes: must be more than 0\n"
            "test.proto:6:28: test.S.Get.max_response_bytes: must be more than 0\n"
            "test.proto:6:28: test.S.Get.success_status: 404 is none of 200, 201, 202 and 204\n"
            "test.proto:6:28: test.S.Get.request_headers: \"Grpc-Timeout\" is set by the gateway "
            "itself and never passed on\n"
            "test.proto:6:28: test.S.Get.request_headers: \"x y\" is not a name that gRPC metadata "
            "can have\n"
            "test.proto:6:28: test.S.Get.response_headers: \"Connection\" is set by the gateway "
            "itself and never passed on\n");
}

TEST(Contract, FillsOnlyWhatFitsFromTheCaller) {
  Findings findings;
  Load(CompileProto(R"(
message M {
  string ok = 1 [(frontdesk.v1.field).from = "caller.sub"];
  optional string too = 2 [(frontdesk.v1.field).from = "caller.sub"];
  string claim = 3 [(frontdesk.v1.field).from = "caller.claims.tenant"];
  int64 number = 4 [(frontdesk.v1.field).from = "caller.sub"];
  repeated string list = 5 [(frontdesk.v1.field).from = "caller.sub"];
  oneof o { string member = 6 [(frontdesk.v1.field).from = "caller.sub"]; }
  optional int64 age = 7 [(frontdesk.v1.field).from = "caller.claims.age"];
  bool vip = 8 [(frontdesk.v1.field).from = "caller.claims.https://shop.example/vip"];
  bytes raw = 9 [(frontdesk.v1.field).from = "caller.claims.raw"];
  M inner = 10 [(frontdesk.v1.field).from = "caller.claims.inner"];
  repeated string all = 11 [(frontdesk.v1.field).from = "caller.claims.all"];
  string none = 12 [(frontdesk.v1.field).from = "caller.claims."];
}
service S { rpc Get(M) returns (M); }
)"),
       findings);
  const std::string only =
      "only a singular string outside of a oneof can be filled from the caller\n";
  const std::string of_claims =
      "only a singular string, number or bool outside of a oneof can be filled from a claim\n";
  EXPECT_EQ(findings.ToString(),
            "test.proto:7:21: test.M.number: " + only + "test.proto:8:29: test.M.list: " + only +
                "test.proto:9:32: test.M.member: " + only + "test.proto:12:18: test.M.raw: " +
                of_claims + "test.proto:13:17: test.M.inner: " + of_claims +
                "test.proto:14:29: test.M.all: " + of_claims +
                "test.proto:15:21: test.M.none: from \"caller.claims.\": this build knows only "
                "\"caller.sub\" and \"caller.claims.NAME\"\n");
}

// The definitions of a later version, with more in them than this build carries out.
std::string Newer(const std::string& file, const std::string& after, const std::string& more) {
  std::string text =
      google::protobuf::DescriptorPool::generated_pool()->FindFileByName(file)->DebugString();
  text.insert(text.find(after) + after.size(), more);
  return text;
}

TEST(Contract, RefusesOptionsOfLaterVersions) {
  const std::string options =
      Newer("frontdesk/v1/options.proto", "message Policy {",
            "message Cache { optional string ttl = 1; } "
            "optional Cache cache = 77; ") +
      "extend google.protobuf.MessageOptions { optional string mask = 50007;}";
  const std::string compose =
      Newer("frontdesk/v1/compose.proto", "ON_ERROR_UNSPECIFIED = 0;", " LATER = 9; ") +
      "extend google.protobuf.MethodOptions { optional bool custom = 50009; }";
  const std::string set = CompileProtos({{"frontdesk/v1/options.proto", options},
                                         {"frontdesk/v1/compose.proto", compose},
                                         {"other.proto", R"(syntax = "proto3"; package other;
import "google/protobuf/descriptor.proto";
extend google.protobuf.MethodOptions { optional string mine = 60001; })"},
                                         {"test.proto", R"(syntax = "proto3"; package test;
import "frontdesk/v1/options.proto"; import "frontdesk/v1/compose.proto"; import "other.proto";
message M {
  option (frontdesk.v1.mask) = "x";
  string x = 1;
}
service S {
  option (frontdesk.v1.service).cache.ttl = "5s";
  rpc A(M) returns (M) {
    option (frontdesk.v1.method) = { timeout: "1s"
                                     cache { ttl: "5s" } };
    option (other.mine) = "not ours";
    option (frontdesk.v1.custom) = true;
  }
  rpc B(M) returns (M) {
    option (frontdesk.v1.compose) = { step { id: "a" call: "test.S/A" on_error: LATER }
                                      out { to: "x" from: "a.x" } };
  }
}
)"}});
  Findings findings;
  EXPECT_EQ(Load(set, findings), nullptr);
  const std::string not_done = " is not carried out by this build\n";
  EXPECT_EQ(findings.ToString(),
            "test.proto:4:3: test.M: option (frontdesk.v1.mask)" + not_done +
                "test.proto:13:5: test.S.A: option (frontdesk.v1.custom)" + not_done +
                "test.proto:10:5: test.S.A: option (frontdesk.v1.method).cache" + not_done +
                "test.proto:16:5: test.S.B: option (frontdesk.v1.compose).step.on_error: LATER" +
                not_done + "test.proto:8:3: test.S: option (frontdesk.v1.service).cache" +
                not_done);
}

TEST(Contract, RefusesGroupsThatAMethodReaches) {
  const std::string set = CompileProtos({{"old.proto", R"(syntax = "proto2"; package old;
message Unused { optional group Away = 1 { optional int32 a = 1; } }
message Deep {
  optional group Inner = 1 { optional int32 a = 1; }
}
message M { repeated Deep deep = 1; }
service S { rpc Get(M) returns (M); }
)"}});
  Findings findings;
  EXPECT_EQ(Load(set, findings), nullptr);
  EXPECT_EQ(findings.ToString(),
            "old.proto:4:3: old.Deep.inner: is a group; only messages can be transcoded\n");
}

TEST(Contract, RefusesWhatIsNoUsableSet) {
  google::protobuf::FileDescriptorSet good;
  good.ParseFromString(CompileProto("message M {} service S { rpc Get(M) returns (M); }"));
  const auto changed = [&](const auto& change) {
    google::protobuf::FileDescriptorSet set = good;
    change(set);
    return set.SerializeAsString();
  };
  google::protobuf::FileDescriptorSet alone;
  *alone.add_file() = good.file(good.file_size() - 1);
  const struct {
    const char* what;
    std::string set;
    const char* finding;
  } rows[] = {
      {"text", "syntax = \"proto3\";",
       "test.binpb: not a descriptor set (protoc --descriptor_set_out writes one)\n"},
      {"nothing", "", "test.binpb: the descriptor set is empty\n"},
      {"cut", good.SerializeAsString().substr(0, 100),
       "test.binpb: not a descriptor set (protoc --descriptor_set_out writes one)\n"},
      {"edition",
       changed([](auto& set) { set.mutable_file(set.file_size() - 1)->set_syntax("editions"); }),
       "test.proto:1:1: written in an edition; this build reads proto2 and proto3\n"},
      {"syntax",
       changed([](auto& set) { set.mutable_file(set.file_size() - 1)->set_syntax("proto9"); }),
       "test.proto:1:1: unknown syntax \"proto9\"\n"},
      {"unknown type", changed([](auto& set) {
         set.mutable_file(set.file_size() - 1)
             ->mutable_service(0)
             ->mutable_method(0)
             ->set_input_type(".test.Gone");
       }),
       "test.proto:2:34: test.S.Get: \".test.Gone\" is not defined.\n"},
      {"two of one name", changed([](auto& set) {
         set.mutable_file(set.file_size() - 1)->add_message_type()->set_name("M");
       }),
       "test.proto:2:1: test.M: \"M\" is already defined in \"test\".\n"},
      {"a file twice", changed([](auto& set) {
         *set.add_file() = set.file(0);
         set.mutable_file(set.file_size() - 1)->set_package("other");
       }),
       "google/api/http.proto: is in the descriptor set twice, and not the same\n"},
  };
  for (const auto& row : rows) {
    Findings findings;
    EXPECT_EQ(Contract::Load(row.set, "test.binpb", findings), nullptr) << row.what;
    EXPECT_EQ(findings.ToString(), row.finding) << row.what;
  }
  Findings findings;
  EXPECT_EQ(Contract::Load(alone.SerializeAsString(), "test.binpb", findings), nullptr);
  EXPECT_EQ(findings.size(), static_cast<size_t>(alone.file(0).dependency_size()));
  EXPECT_EQ(findings.all()[0].ToString(),
            "test.proto:1:34: imports \"google/api/annotations.proto\", which is not in the "
            "descriptor set (build it with --include_imports)");
}

TEST(Contract, TakesFilesInAnyOrderAndTwiceAndWithoutPositions) {
  google::protobuf::FileDescriptorSet set, turned;
  set.ParseFromString(OneMethod(R"(option (google.api.http).get = "/{ids}";)"));
  for (int i = set.file_size() - 1; i >= 0; --i) {
    *turned.add_file() = set.file(i);
    turned.mutable_file(turned.file_size() - 1)->clear_source_code_info();
  }
  *turned.add_file() = turned.file(0);
  Findings findings;
  EXPECT_EQ(Load(turned.SerializeAsString(), findings), nullptr);
  EXPECT_EQ(
      findings.ToString(),
      "test.proto: test.S.M: path variable \"ids\": no field \"ids\" in test.Request (did you "
      "mean \"id\"?)\n");
}

TEST(Contract, NeverCrashesOnDamagedSets) {
  const std::string set = OneMethod(R"(option (google.api.http) = { get: "/a/{id}" };)");
  for (size_t i = 0; i < set.size(); i += 31) {
    std::string damaged = set;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    Findings findings;
    const auto contract = Contract::Load(damaged, "test.binpb", findings);
    EXPECT_EQ(contract == nullptr, !findings.empty()) << i;
  }
}

}  // namespace
}  // namespace frontdesk::contract
