// Versions on their way out: dates, who follows whom, and what can't be right.
#include "gateway/contract/version_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/base/text.h"
#include "gateway/contract/date.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::contract {
namespace {

TEST(Date, IsADayOrAMomentOfUtc) {
  const struct {
    const char* text;
    int64_t second;  // -1: none
  } rows[] = {
      {"1970-01-01", 0},
      {"1970-01-01T00:00:01Z", 1},
      {"2026-11-01", 1793491200},
      {"2026-11-01T06:07:08Z", 1793513228},
      {"2024-02-29", 1709164800},
      {"9999-12-31T23:59:59Z", 253402300799},
      {"", -1},
      {"2026-02-29", -1},
      {"2026-00-01", -1},
      {"2026-13-01", -1},
      {"2026-11-00", -1},
      {"2026-11-31", -1},
      {"1969-12-31", -1},
      {"2026-11-1", -1},
      {"26-11-01", -1},
      {"2026/11/01", -1},
      {" 2026-11-01", -1},
      {"2026-11-01 ", -1},
      {"2026-11-01T06:00:00", -1},
      {"2026-11-01T06:00:00+01:00", -1},
      {"2026-11-01t06:00:00z", -1},
      {"2026-11-01T24:00:00Z", -1},
      {"2026-11-01T23:60:00Z", -1},
      {"2026-11-01T23:59:60Z", -1},
      {"2026-11-01T06:00Z", -1},
      {"+026-11-01", -1},
      {"tomorrow", -1},
  };
  for (const auto& row : rows) {
    const auto date = ParseDate(row.text);
    EXPECT_EQ(date ? date->time_since_epoch().count() : -1, row.second) << row.text;
  }
}

// Old methods are followed by New ones; `get` and `put` are the options of Old.Get and Old.Put.
std::string Text(const std::string& service, const std::string& get, const std::string& put) {
  const auto version = [](const std::string& words) {
    return words.empty() ? "" : Cat("option (frontdesk.v1.method) = { version { ", words, " } };");
  };
  return Cat(
      R"(message M { string id = 1; }
    service Old { )",
      service.empty() ? "" : Cat("option (frontdesk.v1.service) = { version { ", service, " } };"),
      R"(
      rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/{id}" }; )",
      version(get), R"( }
      rpc Put(M) returns (M) { option (google.api.http) = { put: "/v1/{id}" }; )",
      version(put), R"( }
    }
    service New {
      rpc Get(M) returns (M) { option (google.api.http) = { get: "/v2/{id}" }; }
      rpc Put(M) returns (M) { option (google.api.http) = { put: "/v2/{id}" }; }
      rpc Inner(M) returns (M);
    })");
}

TEST(Version, Findings) {
  const struct {
    const char* service;
    const char* get;
    const char* put;
    const char* finding;  // "" for a good one
  } rows[] = {
      {"successor: 'test.New' deprecated_since: '2026-01-01' sunset: '2027-01-01'", "", "", ""},
      {"successor: 'test.New'", "retired: true", "retired_since: '2030-01-01T00:00:00Z'", ""},
      {"retired: true", "successor: 'test.New/Get'", "documentation: 'https://example.com/v2?a=b'",
       ""},
      {"", "sunset: '2027-01-01'", "", ""},
      {"successor: 'test.Neu'", "successor: 'test.New'", "successor: ''", ""},
      {"", "retired: false retired_since: '2026-01-01' documentation: 'http://a'", "", ""},
      // Values.
      {"", "sunset: 'soon'", "", "Old.Get.version.sunset: \"soon\" is not a date such as"},
      {"deprecated_since: '2026-02-30'", "", "",
       "test.Old.version.deprecated_since: \"2026-02-30\""},
      {"", "documentation: 'ftp://a'", "", "version.documentation: \"ftp://a\" is not an address"},
      {"", "documentation: 'https://a> ; rel=x'", "", "is not an address"},
      {"", "documentation: 'https:///a'", "", "is not an address"},
      {"", "documentation: 'javascript:alert(1)'", "", "is not an address"},
      // Together.
      {"", "deprecated_since: '2027-01-01' sunset: '2026-12-31'", "",
       "version.sunset: sunset 2026-12-31 is before deprecated_since 2027-01-01"},
      {"sunset: '2026-12-31'", "deprecated_since: '2027-01-01'", "",
       "sunset 2026-12-31 is before deprecated_since 2027-01-01"},
      {"successor: 'test.New' sunset: '2027-06-01'", "retired_since: '2027-05-31'", "",
       "version.retired_since: retired_since 2027-05-31 is before sunset 2027-06-01"},
      {"successor: 'test.New' deprecated_since: '2027-06-01'", "retired_since: '2027-05-31'", "",
       "retired_since 2027-05-31 is before deprecated_since 2027-06-01"},
      {"", "retired: true", "", "version.retired: tells clients to go, and not where to"},
      {"successor: 'test.New' retired: true", "successor: ''", "",
       "test.Old.Get.version.retired: tells clients to go"},
      {"", "retired_since: '2027-05-31'", "", "version.retired_since: tells clients to go"},
      // Who follows.
      {"", "successor: 'test.New/Gett'", "",
       "there is no method \"test.New/Gett\" (did you mean \"test.New/Get\"?)"},
      {"", "successor: 'test.Neu'", "", "there is no method \"test.Neu/Get\" (did you mean"},
      {"", "successor: 'test.New/Inner'", "", "\"test.New/Inner\" has no address that clients"},
      {"", "successor: 'test.Old'", "", "\"test.Old/Get\" would follow itself"},
      {"", "successor: 'test.Old/Put'", "successor: 'test.New' retired: true",
       "\"test.Old/Put\" is retired itself"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(Cat(row.service, " | ", row.get, " | ", row.put));
    Findings findings;
    const auto contract = Contract::Load(testing::CompileProto(Text(row.service, row.get, row.put)),
                                         "test.binpb", findings);
    if (*row.finding == '\0') {
      EXPECT_TRUE(contract) << findings.ToString();
      continue;
    }
    EXPECT_EQ(findings.size(), 1u) << findings.ToString();
    EXPECT_THAT(findings.ToString(), ::testing::HasSubstr(row.finding));
    EXPECT_THAT(findings.ToString(), ::testing::HasSubstr("test.proto:"));
  }
  // A circle has as many members as findings.
  Findings findings;
  Contract::Load(
      testing::CompileProto(Text("", "successor: 'test.Old/Put'", "successor: 'test.Old/Get'")),
      "test.binpb", findings);
  EXPECT_EQ(findings.size(), 2u);
  EXPECT_THAT(findings.ToString(),
              ::testing::HasSubstr("\"test.Old/Put\" is followed by this one in turn"));
}

TEST(Version, IsToldInASentence) {
  const struct {
    const char* words;
    const char* text;
  } rows[] = {
      {"", ""},
      {"successor: 'test.New'", ""},
      {"deprecated_since: '2026-01-01'", "Deprecated since 2026-01-01."},
      {"deprecated_since: '2026-01-01' sunset: '2027-01-01' successor: 'test.New'",
       "Deprecated since 2026-01-01, sunset 2027-01-01; use test.New/Get instead."},
      {"retired_since: '2027-01-01' documentation: 'https://a/'",
       "Deprecated, retired from 2027-01-01 on. See https://a/."},
      {"retired: true successor: 'test.New/Put'", "Retired; use test.New/Put instead."},
      {"retired: false retired_since: '2026-01-01' documentation: 'https://a/'",
       "Deprecated. See https://a/."},
  };
  for (const auto& row : rows) {
    Findings findings;
    const auto contract =
        Contract::Load(testing::CompileProto(Text("", row.words, "")), "test.binpb", findings);
    ASSERT_TRUE(contract) << findings.ToString();
    const Method& get = *contract->FindMethod("test.Old/Get");
    EXPECT_EQ(VersionText(get, get.policy.version()), row.text);
  }
}

}  // namespace
}  // namespace frontdesk::contract
