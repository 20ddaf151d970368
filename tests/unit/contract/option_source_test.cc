#include "gateway/contract/option_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "gateway/contract/contract.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

using ::frontdesk::testing::CompileProto;
using ::frontdesk::testing::ProtoFile;

// Findings of a contract whose source is at hand, as `source` if that differs from what was built.
std::string FindingsWith(const std::string& text, const std::optional<std::string>& source) {
  Findings findings;
  Contract::Load(CompileProto(text), "test.binpb", findings,
                 [&](const std::string& file) -> std::optional<std::string> {
                   return file == "test.proto" ? source : std::nullopt;
                 });
  return findings.ToString();
}
std::string FindingsOf(const std::string& text) { return FindingsWith(text, ProtoFile(text)); }

constexpr char kService[] = R"(message M { string x = 1; string y = 2; }
service S {
  rpc A(M) returns (M) {
    // option (google.api.http) = { get: "/{no}" };
    option (google.api.http) = {
      get: "/{z}"  // a "comment" with { braces }
      additional_bindings { /* get: "/" */ put: "/ok/{x}"
                            body: "nope" }
	additional_bindings {	get: "/q//"	}
    };
    option (frontdesk.v1.method) = { print { defaults: true }
        timeout: "/* no comment */"
        request_headers: ["ok", "no t"] request_headers: "host" };
  }
}
)";

TEST(OptionSource, FindsFieldsInsideOfOptions) {
  EXPECT_EQ(FindingsOf(kService),
            "test.proto:13:9: test.S.A.timeout: \"/* no comment */\" is not a duration such as "
            "\"250ms\" or \"2s\"\n"
            "test.proto:14:9: test.S.A.request_headers: \"no t\" is not a name that gRPC metadata "
            "can have\n"
            "test.proto:14:9: test.S.A.request_headers: \"host\" is set by the gateway itself and "
            "never passed on\n"
            "test.proto:7:7: test.S.A: path variable \"z\": no field \"z\" in test.M\n"
            "test.proto:9:29: test.S.A: body: no field \"nope\" in test.M\n"
            "test.proto:10:33: test.S.A: path template \"/q//\": column 4: expected a segment, got "
            "'/'\n");
}

TEST(OptionSource, FallsBackToTheOption) {
  const std::string with = FindingsOf(kService);
  const std::string without = FindingsWith(kService, std::nullopt);
  EXPECT_NE(with, without);
  EXPECT_NE(without.find("test.proto:6:5: test.S.A: body: no field"), std::string::npos) << without;
  // Sources that are not the ones that were compiled.
  std::string cut = ProtoFile(kService);
  for (const std::string& other :
       {std::string(), std::string("x"), std::string(500, '\n'), std::string(50, '{'),
        ProtoFile(std::string(100, '\t')), cut.substr(0, cut.size() - 60),
        cut.substr(0, cut.size() - 160), "\n\n" + cut, cut + cut}) {
    const std::string found = FindingsWith(kService, other);
    EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 6) << other;
  }
}

TEST(OptionSource, KnowsOptionsOfServicesAndFieldsAndSingleFieldsOfOptions) {
  EXPECT_EQ(
      FindingsOf(R"(message M {
  string x = 1 [(frontdesk.v1.field) = {
    from: "caller.name" }];
  string y = 2 [json_name = "z", (frontdesk.v1.field).from = "nobody"];
}
service S {
  option (frontdesk.v1.service) = { timeout: '1s' success_status: 200
    max_request_bytes: 0 };
  rpc A(M) returns (M) {
    option (frontdesk.v1.method).success_status = 500;
    option (google.api.http).custom = { kind: "*" path: "x" };
  }
}
)"),
      "test.proto:4:5: test.M.x: from \"caller.name\": this build knows only \"caller.sub\" and "
      "\"caller.claims.NAME\"\n"
      "test.proto:5:34: test.M.y: from \"nobody\": this build knows only \"caller.sub\" and "
      "\"caller.claims.NAME\"\n"
      "test.proto:9:5: test.S.max_request_bytes: must be more than 0\n"
      "test.proto:11:5: test.S.A.success_status: 500 is none of 200, 201, 202 and 204\n"
      "test.proto:12:5: test.S.A: path template \"x\": column 1: expected '/', got 'x'\n");
}

TEST(OptionSource, TellsCollisionsInOneBlockApart) {
  EXPECT_EQ(
      FindingsOf(R"(message M { string x = 1; }
service S { rpc A(M) returns (M) { option (google.api.http) = {
  get: "/a"
  additional_bindings { put: "/a" }
  additional_bindings { get: "/a" }
}; } }
)"),
      "test.proto:6:3: test.S.A: GET /a collides with GET /a of test.S.A at test.proto:3:36\n");
}

}  // namespace
}  // namespace frontdesk::contract
