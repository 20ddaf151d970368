#include "gateway/contract/findings.h"

#include <gtest/gtest.h>

namespace frontdesk::contract {
namespace {

TEST(Findings, AreLinesThatEditorsUnderstand) {
  Findings findings;
  EXPECT_TRUE(findings.empty());
  EXPECT_EQ(findings.ToString(), "");
  findings.Add({"a.proto", 3, 14}, "shop.Orders.Get", "no such field");
  findings.Add({"set.pb"}, "", "not a descriptor set");
  findings.Add({}, "path", "text");
  EXPECT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings.ToString(),
            "a.proto:3:14: shop.Orders.Get: no such field\n"
            "set.pb: not a descriptor set\n"
            "path: text\n");
}

TEST(Findings, AreOneLineWhateverTheyCite) {
  Findings findings;
  findings.Add({"a\n.proto", 1, 2}, "b\tc", "no \x1b[31m\x7f\r\n\"caf\xc3\xa9\"");
  EXPECT_EQ(findings.ToString(),
            "a\\x0a.proto:1:2: b\\x09c: no \\x1b[31m\\x7f\\x0d\\x0a\"caf\xc3\xa9\"\n");
}

TEST(DidYouMean, NamesTheNearest) {
  struct Row {
    const char* word;
    const char* hint;
  };
  const std::vector<std::string> names = {"order_id", "user_id", "page_size", "page_token", "a"};
  const Row rows[] = {
      {"oder_id", " (did you mean \"order_id\"?)"},    // a letter missing
      {"order_idd", " (did you mean \"order_id\"?)"},  // one too many
      {"odrer_id", " (did you mean \"order_id\"?)"},   // neighbours swapped
      {"orderId", " (did you mean \"order_id\"?)"},    // JSON name
      {"ORDER_ID", " (did you mean \"order_id\"?)"},   // case
      {"order_id", ""},                                // it is one of them
      {"page_tokn", " (did you mean \"page_token\"?)"},
      {"zzz", ""},
      {"", ""},
      {"b", ""},  // every letter differs: no hint
      {"completely_different", ""},
  };
  for (const Row& row : rows) EXPECT_EQ(DidYouMean(row.word, names), row.hint) << row.word;
  EXPECT_EQ(DidYouMean("x", {}), "");
  EXPECT_EQ(DidYouMean(std::string(100000, 'x'), {std::string(100000, 'x')}), "");
}

}  // namespace
}  // namespace frontdesk::contract
