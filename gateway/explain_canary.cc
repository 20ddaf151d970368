#include "gateway/explain_canary.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "gateway/base/text.h"
#include "gateway/contract/findings.h"
#include "gateway/explain_calls.h"

namespace frontdesk {

using nlohmann::ordered_json;

ordered_json CanaryToJson(const upstream::CanarySettings& canary) {
  const bool header = !canary.sticky_header.empty(), cookie = !canary.sticky_cookie.empty();
  const std::string said = header   ? Cat("header ", canary.sticky_header, ", ")
                           : cookie ? Cat("cookie ", canary.sticky_cookie, ", ")
                                    : "";
  ordered_json out{{"sticky", Cat("verified caller, ", said, "client address")}};
  for (const upstream::VersionSettings& version : canary.versions) {
    ordered_json one{{"percent", version.percent}, {"fallback", version.fallback}};
    for (const auto& endpoint : version.endpoints) one["endpoints"].push_back(endpoint.address);
    for (const auto& match : version.match) {
      std::string values;
      for (const std::string& value : match.values) {
        values += Cat(values.empty() ? " is " : " or ", contract::Quoted(value));
      }
      if (values.empty()) values = " is there";
      const std::string both = match.header.empty() || match.claim.empty() ? "" : " and ";
      one["match"].push_back(Cat(match.header.empty() ? "" : Cat("header ", match.header), both,
                                 match.claim.empty() ? "" : Cat("claim ", match.claim), values));
    }
    out["versions"][version.name] = std::move(one);
  }
  return out;
}

void PrintCanary(const ordered_json& canary) {
  for (const auto& [name, version] : canary["versions"].items()) {
    std::string text = Cat(Text(version["percent"]), " % of callers by ", Text(canary["sticky"]));
    if (version.contains("match")) {
      for (const ordered_json& match : version["match"]) text += Cat("; where ", Text(match));
    }
    for (const ordered_json& endpoint : version["endpoints"]) text += Cat("; ", Text(endpoint));
    if (!version["fallback"].get<bool>()) text += "; no fallback";
    std::printf("    %-30s %s\n", Cat("version ", name).c_str(), text.c_str());
  }
}

}  // namespace frontdesk
