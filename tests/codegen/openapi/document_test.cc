#include "codegen/openapi/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "codegen/openapi/path.h"
#include "gateway/base/text.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::codegen::openapi {
namespace {

using nlohmann::json;

std::unique_ptr<const contract::Contract> Load(const std::string& text) {
  contract::Findings findings;
  auto contract = contract::Contract::Load(testing::CompileProto(text), "test", findings);
  EXPECT_EQ(findings.ToString(), "");
  return contract;
}

json Document(const std::string& text, const DocumentOptions& options = {}) {
  return json::parse(WriteDocument(*Load(text), options));
}

TEST(PathOf, NamesEverySegment) {
  struct Row {
    const char* path;
    const char* shape;
    const char* text;
  };
  const Row rows[] = {
      {"/", "/", "/"},
      {"/v1/{id}", "/v1/{}", "/v1/{id}"},
      {"/v1/{in.user_id}:stop", "/v1/{}:stop", "/v1/{in.userId}:stop"},
      {"/v1/{id=shelves/*}", "/v1/shelves/{}", "/v1/shelves/{shelves}"},
      {"/v1/{id=a/*/a/*}", "/v1/a/{}/a/{}", "/v1/a/{a}/a/{a-2}"},
      {"/v1/{id=*/*}", "/v1/{}/{}", "/v1/{v1}/{segment}"},
      {"/v1/{id=**}", "/v1/{}", "/v1/{id}"},
      {"/{id=*}/*/x", "/{}/{}/x", "/{id}/{segment}/x"},
      {"/%7B/{id}", "/%7B/{}", "/%7B/{id}"},
  };
  for (const Row& row : rows) {
    const auto contract =
        Load(Cat("message In { string user_id = 1; } message M { string id = 1; In in = 2; }\n"
                 "service S { rpc Get(M) returns (M) { option (google.api.http) = { get: \"",
                 row.path, "\" }; } }"));
    const Path path = PathOf(contract->methods()[0].bindings[0]);
    EXPECT_EQ(path.shape, row.shape) << row.path;
    EXPECT_EQ(path.ToString(), row.text) << row.path;
  }
}

TEST(Document, MergesPathsThatOpenApiTakesForOne) {
  const json paths = Document(R"(
    message M { string id = 1; string name = 2; }
    service S {
      rpc Get(M) returns (M) { option (google.api.http) = { get: "/a/{id}" }; }
      rpc Put(M) returns (M) { option (google.api.http) = { put: "/a/{name}" }; }
      rpc All(M) returns (M) { option (google.api.http) = { get: "/a/{name=**}" }; }
      rpc Any(M) returns (M) { option (google.api.http) = { custom { kind: "*" path: "/a/{id}" } }; }
      rpc Own(M) returns (M) { option (google.api.http) = { custom { kind: "LOCK" path: "/a/{id}" } }; }
    }
  )")["paths"];
  ASSERT_EQ(paths.size(), 1u);
  const json& item = paths["/a/{id}"];
  EXPECT_EQ(item["get"]["operationId"], "test.S.Get");
  EXPECT_EQ(item["put"]["operationId"], "test.S.Put");
  EXPECT_EQ(item["put"]["parameters"][0]["name"], "id");
  EXPECT_EQ(item["post"]["operationId"], "test.S.Any-post");
  EXPECT_EQ(item["delete"]["operationId"], "test.S.Any-delete");
  const json& others = item["x-frontdesk-operations"];
  EXPECT_EQ(others["GET /a/{name=**}"]["operationId"], "test.S.All");
  EXPECT_EQ(others["LOCK /a/{id}"]["operationId"], "test.S.Own");
}

TEST(Document, SaysWhatLimitsAnswer) {
  const json document = Document(R"(
    message M { string id = 1; }
    service S {
      rpc Get(M) returns (M) {
        option (google.api.http) = { get: "/a" };
        option (frontdesk.v1.method) = { limit { key: CALLER requests: 5 } };
      }
      rpc Free(M) returns (M) { option (google.api.http) = { get: "/b" }; }
    }
  )");
  const json& responses = document["paths"]["/a"]["get"]["responses"];
  const json& refused = responses["429"];
  EXPECT_EQ(refused["$ref"], "#/components/responses/RateLimited");
  EXPECT_NE(refused["description"].get<std::string>().find("RATE_LIMITED"), std::string::npos);
  const json& headers = document["components"]["responses"]["RateLimited"]["headers"];
  for (const char* name :
       {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy"}) {
    const std::string reference = Cat("#/components/headers/", name);
    EXPECT_EQ(responses["200"]["headers"][name]["$ref"], reference);
    EXPECT_EQ(headers[name]["$ref"], reference);
    EXPECT_TRUE(document["components"]["headers"].contains(name)) << name;
  }
  EXPECT_EQ(headers["Retry-After"]["$ref"], "#/components/headers/Retry-After");
  EXPECT_TRUE(document["components"]["headers"].contains("Retry-After"));
  const json& free = document["paths"]["/b"]["get"]["responses"];
  EXPECT_FALSE(free.contains("429"));
  EXPECT_FALSE(free["200"]["headers"].contains("RateLimit-Limit"));

  const json without = Document(R"(
    message M { string id = 1; }
    service S { rpc Free(M) returns (M) { option (google.api.http) = { get: "/b" }; } }
  )");
  EXPECT_FALSE(without["components"]["responses"].contains("RateLimited"));
  EXPECT_FALSE(without["components"]["headers"].contains("Retry-After"));
}

TEST(Document, HasSchemasForEveryFace) {
  const json document = Document(R"(
    message M {
      string user_id = 1 [(frontdesk.v1.field).from = "caller.sub"];
      Kind kind = 2;
      Inside inside = 3;
    }
    message Inside { string owner = 1 [(frontdesk.v1.field).from = "caller.sub"]; Plain plain = 2; }
    message Plain { string name = 1; }
    enum Kind { NONE = 0; }
    service S {
      rpc Get(M) returns (M) {
        option (google.api.http) = { post: "/a" body: "*" };
        option (frontdesk.v1.method) = { print { proto_names: true enum_numbers: true defaults: true } };
      }
    }
  )");
  const json& schemas = document["components"]["schemas"];
  EXPECT_FALSE(schemas["test.M-request"]["properties"].contains("userId"));
  EXPECT_EQ(schemas["test.M-request"]["properties"]["inside"]["$ref"],
            "#/components/schemas/test.Inside-request");
  EXPECT_EQ(schemas["test.Inside-request"]["properties"],
            json({{"plain", {{"$ref", "#/components/schemas/test.Plain"}}}}));
  const json& answer = schemas["test.M-proto-names-enum-numbers-defaults"];
  EXPECT_EQ(answer["required"], json({"user_id", "kind"}));
  EXPECT_EQ(schemas["test.Kind-numbers"]["type"], "integer");
  EXPECT_EQ(document["components"]["securitySchemes"]["caller"]["scheme"], "bearer");
}

TEST(Document, ShowsThePolicyInForce) {
  DocumentOptions options;
  options.policy = [](const contract::Method& method) {
    frontdesk::v1::Policy policy = method.policy;
    policy.set_success_status(202);
    return policy;
  };
  const json document = Document(R"(
    message M {}
    service S { rpc Get(M) returns (M) { option (google.api.http) = { get: "/a" }; } }
  )",
                                 options);
  const json& get = document["paths"]["/a"]["get"];
  EXPECT_TRUE(get["responses"].contains("202"));
  EXPECT_FALSE(get["responses"].contains("200"));
  EXPECT_FALSE(get.contains("security"));
  EXPECT_FALSE(document["components"].contains("securitySchemes"));
}

TEST(Document, SaysWhoNeedsACredential) {
  const char* const kContract = R"(
    message M { string id = 1; }
    service S {
      rpc Get(M) returns (M) {
        option (google.api.http) = { get: "/a" };
        option (frontdesk.v1.method) = { auth { access: REQUIRED } };
      }
      rpc Free(M) returns (M) { option (google.api.http) = { get: "/b" }; }
    }
  )";
  const json document = Document(kContract);
  const json& get = document["paths"]["/a"]["get"];
  EXPECT_EQ(get["security"], json::parse(R"([{"caller": []}])"));
  EXPECT_TRUE(get["responses"].contains("401"));
  EXPECT_FALSE(document["paths"]["/b"]["get"].contains("security"));
  EXPECT_EQ(document["components"]["securitySchemes"]["caller"]["scheme"], "bearer");

  DocumentOptions options;
  options.policy = [](const contract::Method&) { return frontdesk::v1::Policy(); };
  const json open = Document(kContract, options);
  EXPECT_FALSE(open["paths"]["/a"]["get"].contains("security"));
  EXPECT_FALSE(open["components"].contains("securitySchemes"));
}

// Each kind is one way in; a token where the policy names none.
TEST(Document, HasASchemeForEachKindOfCredential) {
  const struct {
    const char* auth;
    const char* cookie;
    const char* security;  // "" for none
    const char* schemes;   // without their descriptions
  } rows[] = {
      {"access: REQUIRED", "session", R"([{"caller": []}])",
       R"({"caller": {"type": "http", "scheme": "bearer"}})"},
      {"credentials: TOKEN", "", R"([{"caller": []}])",
       R"({"caller": {"type": "http", "scheme": "bearer"}})"},
      {"credentials: API_KEY", "", R"([{"caller-api-key": []}])",
       R"({"caller-api-key": {"type": "apiKey", "in": "header", "name": "x-key"}})"},
      {"credentials: CERTIFICATE", "", R"([{"caller-certificate": []}])",
       R"({"caller-certificate": {"type": "mutualTLS"}})"},
      {"credentials: SESSION", "session", R"([{"caller-session": []}])",
       R"({"caller-session": {"type": "apiKey", "in": "cookie", "name": "session"}})"},
      // Nobody knows which cookie it is.
      {"credentials: SESSION", "", "", ""},
      {"credentials: SESSION credentials: TOKEN", "", R"([{"caller": []}])",
       R"({"caller": {"type": "http", "scheme": "bearer"}})"},
      {"credentials: API_KEY credentials: TOKEN", "", R"([{"caller-api-key": []}, {"caller": []}])",
       R"({"caller": {"type": "http", "scheme": "bearer"},
           "caller-api-key": {"type": "apiKey", "in": "header", "name": "x-key"}})"},
      {"access: OPTIONAL", "session", "", ""},
  };
  for (const auto& row : rows) {
    DocumentOptions options;
    options.api_key_header = "x-key";
    options.cookie = row.cookie;
    json document =
        Document(Cat("message M {} service S { rpc Get(M) returns (M) {",
                     "  option (google.api.http) = { get: '/a' };",
                     "  option (frontdesk.v1.method) = { auth { ", row.auth, " } }; } }"),
                 options);
    const std::string where = Cat(row.auth, " cookie: ", row.cookie);
    json& get = document["paths"]["/a"]["get"];
    json& components = document["components"];
    if (std::string_view(row.security).empty()) {
      EXPECT_FALSE(get.contains("security")) << where;
      EXPECT_FALSE(components.contains("securitySchemes")) << where;
      continue;
    }
    EXPECT_EQ(get["security"], json::parse(row.security)) << where;
    for (json& scheme : components["securitySchemes"]) scheme.erase("description");
    EXPECT_EQ(components["securitySchemes"], json::parse(row.schemes)) << where;
  }
  const json usual = Document(R"(
    message M {} service S { rpc Get(M) returns (M) {
      option (google.api.http) = { get: '/a' };
      option (frontdesk.v1.method) = { auth { credentials: API_KEY } }; } })");
  EXPECT_EQ(usual["components"]["securitySchemes"]["caller-api-key"]["name"], "x-api-key");
}

TEST(Document, HasNoBodyWhereAnswersHaveNone) {
  const struct {
    const char* http;  // of the binding
    const char* key;   // of the operation
    const char* status;
    bool body;
  } rows[] = {
      {"get: '/a'", "get", "200", true},
      {"get: '/a'", "get", "204", false},
      {"custom { kind: 'HEAD' path: '/a' }", "head", "200", false},
  };
  for (const auto& row : rows) {
    const json document = Document(
        Cat("message M {} message A { string id = 1; } service S { rpc Get(M) returns (A) {",
            "  option (google.api.http) = { ", row.http, " };",
            "  option (frontdesk.v1.method) = { success_status: ", row.status, " }; } }"));
    const json& operation = document["paths"]["/a"][row.key];
    const std::string where = Cat(row.http, ' ', row.status);
    EXPECT_EQ(operation["responses"][row.status].contains("content"), row.body) << where;
    // The mask of what is read.
    EXPECT_EQ(operation.contains("parameters"), row.body) << where;
  }
}

TEST(Document, HasJsonOfTheQueryAsText) {
  const struct {
    const char* type;
    const char* parameter;
  } rows[] = {
      {"repeated google.protobuf.Value",
       R"({"name": "f", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}})"},
      {"repeated google.protobuf.Struct",
       R"({"name": "f", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}})"},
      {"map<string, google.protobuf.Struct>",
       R"({"name": "f", "in": "query", "style": "deepObject", "explode": true,
           "schema": {"type": "object", "additionalProperties": {"type": "string"}}})"},
  };
  for (const auto& row : rows) {
    const json document = Document(Cat("message Q { ", row.type, " f = 1; } message M {}",
                                       "service S { rpc Get(Q) returns (M) {",
                                       "  option (google.api.http) = { get: '/a' }; } }"));
    EXPECT_EQ(document["paths"]["/a"]["get"]["parameters"][0], json::parse(row.parameter))
        << row.type;
  }
}

// Comments are of whatever encoding the file is.
TEST(Document, IsUtf8WhateverCommentsAre) {
  const json document = Document(
      "message M {}\nservice S {\n// Caf\xe9.\nrpc Get(M) returns (M) {"
      " option (google.api.http) = { get: '/a' }; } }");
  EXPECT_EQ(document["paths"]["/a"]["get"]["summary"], "Caf\xEF\xBF\xBD.");
}

TEST(Document, MarksWhatMustBeThereAndWhatOnlyTheServerWrites) {
  contract::Findings findings;
  const auto contract = contract::Contract::Load(
      testing::CompileProtos({{"google/api/field_behavior.proto", R"(syntax = "proto3";
          package google.api;
          import "google/protobuf/descriptor.proto";
          extend google.protobuf.FieldOptions { repeated FieldBehavior field_behavior = 1052; }
          enum FieldBehavior { FIELD_BEHAVIOR_UNSPECIFIED = 0; OPTIONAL = 1; REQUIRED = 2; OUTPUT_ONLY = 3; }
        )"},
                              {"test.proto", R"(syntax = "proto3";
          package test;
          import "google/api/annotations.proto";
          import "google/api/field_behavior.proto";
          message M {
            string id = 1 [(google.api.field_behavior) = OUTPUT_ONLY];
            string name = 2 [(google.api.field_behavior) = OPTIONAL, (google.api.field_behavior) = REQUIRED];
          }
          service S {
            rpc Get(M) returns (M) { option (google.api.http) = { get: "/a" }; }
          }
        )"}}),
      "test", findings);
  ASSERT_EQ(findings.ToString(), "");
  const json document = json::parse(WriteDocument(*contract, {}));
  const json& schema = document["components"]["schemas"]["test.M"];
  EXPECT_EQ(schema["required"], json({"name"}));
  EXPECT_EQ(schema["properties"]["id"]["readOnly"], true);
  const json& parameters = document["paths"]["/a"]["get"]["parameters"];
  EXPECT_EQ(parameters[1]["name"], "name");
  EXPECT_EQ(parameters[1]["required"], true);
}

}  // namespace
}  // namespace frontdesk::codegen::openapi
