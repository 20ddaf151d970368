// CheckApis(): what is wrong with the fronts.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/config/apis.h"
#include "gateway/config/auth.h"
#include "gateway/config/load_message.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/limit_check.h"
#include "gateway/contract/origin.h"
#include "gateway/route/matcher.h"

namespace frontdesk::config {
namespace {

using contract::Findings;
using contract::Quoted;
using v1::Config;

constexpr size_t kMostPrefixSegments = 16;

bool IsWordChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class ApiChecker {
 public:
  ApiChecker(const LoadedConfig& loaded, Findings& findings)
      : loaded_(loaded), findings_(findings) {}

  void Run() {
    std::map<std::string, const Config::Api*> sorted;
    for (const auto& [name, api] : loaded_.config.apis()) sorted.emplace(name, &api);
    if (sorted.empty() && loaded_.Has("apis")) {
      Add("apis", "is here without a front: nothing would be served");
    }
    for (const auto& [name, api] : sorted) {
      const std::string path = Cat("apis.", name);
      if (name.empty() || !std::all_of(name.begin(), name.end(), IsWordChar)) {
        Add(path, "a name has small letters, digits, '-' and '_' only");
      }
      CheckHosts(path, *api);
      CheckPrefix(path, *api);
      CheckServes(path, *api);
      CheckCredentials(path, *api);
      CheckLimits(path, *api);
      OnlyOfRequests(Cat(path, ".policy"), api->policy());
      for (const auto& [what, policy] : api->methods()) {
        OnlyOfRequests(Cat(path, ".methods.", what), policy);
      }
    }
  }

 private:
  void Add(const std::string& path, std::string_view text) {
    if (findings_.size() < kMaxFindings) findings_.Add(loaded_.PlaceOf(path), path, text);
  }

  // One front only is at a host and a prefix.
  void Claim(const std::string& path, const std::string& host, const Config::Api& api) {
    const std::string prefix = contract::LowerCase(host) + api.path_prefix();
    const auto [at, added] = homes_.emplace(prefix, path);
    if (added) return;
    const auto where = at->second.substr(0, at->second.find('.', 5));
    Add(path, Cat(where == path.substr(0, path.find('.', 5))
                      ? Cat(Quoted(host), " stands here twice")
                      : Cat("is where ", where, " is as well: the same ",
                            host.empty() ? "hosts (any)" : "host", " and the same prefix")));
  }

  void CheckHosts(const std::string& path, const Config::Api& api) {
    if (api.hosts_size() == 0) Claim(path, "", api);
    for (int i = 0; i < api.hosts_size(); ++i) {
      const std::string at = Cat(path, ".hosts[", i, ']');
      std::string host = contract::LowerCase(api.hosts(i));
      if (host.ends_with('.')) host.pop_back();
      const bool wildcard = host.starts_with("*.");
      if (host == "*") {
        Add(at, "\"*\" is any host: leave `hosts` out");
      } else if (!contract::IsHost(wildcard ? std::string_view(host).substr(2) : host)) {
        Add(at,
            Cat("expected a host such as \"mobile.example.com\" or \"*.example.com\", without a "
                "port, got ",
                Quoted(api.hosts(i))));
      } else {
        Claim(at, host, api);
      }
    }
  }

  void CheckPrefix(const std::string& path, const Config::Api& api) {
    if (!api.has_path_prefix()) {
      if (api.has_strip_prefix()) {
        Add(Cat(path, ".strip_prefix"), "has no meaning without `path_prefix`");
      }
      return;
    }
    const std::string& prefix = api.path_prefix();
    const std::string at = Cat(path, ".path_prefix");
    if (prefix == "/") {
      Add(at, "\"/\" is every path: leave it out");
    } else if (prefix.ends_with('/')) {
      Add(at, "ends with '/': it stands for whole segments anyway");
    } else if (prefix.find_first_of("%*{}:") != std::string::npos ||
               !route::CheckPath(prefix).ok() ||
               static_cast<size_t>(std::count(prefix.begin(), prefix.end(), '/')) >
                   kMostPrefixSegments) {
      Add(at, Cat("expected the begin of a path such as \"/mobile\", of plain segments, got ",
                  Quoted(prefix)));
    }
  }

  void CheckServes(const std::string& path, const Config::Api& api) {
    if (api.serves_size() == 0 && !HasUnknownKey(findings_, path)) {
      Add(path, "serves nothing: `serves` names packages, services or methods");
    }
    std::set<std::string> seen;
    for (int i = 0; i < api.serves_size(); ++i) {
      if (seen.insert(api.serves(i)).second) continue;
      Add(Cat(path, ".serves[", i, ']'), Cat(Quoted(api.serves(i)), " stands here twice"));
    }
  }

  void CheckCredentials(const std::string& path, const Config::Api& api) {
    const std::vector<std::string> known = CredentialNames(loaded_.config.auth());
    std::set<std::string> seen;
    for (int i = 0; i < api.credentials_size(); ++i) {
      const std::string& name = api.credentials(i);
      const std::string at = Cat(path, ".credentials[", i, ']');
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        Add(at, Cat(Quoted(name), " is nothing in `auth` that callers prove who they are by",
                    contract::DidYouMean(name, known)));
      } else if (!seen.insert(name).second) {
        Add(at, Cat(Quoted(name), " stands here twice"));
      }
    }
  }

  void CheckLimits(const std::string& path, const Config::Api& api) {
    v1::Policy policy;
    *policy.mutable_limit() = api.limit();
    Findings found;
    contract::CheckLimitValues(
        policy, [&](const std::vector<int>& field, std::string_view name, std::string_view text) {
          const std::string list = Cat(path, ".limit");
          const std::string at = field.size() > 1 ? Cat(list, '[', field[1], ']') : list;
          found.Add(loaded_.PlaceOf(at), Cat(path, '.', name), text);
        });
    AddNew(found, findings_);
    for (int i = 0; i < api.limit_size(); ++i) {
      constexpr std::string_view kDiffer = "methods differ in their fields: say it under `methods`";
      const std::string at = Cat(path, ".limit[", i, ']');
      if (api.limit(i).key() == v1::Policy::Limit::FIELD) {
        Add(Cat(at, ".key"), Cat("is FIELD, and ", kDiffer));
      }
      if (api.limit(i).has_per_element()) Add(Cat(at, ".per_element"), kDiffer);
    }
  }

  // Calls are the same, whoever they are made for: breakers and what is known of them are shared.
  void OnlyOfRequests(const std::string& path, const v1::Policy& policy) {
    const std::array<std::pair<const char*, bool>, 3> words = {{{"retry", policy.has_retry()},
                                                                {"hedge", policy.has_hedge()},
                                                                {"breaker", policy.has_breaker()}}};
    for (const auto& [word, set] : words) {
      if (set) {
        Add(Cat(path, '.', word),
            "is of calls, not of requests: say it under `methods` of the file, for all fronts");
      }
    }
  }

  const LoadedConfig& loaded_;
  Findings& findings_;
  std::map<std::string, std::string> homes_;  // host and prefix -> path where they were named first
};

}  // namespace

void CheckApis(const LoadedConfig& loaded, Findings& findings) {
  ApiChecker(loaded, findings).Run();
}

}  // namespace frontdesk::config
