#include "services_mock/faults.h"

#include <gtest/gtest.h>

#include <string>

#include "services_mock/flags.h"

namespace frontdesk::mock {
namespace {

TEST(FaultRules, DelaySpecs) {
  struct Row {
    const char* spec;
    bool read;
    int order_get;    // delay of order/GetOrder in ms
    int order_other;  // of order/ListOrders
    int payment;
  };
  const Row rows[] = {
      {"200", true, 200, 200, 200},
      {"0", true, 0, 0, 0},
      {"600000", true, 600000, 600000, 600000},
      {"order=20", true, 20, 20, 0},
      {"order=20,5", true, 20, 20, 5},
      {"order/GetOrder=7,order=20,*=5", true, 7, 20, 5},
      {"*=5,order=0", true, 0, 0, 5},
      {"order=1,order=2", true, 2, 2, 0},
      {"", false, 0, 0, 0},
      {",", false, 0, 0, 0},
      {"5,", false, 0, 0, 0},
      {"=5", false, 0, 0, 0},
      {"order=", false, 0, 0, 0},
      {"order=5=6", false, 0, 0, 0},
      {"-1", false, 0, 0, 0},
      {"+1", false, 0, 0, 0},
      {" 1", false, 0, 0, 0},
      {"1ms", false, 0, 0, 0},
      {"0x10", false, 0, 0, 0},
      {"600001", false, 0, 0, 0},
      {"99999999999999999999", false, 0, 0, 0},
      {"order=5,payment=x", false, 0, 0, 0},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.spec);
    FaultRules rules;
    EXPECT_EQ(rules.AddDelay(row.spec), row.read);
    EXPECT_EQ(rules.Next("order", "GetOrder").delay.count(), row.order_get);
    EXPECT_EQ(rules.Next("order", "ListOrders").delay.count(), row.order_other);
    EXPECT_EQ(rules.Next("payment", "GetByOrder").delay.count(), row.payment);
    EXPECT_EQ(rules.empty(), !row.read);
  }
}

TEST(FaultRules, FailSpecs) {
  struct Row {
    const char* spec;
    bool read;
    const char* codes;  // of eight calls of order/GetOrder, one letter each
  };
  const Row rows[] = {
      {"UNAVAILABLE", true, "nnnnnnnn"},
      {"14", true, "nnnnnnnn"},
      {"order=INTERNAL", true, "mmmmmmmm"},
      {"payment=INTERNAL", true, "........"},
      {"order=INTERNAL:0", true, "........"},
      {"order=INTERNAL:1", true, "mmmmmmmm"},
      {"order=INTERNAL:0.5", true, ".m.m.m.m"},
      {"order=INTERNAL:0.25", true, "...m...m"},
      {"order/GetOrder=1:0.5,order=2", true, ".a.a.a.a"},
      {"OK", false, "........"},
      {"0", false, "........"},
      {"17", false, "........"},
      {"-1", false, "........"},
      {"unavailable", false, "........"},
      {"UNAVAILABLE ", false, "........"},
      {"order=", false, "........"},
      {"=INTERNAL", false, "........"},
      {"INTERNAL:", false, "........"},
      {"INTERNAL:1.5", false, "........"},
      {"INTERNAL:-0.5", false, "........"},
      {"INTERNAL:nan", false, "........"},
      {"INTERNAL:0.5:0.5", false, "........"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.spec);
    FaultRules rules;
    EXPECT_EQ(rules.AddFail(row.spec), row.read);
    std::string codes;
    for (int i = 0; i < 8; ++i) {
      const int code = rules.Next("order", "GetOrder").code;
      codes.push_back(code == 0 ? '.' : static_cast<char>('a' + code - 1));
    }
    EXPECT_EQ(codes, row.codes);
  }
}

TEST(Faults, TheCallsOwnRulesWinAndResetForgets) {
  FaultRules start;
  ASSERT_TRUE(start.AddDelay("10"));
  Faults faults(start);
  FaultRules own;
  ASSERT_TRUE(own.AddDelay("payment=99"));
  ASSERT_TRUE(own.AddFail("payment=ABORTED"));
  EXPECT_EQ(faults.Next("order", "GetOrder", own).delay.count(), 10);
  EXPECT_EQ(faults.Next("payment", "GetByOrder", own).delay.count(), 99);
  EXPECT_EQ(faults.Next("payment", "GetByOrder", own).code, 10);
  faults.Replace(FaultRules());
  EXPECT_EQ(faults.Next("order", "GetOrder", FaultRules()).delay.count(), 0);
  faults.Reset();
  EXPECT_EQ(faults.Next("order", "GetOrder", FaultRules()).delay.count(), 10);
}

TEST(FaultRules, LagAndDropComeAfterTheWork) {
  FaultRules rules;
  ASSERT_TRUE(rules.AddLag("payment=30,payment/Charge=500"));
  ASSERT_TRUE(rules.AddDrop("payment/Charge=2"));
  EXPECT_FALSE(rules.empty());
  EXPECT_EQ(rules.Next("payment", "Charge").lag.count(), 500);
  EXPECT_TRUE(rules.Next("payment", "Charge").drop);
  EXPECT_FALSE(rules.Next("payment", "Charge").drop);  // so many and no more
  const Fault refund = rules.Next("payment", "Refund");
  EXPECT_EQ(refund.lag.count(), 30);
  EXPECT_FALSE(refund.drop);
  EXPECT_EQ(refund.delay.count(), 0);
  for (const char* wrong : {"payment=-1", "payment=x", "=1", "payment="}) {
    EXPECT_FALSE(rules.AddDrop(wrong)) << wrong;
    EXPECT_FALSE(rules.AddLag(wrong)) << wrong;
  }
  FaultRules merged;
  merged.Merge(rules);
  EXPECT_EQ(merged.Next("payment", "Refund").lag.count(), 30);
}

TEST(Flags, Table) {
  struct Row {
    std::vector<std::string_view> arguments;
    const char* wrong;
  };
  const Row rows[] = {
      {{}, ""},
      {{"--base-port", "0", "--control-port=7"}, ""},
      {{"--delay-ms", "200", "--delay", "order=5", "--fail=payment=INTERNAL:0.5"}, ""},
      {{"--lag", "payment=5", "--drop=payment/Charge=1"}, ""},
      {{"--drop", "payment"}, "--drop can't be 'payment'"},
      {{"--help", "--nonsense"}, ""},
      {{"--nonsense"}, "unknown flag '--nonsense'"},
      {{"50051"}, "unknown flag '50051'"},
      {{""}, "unknown flag ''"},
      {{"--base-port"}, "--base-port needs a value"},
      {{"--base-port", "65536"}, "--base-port can't be '65536'"},
      {{"--base-port=-1"}, "--base-port can't be '-1'"},
      {{"--base-port="}, "--base-port can't be ''"},
      {{"--fail", "order=NO"}, "--fail can't be 'order=NO'"},
  };
  for (const Row& row : rows) {
    Flags flags;
    EXPECT_EQ(ParseFlags(row.arguments, flags), row.wrong);
  }
}

}  // namespace
}  // namespace frontdesk::mock
