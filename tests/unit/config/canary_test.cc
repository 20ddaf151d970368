// Versions of an upstream: what can't be right, and what becomes of the rest.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/config/load.h"
#include "gateway/config/upstreams.h"
#include "tests/support/process.h"

namespace frontdesk::config {
namespace {

std::string With(const std::string& canary) {
  return Cat("upstreams: {o: {services: [x], endpoints: [\"h:1\"], canary: {", canary, "}}}");
}
std::string Version(const std::string& version) { return With(Cat("versions: [{", version, "}]")); }
constexpr char kNext[] = "name: next, percent: 5, endpoints: [\"h:2\"]";

// Without the file and the place.
std::string Told(const std::string& yaml) {
  contract::Findings findings;
  ParseConfig(yaml, "f.yaml", findings);
  std::string text;
  for (const contract::Finding& one : findings.all()) {
    text += Cat(text.empty() ? "" : "\n", one.path, ": ", one.text);
  }
  return Cat(text.starts_with("upstreams.o.canary") ? text.substr(18) : text);
}

TEST(ConfigCanary, WhatCantBeRight) {
  const std::string next = kNext;
  const std::pair<std::string, std::string> rows[] = {
      {Version(next), ""},
      {Version(next + ", fallback: false, max_in_flight: 3, match: [{header: X-Beta}]"), ""},
      {Version("name: a, percent: 0, endpoints: [\"h:2\"]"), ""},
      {Version("name: a, match: [{claim: org.plan, values: [beta]}], endpoints: [\"h:2\"]"), ""},
      {With(Cat("sticky_header: x-device, versions: [{", next, "}]")), ""},
      {With(Cat("sticky_cookie: id, versions: [{", next, "}]")), ""},
      {With(""), "expected a map with something in it"},
      {With("sticky_header: x-device"), ": has no versions"},
      {Version("percent: 5, endpoints: [\"h:2\"]"), ".versions[0]: has no name"},
      {Version("name: stable, percent: 5, endpoints: [\"h:2\"]"),
       ".versions[0].name: \"stable\" are the end points of the upstream itself"},
      {Version("name: A b, percent: 5, endpoints: [\"h:2\"]"),
       ".versions[0].name: expected small letters, digits, '-', '_' and '.', got \"A b\""},
      {Version("name: a, percent: 5"), ".versions[0]: has no endpoints"},
      {Version("name: a, percent: 5, endpoints: [\"h:1\"]"),
       ".versions[0].endpoints[0]: \"h:1\" stands here twice"},
      {Version("name: a, percent: 5, endpoints: [h]"),
       ".versions[0].endpoints[0]: expected \"host:port\", got \"h\""},
      {Version("name: a, endpoints: [\"h:2\"]"),
       ".versions[0]: has neither `percent` nor `match`: nobody would get it"},
      {Version("name: a, percent: 101, endpoints: [\"h:2\"]"),
       ".versions[0].percent: must be between 0 and 100, got 101\nupstreams.o.canary.versions: get "
       "101 percent of the callers together, of a hundred that there are"},
      {With("versions: [{name: a, percent: 60, endpoints: [\"h:2\"]}, {name: b, percent: 40.5, "
            "endpoints: [\"h:3\"]}]"),
       ".versions: get 100.5 percent of the callers together, of a hundred that there are"},
      {With("versions: [{name: a, percent: 1, endpoints: [\"h:2\"]}, {name: a, percent: 1, "
            "endpoints: [\"h:3\"]}]"),
       ".versions[1].name: \"a\" is another version as well"},
      {Version(next + ", match: [{values: [a]}]"),
       ".versions[0].match[0]: names neither a header nor a claim: everybody would fit"},
      {Version(next + ", match: [{header: \"x y\"}]"),
       ".versions[0].match[0].header: \"x y\" is no name of a header"},
      {Version(next + ", match: [{header: Authorization}]"),
       ".versions[0].match[0].header: \"Authorization\" has another meaning"},
      {Version(next + ", match: [{header: cookie}]"),
       ".versions[0].match[0].header: \"cookie\" has another meaning"},
      {Version(next + ", match: [{header: x, claim: y, values: [z]}]"),
       ".versions[0].match[0].values: can't be meant for the header and for the claim"},
      {With(Cat("sticky_header: x, sticky_cookie: y, versions: [{", next, "}]")),
       ".sticky_cookie: can't stand beside `sticky_header`: one tells callers apart"},
      {With(Cat("sticky_cookie: \"a=b\", versions: [{", next, "}]")),
       ".sticky_cookie: \"a=b\" is no name that a cookie can have"},
      {Cat("upstreams: {o: {services: [x], endpoints: [\"h:1\"], canary: {versions: [{", next,
           "}]}}, o@next: {services: [y], endpoints: [\"h:3\"]}}"),
       ".versions[0].name: together with that of its upstream is the name of another upstream"},
  };
  for (const auto& [yaml, told] : rows) {
    if (told.starts_with("expected")) {
      EXPECT_NE(Told(yaml), "") << yaml;
    } else {
      EXPECT_EQ(Told(yaml), told) << yaml;
    }
  }
}

TEST(ConfigCanary, BecomesSettings) {
  v1::Upstream from;
  from.add_endpoints("h:1");
  auto& canary = *from.mutable_canary();
  canary.set_sticky_header("X-Device");
  auto& version = *canary.add_versions();
  version.set_name("next");
  version.set_percent(2.5);
  version.add_endpoints("h:2");
  version.add_match()->set_header("X-Beta");
  const upstream::UpstreamSettings settings = ToSettings("o", from, "");
  EXPECT_EQ(settings.canary.sticky_header, "x-device");
  ASSERT_EQ(settings.canary.versions.size(), 1u);
  const upstream::VersionSettings& next = settings.canary.versions[0];
  EXPECT_EQ(next.name, "next");
  EXPECT_EQ(next.percent, 2.5);
  EXPECT_TRUE(next.fallback);
  EXPECT_EQ(next.endpoints[0].address, "h:2");
  EXPECT_EQ(next.match[0].header, "x-beta");
  EXPECT_TRUE(ToSettings("o", v1::Upstream(), "").canary.versions.empty());
}

TEST(ConfigCanary, SharesAreReadAgain) {
  contract::Findings findings;
  const auto percents =
      ReadPercents(testing_support::WriteTempFile("percents.yaml", Version(kNext)), findings);
  ASSERT_TRUE(percents) << findings.ToString();
  ASSERT_EQ(percents->size(), 1u);
  EXPECT_EQ((*percents)[0].upstream, "o");
  EXPECT_EQ((*percents)[0].version, "next");
  EXPECT_EQ((*percents)[0].percent, 5);
  EXPECT_FALSE(ReadPercents(testing_support::WriteTempFile("percents.yaml", "a: b"), findings));
  EXPECT_FALSE(findings.empty());
}

}  // namespace
}  // namespace frontdesk::config
