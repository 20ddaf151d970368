// What the HTTP/1.1 parsers refuse, and with which status.
#include <gtest/gtest.h>

#include "tests/support/http_attacks.h"
#include "tests/unit/http/drive.h"

namespace frontdesk::http {
namespace {

TEST(RequestParserTest, RefusesHoweverTheBytesAreCut) {
  for (const testing_support::HttpAttack& row : testing_support::HttpAttacks("/")) {
    for (const auto& [way, driven] : DriveEveryWay(row.bytes)) {
      EXPECT_EQ(driven.refused, row.status) << row.name << ", " << way << ": " << driven.reason;
      EXPECT_TRUE(driven.requests.empty()) << row.name << ", " << way;
    }
  }
}

}  // namespace
}  // namespace frontdesk::http
