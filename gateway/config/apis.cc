#include "gateway/config/apis.h"

#include <algorithm>
#include <map>

#include "gateway/base/text.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/path_text.h"

namespace frontdesk::config {
namespace {

using contract::Findings;
using contract::Method;

// `*` is any text, or none, without a '/'. Goes back to the last '*' alone: that is enough.
bool Glob(std::string_view pattern, std::string_view text) {
  size_t star = std::string_view::npos, from = 0, p = 0;
  for (size_t t = 0; t < text.size();) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos && text[from] != '/') {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string_view PackageOf(std::string_view service) {
  return service.substr(0, std::min(service.rfind('.'), service.size()));
}

// What a pattern may have been meant to be.
std::vector<std::string> Names(const contract::Contract& contract) {
  std::vector<std::string> names;
  for (const Method& method : contract.methods()) {
    names.push_back(method.path.substr(1));
    names.push_back(method.service);
    names.emplace_back(PackageOf(method.service));
  }
  return names;
}

class Sources {
 public:
  Sources(const LoadedConfig& loaded, const contract::Contract& contract, Findings& findings)
      : loaded_(loaded), contract_(contract), findings_(findings) {}

  ApiSource Make(const std::string& name, const v1::Config::Api& api) {
    ApiSource source{name, &api, {}};
    for (const Method& method : contract_.methods()) {
      const auto serves = [&](const std::string& pattern) { return Serves(pattern, method); };
      if (!method.bindings.empty() && std::any_of(api.serves().begin(), api.serves().end(), serves))
        source.methods.push_back(&method);
    }
    const std::string path = Cat("apis.", name);
    for (int i = 0; i < api.serves_size(); ++i) {
      CheckPattern(Cat(path, ".serves[", i, ']'), api.serves(i), source);
    }
    for (const auto& over : api.methods()) {
      const std::string& what = over.first;
      const bool known =
          std::any_of(source.methods.begin(), source.methods.end(), [&](const Method* method) {
            return method->service == what || std::string_view(method->path).substr(1) == what;
          });
      if (known) continue;
      const std::string at = Cat(path, ".methods.", what);
      findings_.Add(loaded_.PlaceOf(at), at,
                    Cat("nothing that is served here has this name",
                        contract::DidYouMean(what, Names(contract_))));
    }
    return source;
  }

 private:
  void CheckPattern(const std::string& path, const std::string& pattern, const ApiSource& source) {
    const auto serves = [&](const Method* method) { return Serves(pattern, *method); };
    if (std::any_of(source.methods.begin(), source.methods.end(), serves)) return;
    const auto& all = contract_.methods();
    const bool known = std::any_of(all.begin(), all.end(),
                                   [&](const Method& method) { return Serves(pattern, method); });
    findings_.Add(
        loaded_.PlaceOf(path), path,
        known ? Cat("no method of ", contract::Quoted(pattern), " has an address")
              : Cat("the contract has no package, service or method ", contract::Quoted(pattern),
                    contract::DidYouMean(pattern, Names(contract_))));
  }

  const LoadedConfig& loaded_;
  const contract::Contract& contract_;
  Findings& findings_;
};

}  // namespace

bool Serves(std::string_view pattern, const Method& method) {
  if (pattern.find('/') != std::string_view::npos) {
    return Glob(pattern, std::string_view(method.path).substr(1));
  }
  return Glob(pattern, method.service) || Glob(pattern, PackageOf(method.service));
}

std::vector<ApiSource> ApiSources(const LoadedConfig& loaded, const contract::Contract& contract,
                                  Findings& findings) {
  std::vector<ApiSource> sources;
  Sources make(loaded, contract, findings);
  std::map<std::string, const v1::Config::Api*> sorted;
  for (const auto& [name, api] : loaded.config.apis()) sorted.emplace(name, &api);
  for (const auto& [name, api] : sorted) sources.push_back(make.Make(name, *api));
  if (!sources.empty() || loaded.Has("apis")) return sources;
  ApiSource& everything = sources.emplace_back();
  for (const Method& method : contract.methods()) {
    if (!method.bindings.empty()) everything.methods.push_back(&method);
  }
  return sources;
}

std::unique_ptr<route::Api> ToApi(const ApiSource& source) {
  auto api = std::make_unique<route::Api>();
  api->name = source.name;
  for (const std::string& host : source.from->hosts()) {
    std::string canonical = contract::LowerCase(host);
    if (canonical.ends_with('.')) canonical.pop_back();
    api->hosts.push_back(std::move(canonical));
  }
  std::string_view rest = source.from->path_prefix();
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const size_t end = std::min(rest.find('/'), rest.size());
    api->prefix.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  api->strip_prefix = !source.from->has_strip_prefix() || source.from->strip_prefix();
  return api;
}

bool MayBegin(const contract::PathTemplate& path, const route::Api& api) {
  if (api.strip_prefix) return true;
  using Kind = contract::PathTemplate::Segment::Kind;
  for (size_t i = 0; i < api.prefix.size(); ++i) {
    if (i < path.segments.size() && path.segments[i].kind == Kind::kStarStar) return true;
    if (i >= path.segments.size()) return false;
    const auto& segment = path.segments[i];
    if (segment.kind == Kind::kLiteral &&
        segment.literal != contract::PercentEncode(api.prefix[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace frontdesk::config
