// `convert`: renames, enum values, and what is left.
#include <gtest/gtest.h>

#include <span>

#include "tests/unit/contract/front_findings.h"

namespace frontdesk::contract {
namespace {

constexpr char kMessages[] = R"(
  enum State { STATE_NONE = 0; STATE_PAID = 1; STATE_LOST = 2; }
  enum Phase { PHASE_NONE = 0; PHASE_DONE = 1; PHASE_LOST = 2; }
  message Key { string id = 1; }
  message Money { int64 cents = 1; string currency = 2; }
  message Price { int64 amount = 1; string currency = 2; }
  message Order { string id = 1; State state = 2; Money total = 3; repeated Money parts = 4; }
  message View { string id = 1; Phase state = 2; string note = 3; }
  message Answer {
    Price price = 1; repeated Price prices = 2; Phase phase = 3; View view = 4; string id = 5;
    Money money = 6; int64 amount = 7; string currency = 8; Phase state = 9;
  }
  message Small { int64 amount = 1; string currency = 2; }
  service Back { rpc GetOrder(Key) returns (Order); }
)";

using Case = testing::FrontCase;

void Check(std::span<const Case> cases) { testing::CheckFront(kMessages, cases); }

#define OUT(to, from, convert)                                                      \
  "step { id: 'order' call: 'test.Back/GetOrder' } out { to: '" to "' from: '" from \
  "' convert { " convert " } }"
#define CENTS "rename { from: 'cents' to: 'amount' } "
#define PAID "value { from: 'STATE_PAID' to: 'PHASE_DONE' } "

TEST(PlanConvert, Findings) {
  constexpr Case kCases[] = {
      {OUT("price", "order.total", CENTS), ""},
      {OUT("price", "order.total", CENTS "strict: true"), ""},
      {OUT("prices", "order.parts", CENTS), ""},
      {OUT("price", "order.total", "strict: true"),
       "strict: nothing fills \"amount\" of test.Price"},
      {OUT("price", "order.total", "rename { from: 'cent' to: 'amount' }"),
       "rename: test.Money has no field \"cent\" (did you mean \"cents\"?)"},
      {OUT("price", "order.total", "rename { from: 'cents' to: 'amont' }"),
       "rename: test.Price has no field \"amont\" (did you mean \"amount\"?)"},
      {OUT("price", "order.total", CENTS CENTS), "rename: \"amount\" is filled twice"},
      {OUT("price", "order.total", "rename { from: 'currency' to: 'amount' }"),
       "string does not fit \"amount\", which is int64"},
      {OUT("price", "order.total", CENTS PAID),
       "value \"STATE_PAID\": no enum that is converted here"},
      {OUT("price", "order.total", ""), "`convert` says nothing"},
      {OUT("phase", "order.state", PAID), ""},
      {OUT("phase", "order.state", "value { from: 'STATE_PAID' to: 'PHASE_DUN' }"),
       "value \"PHASE_DUN\" is not one of test.Phase (did you mean \"PHASE_DONE\"?)"},
      {OUT("phase", "order.state", "value { from: 'STATE_PAYD' to: 'PHASE_DONE' }"),
       "value STATE_PAID of test.State has no counterpart in test.Phase"},
      {OUT("phase", "order.state", PAID "value { from: 'STATE_GONE' to: 'PHASE_LOST' }"),
       "value \"STATE_GONE\": no enum"},
      {OUT("phase", "order.state", PAID CENTS), "`rename` is for the fields of a message"},
      {OUT("phase", "order.state", PAID "strict: true"), "`strict` is for the fields of a message"},
      {OUT("id", "order.id", "strict: true"),
       "`convert` is for messages and enums, not for string"},
      {OUT("view", "order", PAID), ""},
      {OUT("view", "order", ""), "value STATE_PAID of test.State has no counterpart"},
      {OUT("view", "order", PAID "strict: true"), "strict: nothing fills \"note\" of test.View"},
      {OUT("money", "order.total", "strict: true"), ""},
      {OUT("", "order.total", CENTS), ""},
      {OUT("", "order", PAID), ""},
      {OUT("", "order", PAID "strict: true"),
       "strict: nothing fills \"price\", \"prices\", \"phase\""},
      {OUT("", "order.total", "rename { from: 'cents' to: 'amunt' }"), "has no field \"amunt\""},
      {"step { id: 'order' call: 'test.Back/GetOrder' bind { to: 'id' value: 'x' convert { strict: "
       "true } "
       "} } out { to: 'id' from: 'order.id' }",
       "a constant is not converted"},
  };
  Check(kCases);
}

}  // namespace
}  // namespace frontdesk::contract
