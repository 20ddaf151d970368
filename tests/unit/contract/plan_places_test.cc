// Where in a composition each finding points.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/report.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

constexpr char kMessages[] = R"(message Key { string id = 1; }
message User { string id = 1; repeated string names = 2; }
service Back { rpc Get(Key) returns (User); }
service Front { rpc Get(Key) returns (User) { option (frontdesk.v1.compose) = {
)";

// The reports of the findings of a composition, which begins in line 6, without the method's name.
std::string Reports(const std::string& composition) {
  const std::string text = Cat(kMessages, composition, "\n}; } }\n");
  const std::string file = testing::ProtoFile(text);
  const SourceReader source = [&](const std::string& name) {
    return name == "test.proto" ? std::optional(file) : std::nullopt;
  };
  Findings findings;
  Contract::Load(testing::CompileProto(text), "test.binpb", findings, source);
  std::string reports = Report(findings, source);
  const std::string method = "test.Front.Get: ";
  for (size_t at; (at = reports.find(method)) != std::string::npos;) {
    reports.erase(at, method.size());
  }
  return reports;
}

struct Row {
  const char* composition;
  const char* reports;
};

#define STEP R"(step { id: "user" call: "test.Back/Get" bind { to: "id" from: "request.id" } })"
#define OUT "\nout { to: \"id\" from: \"user.id\" }"

TEST(PlanPlaces, AreThoseOfTheFieldThatIsWrong) {
  const Row rows[] = {
      {STEP OUT, ""},
      {"deadline: \"x\"\n" STEP OUT,
       "test.proto:6:1: error: deadline \"x\" is not a duration such as 250ms or 2s\n"
       "deadline: \"x\"\n"
       "^\n"},
      {"step { id: \"user\"\n  call: \"test.Back/Gett\" }" OUT,
       "test.proto:7:3: error: step \"user\": there is no method \"test.Back/Gett\" (did you mean "
       "\"test.Back/Get\"?)\n"
       "  call: \"test.Back/Gett\" }\n"
       "  ^\n"},
      {"step { id: \"user\" call: \"test.Back/Get\" when { not {\n  has: \"requst.id\" } } }" OUT,
       "test.proto:7:3: error: step \"user\": when: \"requst.id\": there is no step \"requst\" "
       "(did "
       "you mean \"request\"?)\n"
       "  has: \"requst.id\" } } }\n"
       "  ^\n"},
      {"step { id: \"user\" call: \"test.Back/Get\" on_error: DEFAULT\n"
       "  default { [type.googleapis.com/test.Key] { id: \"x\" } } }" OUT,
       "test.proto:7:3: error: step \"user\": default is of type \"test.Key\", but the call "
       "returns "
       "test.User\n"
       "  default { [type.googleapis.com/test.Key] { id: \"x\" } } }\n"
       "  ^\n"},
      {STEP "\nout { to: \"id\" from: \"user.id\"\n  convert { strict: true } }",
       "test.proto:8:3: error: out to \"id\" from \"user.id\": `convert` is for messages and "
       "enums, "
       "not for string\n"
       "  convert { strict: true } }\n"
       "  ^\n"},
      {"step { id: \"user\" }" OUT,
       "test.proto:6:1: error: step \"user\": it has no call\n"
       "step { id: \"user\" }\n"
       "^\n"},
      {STEP "\nstep { id: \"user\" call: \"test.Back/Get\" }" OUT,
       "test.proto:7:8: error: steps 1 and 2 have the same id \"user\"\n"
       "step { id: \"user\" call: \"test.Back/Get\" }\n"
       "       ^\n"},
      {"step { id: \"user\" call: \"test.Back/Get\"\n\tbind { to: \"idd\" from: \"request.id\" }\n"
       "\tbind { to: \"id\"\tfrom: \"request.i\" } }" OUT,
       "test.proto:7:16: error: step \"user\": bind to \"idd\" from \"request.id\": test.Key has "
       "no "
       "field \"idd\" (did you mean \"id\"?)\n"
       "        bind { to: \"idd\" from: \"request.id\" }\n"
       "               ^\n"
       "test.proto:8:25: error: step \"user\": bind to \"id\" from \"request.i\": test.Key has no "
       "field \"i\" (did you mean \"id\"?)\n"
       "        bind { to: \"id\" from: \"request.i\" } }\n"
       "                        ^\n"},
      {"step { id: \"user\" call: \"test.Back/Get\"\n  bind { to: \"id\" } }" OUT,
       "test.proto:7:3: error: step \"user\": bind to \"id\" needs `from` or `value`\n"
       "  bind { to: \"id\" } }\n"
       "  ^\n"},
      {STEP OUT "\nout { to: \"names\" from: \"user\" }\nout { to: \"id\" value: \"x\" }",
       "test.proto:8:19: error: out to \"names\" from \"user\": test.User does not fit \"names\", "
       "which is list of string\n"
       "out { to: \"names\" from: \"user\" }\n"
       "                  ^\n"
       "test.proto:9:7: error: out to \"id\" from value \"x\": filled twice: from \"user.id\" and "
       "from value \"x\"\n"
       "out { to: \"id\" value: \"x\" }\n"
       "      ^\n"},
      {STEP "\nstep { id: \"b\" call: \"test.Back/Get\" timeout: \"1x\" }" OUT
            " out { to: \"names\" from: \"b.names\" }",
       "test.proto:7:38: error: step \"b\": timeout \"1x\" is not a duration such as 250ms or 2s\n"
       "step { id: \"b\" call: \"test.Back/Get\" timeout: \"1x\" }\n"
       "                                     ^\n"},
      {STEP "\nstep { id: \"b\" call: \"test.Back/Get\"\nas: \"x\" max_parallel: 2 }" OUT
            " out { to: \"names\" from: \"b.names\" }",
       "test.proto:8:1: error: step \"b\": `as` has no meaning without `each`\n"
       "as: \"x\" max_parallel: 2 }\n"
       "^\n"
       "test.proto:8:9: error: step \"b\": `max_parallel` has no meaning without `each`\n"
       "as: \"x\" max_parallel: 2 }\n"
       "        ^\n"},
      {STEP "\nstep { id: \"b\" call: \"test.Back/Get\"\nundo { call: \"test.Back/Gett\" } }" OUT
            " out { to: \"names\" from: \"b.names\" }",
       "test.proto:8:8: error: step \"b\": undo: there is no method \"test.Back/Gett\" (did you "
       "mean "
       "\"test.Back/Get\"?)\n"
       "undo { call: \"test.Back/Gett\" } }\n"
       "       ^\n"},
      {STEP "\nstep { id: \"b\" call: \"test.Back/Get\" }" OUT,
       "test.proto:7:1: error: step \"b\": nothing in the answer comes of it\n"
       "step { id: \"b\" call: \"test.Back/Get\" }\n"
       "^\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(Reports(row.composition), row.reports) << row.composition;
}

}  // namespace
}  // namespace frontdesk::contract
