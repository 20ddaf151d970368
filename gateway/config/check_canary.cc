// UpstreamChecker: the versions of an upstream, and who goes to them.
#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "gateway/base/text.h"
#include "gateway/config/check_upstream.h"
#include "gateway/config/load_message.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/value_rules.h"
#include "gateway/http/chars.h"
#include "gateway/upstream/canary.h"

namespace frontdesk::config {
namespace {

using contract::NumberRule;
using contract::Quoted;
using v1::Upstream;

constexpr int kMostVersions = 8;
constexpr size_t kLongestName = 64;
constexpr std::array kNumbers = {NumberRule{"percent", 0, 100},
                                 NumberRule{"max_in_flight", 1, 4294967295}};

bool IsVersionName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
             std::string_view::npos;
}

}  // namespace

void UpstreamChecker::CheckCanary(const std::string& path, const Upstream& upstream) {
  const Upstream::Canary& canary = upstream.canary();
  const std::string here = Cat(path, ".canary");
  if (canary.versions_size() == 0 && !HasUnknownKey(findings_, here)) {
    Add(here, "has no versions");
  }
  if (canary.versions_size() > kMostVersions) {
    Add(Cat(here, ".versions[", kMostVersions, ']'),
        Cat("is one of ", canary.versions_size(), " versions; there are ", kMostVersions,
            " at most"));
  }
  std::set<std::string> names;
  double percent = 0;
  for (int i = 0; i < canary.versions_size(); ++i) {
    const Upstream::Canary::Version& version = canary.versions(i);
    const std::string at = Cat(here, ".versions[", i, ']');
    CheckVersion(at, version);
    if (!version.name().empty() && !names.insert(version.name()).second) {
      Add(at + ".name", Cat(Quoted(version.name()), " is another version as well"));
    }
    if (loaded_.config.upstreams().contains(
            Cat(path.substr(path.find('.') + 1), '@', version.name()))) {
      Add(at + ".name", "together with that of its upstream is the name of another upstream");
    }
    percent += version.percent();
  }
  if (percent > 100) {
    Add(here + ".versions", Cat("get ", contract::NumberText(percent),
                                " percent of the callers together, of a hundred that there are"));
  }
  if (canary.has_sticky_header() && canary.has_sticky_cookie()) {
    Add(here + ".sticky_cookie", "can't stand beside `sticky_header`: one tells callers apart");
  }
  if (canary.has_sticky_header()) CheckHeader(here + ".sticky_header", canary.sticky_header());
  if (canary.has_sticky_cookie() && !http::IsToken(canary.sticky_cookie())) {
    Add(here + ".sticky_cookie",
        Cat(Quoted(canary.sticky_cookie()), " is no name that a cookie can have"));
  }
}

void UpstreamChecker::CheckVersion(const std::string& path,
                                   const Upstream::Canary::Version& version) {
  if (!loaded_.Has(path + ".name")) {
    if (!HasUnknownKey(findings_, path)) Add(path, "has no name");
  } else if (version.name() == upstream::kStable) {
    Add(path + ".name", "\"stable\" are the end points of the upstream itself");
  } else if (!IsVersionName(version.name())) {
    Add(path + ".name",
        Cat("expected small letters, digits, '-', '_' and '.', got ", Quoted(version.name())));
  }
  contract::CheckValues(version, kNumbers, {},
                        [&](const std::vector<int>&, std::string_view name, std::string_view text) {
                          Add(Cat(path, '.', name), text);
                        });
  if (!version.has_percent() && version.match_size() == 0 && !HasUnknownKey(findings_, path)) {
    Add(path, "has neither `percent` nor `match`: nobody would get it");
  }
  for (int i = 0; i < version.match_size(); ++i) {
    CheckMatch(Cat(path, ".match[", i, ']'), version.match(i));
  }
}

void UpstreamChecker::CheckMatch(const std::string& path, const Upstream::Canary::Match& match) {
  if (!match.has_header() && !match.has_claim() && !HasUnknownKey(findings_, path)) {
    Add(path, "names neither a header nor a claim: everybody would fit");
  }
  if (match.has_header()) CheckHeader(path + ".header", match.header());
  if (match.has_claim() && match.claim().empty()) Add(path + ".claim", "is empty");
  if (match.has_header() && match.has_claim() && match.values_size() > 0) {
    Add(path + ".values", "can't be meant for the header and for the claim");
  }
}

void UpstreamChecker::CheckHeader(const std::string& path, const std::string& header) {
  const std::string lower = contract::LowerCase(header);
  if (!contract::IsMetadataKey(lower)) {
    Add(path, Cat(Quoted(header), " is no name of a header"));
  } else if (contract::NeverForwarded(lower) || lower == "authorization" || lower == "cookie") {
    Add(path, Cat(Quoted(header), " has another meaning"));
  }
}

}  // namespace frontdesk::config
