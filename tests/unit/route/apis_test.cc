// Which front a request is for.
#include "gateway/route/apis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gateway/base/text.h"

namespace frontdesk::route {
namespace {

std::unique_ptr<const Api> Make(std::string name, std::vector<std::string> hosts,
                                std::vector<std::string> prefix, bool strip = true) {
  auto api = std::make_unique<Api>();
  api->name = std::move(name);
  api->hosts = std::move(hosts);
  api->prefix = std::move(prefix);
  api->strip_prefix = strip;
  return api;
}

// In every order, since none may matter.
std::vector<std::unique_ptr<const Api>> House() {
  std::vector<std::unique_ptr<const Api>> all;
  all.push_back(Make("any", {}, {"any"}));
  all.push_back(Make("any-deep", {}, {"any", "deep"}));
  all.push_back(Make("exact", {"m.example.com", "10.0.0.1", "[::1]"}, {}));
  all.push_back(Make("exact-p", {"m.example.com", "p.example.com"}, {"partner"}));
  all.push_back(Make("wild", {"*.example.com"}, {"w"}));
  all.push_back(Make("wilder", {"*.eu.example.com"}, {"w"}, false));
  all.push_back(Make("odd", {}, {"a b", "c/d"}));
  return all;
}

struct Row {
  const char* authority;
  const char* path;
  std::string found;  // "api path", or ""
};

TEST(Apis, TheHostDecidesAndThenThePrefix) {
  const std::string kLong = std::string(300, 'a') + ".example.com";
  const Row rows[] = {
      // Hosts.
      {"m.example.com", "/x", "exact /x"},
      {"m.example.com:8080", "/x", "exact /x"},
      {"M.Example.COM", "/x", "exact /x"},
      {"m.example.com.", "/x", "exact /x"},
      {"m.example.com.:80", "/x", "exact /x"},
      {"m.example.com..", "/x", ""},
      {"xm.example.com", "/x", ""},
      {"m.example.com.evil.org", "/x", ""},
      {"m.example.co", "/x", ""},
      {"m%2eexample.com", "/x", ""},
      {"10.0.0.1:8080", "/x", "exact /x"},
      {"[::1]:8080", "/x", "exact /x"},
      {"[::1]", "/x", "exact /x"},
      {"[::2]", "/x", ""},
      {"", "/x", ""},
      {".", "/x", ""},
      {":80", "/x", ""},
      {"[", "/x", ""},
      // Wildcards: any name below, however deep; not the name itself.
      {"a.example.com", "/w/x", "wild /x"},
      {"a.b.example.com", "/w/x", "wild /x"},
      {"example.com", "/w/x", ""},
      {".example.com", "/w/x", ""},
      {"a.eu.example.com", "/w/x", "wilder /w/x"},
      {"eu.example.com", "/w/x", "wild /x"},
      {"aexample.com", "/w/x", ""},
      {kLong.c_str(), "/w/x", ""},
      {kLong.c_str(), "/any/x", "any /x"},
      // An exact host first, whatever prefixes others have.
      {"m.example.com", "/w/x", "exact /w/x"},
      {"m.example.com", "/any/x", "exact /any/x"},
      {"m.example.com", "/partner/x", "exact-p /x"},
      // Where none of the host's fronts has the path, those that say less about it do.
      {"p.example.com", "/partner/x", "exact-p /x"},
      {"p.example.com", "/w/x", "wild /x"},
      {"p.example.com", "/any/x", "any /x"},
      {"p.example.com", "/x", ""},
      // Prefixes: whole segments, the longest first, compared decoded.
      {"", "/any", "any /"},
      {"", "/any/", "any /"},
      {"", "/any/x", "any /x"},
      {"", "/any/x/", "any /x/"},
      {"", "/anyx", ""},
      {"", "/an", ""},
      {"", "/Any/x", ""},
      {"", "/any%2Fx", ""},
      {"", "/%61ny/x", "any /x"},
      {"", "/%61%6E%79/deep/x", "any-deep /x"},
      {"", "/any/deep", "any-deep /"},
      {"", "/any/deeper", "any /deeper"},
      {"", "/any/d%65ep/x", "any-deep /x"},
      {"", "/any/any/x", "any /any/x"},
      {"", "/a%20b/c%2Fd/x", "odd /x"},
      {"", "/a%20b/c/d/x", ""},
      {"", "/%2561ny/x", ""},
      // What CheckPath() refuses anyway must not be another front's by mistake.
      {"", "/any/../w/x", "any /../w/x"},
      {"m.example.com", "/partner/../x", "exact-p /../x"},
      {"", "//any/x", ""},
      {"", "/any//x", "any //x"},
      {"", "/", ""},
      {"", "", ""},
      {"", "any/x", ""},
      {"", "/any%", ""},
      {"", "/%zz", ""},
  };
  std::minstd_rand random(1);  // NOLINT: the same orders each time
  for (int order = 0; order < 20; ++order) {
    auto all = House();
    std::shuffle(all.begin(), all.end(), random);
    Apis apis;
    for (auto& api : all) apis.Add(std::move(api));
    for (const Row& row : rows) {
      const Apis::Found found = apis.Find(row.authority, row.path);
      EXPECT_EQ(found.api ? Cat(found.api->name, ' ', found.path) : "", row.found)
          << row.authority << ' ' << row.path;
    }
  }
}

TEST(Apis, WithoutPrefixEveryPathIsIts) {
  Apis apis;
  EXPECT_TRUE(apis.empty());
  apis.Add(Make("all", {}, {}));
  EXPECT_FALSE(apis.empty());
  for (const char* path : {"/", "/a", "/a/b/", "/%61"}) {
    const Apis::Found found = apis.Find("anything:1", path);
    ASSERT_TRUE(found.api) << path;
    EXPECT_EQ(found.path, path);
  }
  EXPECT_EQ(apis.FindByName("all"), apis.all().front().get());
  EXPECT_EQ(apis.FindByName("al"), nullptr);
  EXPECT_EQ(Make("odd", {}, {"a b", "c/d"})->PrefixText(), "/a%20b/c%2Fd");
}

}  // namespace
}  // namespace frontdesk::route
