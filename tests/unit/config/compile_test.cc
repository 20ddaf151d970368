// A configuration and its contract together: what each of them alone can't know.
#include "gateway/config/compile.h"

#include <gtest/gtest.h>

#include "gateway/base/text.h"
#include "gateway/compose/registry.h"
#include "tests/support/descriptor_set.h"
#include "tests/support/process.h"

namespace frontdesk::config {
namespace {

struct Row {
  const char* option;  // of the method
  const char* path;
  std::string yaml;
  const char* finding;  // without the file's name; "" for none
};

std::string FindingsOf(const Row& row) {
  const std::string contract = testing_support::WriteTempFile(
      "compile.binpb",
      testing::CompileProto(
          Cat("message M { string a = 1; }\nservice S { rpc Get(M) returns (M) {\n",
              "option (google.api.http) = { get: \"", row.path, "\" };\n", row.option, "} }")));
  const std::string file = testing_support::WriteTempFile(
      "compile.yaml", Cat("descriptor_set: ", contract,
                          "\nupstreams: {s: {services: [test.S], endpoints: [\"127.0.0.1:1\"]}}\n",
                          row.yaml, '\n'));
  contract::Findings findings;
  const auto snapshot = Compile(file, {}, compose::Registry(), findings);
  std::string text;
  if (snapshot && snapshot->log_fault) {
    findings.Add(snapshot->log_fault->place, snapshot->log_fault->path, snapshot->log_fault->text);
  }
  for (const contract::Finding& one : findings.all()) text += Cat(one.path, ": ", one.text);
  return text;
}

constexpr char kTooMuch[] =
    "test.S.Get.max_request_bytes: is more than limits.body_bytes (100), above which no body is "
    "read";

TEST(Compile, AContractHasAMethod) {
  const std::string contract =
      testing_support::WriteTempFile("empty.binpb", testing::CompileProto("message M {}"));
  const std::string file = testing_support::WriteTempFile(
      "empty.yaml", Cat("descriptor_set: ", contract, "\nupstreams: {}\n"));
  contract::Findings findings;
  EXPECT_EQ(Compile(file, {}, compose::Registry(), findings), nullptr);
  EXPECT_EQ(findings.ToString(),
            Cat(contract, ": no file of the descriptor set declares a method\n"));
}

TEST(Compile, AContractThatIsNotThereHasItsWholeName) {
  const std::string name = Cat("/nowhere/", std::string(90, 's'));
  const std::string file =
      testing_support::WriteTempFile("lost.yaml", Cat("descriptor_set: ", name, '\n'));
  contract::Findings findings;
  EXPECT_EQ(Compile(file, {}, compose::Registry(), findings), nullptr);
  const std::string wrong = Cat("\"", name, "\": No such file or directory");
  EXPECT_NE(findings.ToString().find(wrong), std::string::npos) << findings.ToString();
}

TEST(Compile, LimitsOfRoutesFitTheListener) {
  constexpr char kBytes[] = "option (frontdesk.v1.method) = { max_request_bytes: 101 };\n";
  const Row rows[] = {
      {kBytes, "/a", "", ""},
      {kBytes, "/a", "limits: {body_bytes: 101}", ""},
      {kBytes, "/a", "limits: {body_bytes: 100}", kTooMuch},
      {kBytes, "/a", "limits: {body_bytes: 100}\nmethods: {test.S/Get: {max_request_bytes: 100}}",
       ""},
      {"", "/a", "limits: {body_bytes: 100}", ""},
      {"", "/a", "limits: {body_bytes: 100}\nmethods: {test.S: {max_request_bytes: 101}}",
       kTooMuch},
  };
  for (const Row& row : rows) EXPECT_EQ(FindingsOf(row), row.finding) << row.yaml;
}

TEST(Compile, LimitsOfAnswersFitTheUpstream) {
  constexpr char kAnswers[] =
      "test.S.Get.max_response_bytes: is more than upstreams.s.max_message_bytes (4194304), above "
      "which no message is read";
  constexpr char kBytes[] = "option (frontdesk.v1.method) = { max_response_bytes: 4194305 };\n";
  constexpr char kComposed[] =
      "option (frontdesk.v1.method) = { max_response_bytes: 4194305 };\n"
      "option (frontdesk.v1.compose) = { step { id: \"b\" call: \"test.S/Back\" } "
      "out { to: \"a\" from: \"b.a\" } }; }\n rpc Back(M) returns (M) {";
  const Row rows[] = {
      {"", "/a", "", ""},
      {kBytes, "/a", "", kAnswers},
      {kBytes, "/a", "methods: {test.S/Get: {max_response_bytes: 4194304}}", ""},
      {"", "/a", "methods: {test.S: {max_response_bytes: 4194305}}", kAnswers},
      {"", "/a",
       "apis: {m: {serves: [test.S], policy: {max_response_bytes: 4194305}}, "
       "n: {path_prefix: /n, serves: [test.S]}}",
       kAnswers},
      {kComposed, "/a", "", ""},  // of several calls together
  };
  for (const Row& row : rows) EXPECT_EQ(FindingsOf(row), row.finding) << row.yaml;
}

// Whoever serves finds it out before anybody asks.
TEST(Compile, TheAccessLogCanBeWritten) {
  const std::string file = testing_support::WriteTempFile("access.log", "");
  const auto wrong = [&](const std::string& path, const std::string& why) {
    const std::string findings = FindingsOf({"", "/a", Cat("log: {file: \"", path, "\"}"), ""});
    EXPECT_EQ(findings, why.empty() ? "" : Cat("log.file: \"", path, "\": ", why)) << path;
  };
  wrong(file, "");
  wrong(Cat(file, ".new"), "");
  wrong("/dev/null", "");
  wrong("/no/such/folder/access.log", "No such file or directory");
  wrong(Cat(file, "/access.log"), "Not a directory");
  wrong("/tmp", "Is a directory");
  EXPECT_EQ(FindingsOf({"", "/a", "log: {access: off, file: /no/such/folder/access.log}", ""}), "");
}

TEST(Compile, RulesOfTheFileTakeThePlaceOfThoseOfTheContract) {
  constexpr char kRule[] = "http: {rules: [{selector: test.S.Get, ";
  const Row rows[] = {
      {"", "/healthz", Cat(kRule, "get: /a}]}"), ""},
      {"", "/a", Cat(kRule, "get: /healthz}]}"),
       "test.S.Get: is never reached: the gateway answers /healthz itself"},
      {"", "/a", Cat(kRule, "get: /healthz}, {selector: test.S.Get, post: /b, body: '*'}]}"), ""},
      {"", "/a",
       Cat(kRule, "custom: {kind: REPORT, path: '/b/{a}'}, additional_bindings: [{put: /c}]}]}"),
       ""},
      {"", "/a", Cat(kRule, "get: '/{aa}'}]}"),
       "test.S.Get: path variable \"aa\": no field \"aa\" in test.M (did you mean \"a\"?)"},
      {"", "/a", Cat(kRule, "get: /a, post: /b}]}"),
       "http.rules[0].post: can't stand beside \"get\": only one of them counts"},
      {"", "/a", Cat(kRule, "got: /a}]}"),
       "http.rules[0].got: unknown key (did you mean \"get\"?)"
       "test.S.Get: the rule has no HTTP method and path"},
      {"", "/a", "http: {rules: [{selector: test.S.Got, get: /b}]}",
       ": the contract has no method \"test.S.Got\" (did you mean \"test.S.Get\"?)"},
      {"", "/a", "http: {rules: [{get: /b}]}", ": a rule needs `selector`, the name of a method"},
      {"", "/a", "http: {rules: [test.S.Get]}",
       "http.rules[0]: expected a map, got \"test.S.Get\""},
      {"", "/a", "http: {rules: [{selector: test.S.Get, get: /b}], fully_decode: true}",
       "http.fully_decode: unknown key"},
  };
  for (const Row& row : rows) EXPECT_EQ(FindingsOf(row), row.finding) << row.yaml;
}

TEST(Compile, HealthIsTheGateways) {
  for (const char* path : {"/healthz", "/health", "/readyz"}) {
    EXPECT_EQ(FindingsOf({"", path, "", ""}),
              Cat("test.S.Get: is never reached: the gateway answers ", path, " itself"));
  }
  for (const char* path : {"/healthz/a", "/v1/healthz", "/{a}"}) {
    EXPECT_EQ(FindingsOf({"", path, "", ""}), "") << path;
  }
}

}  // namespace
}  // namespace frontdesk::config
