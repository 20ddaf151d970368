#include "gateway/config/versions.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "frontdesk/v1/compose.pb.h"
#include "gateway/base/text.h"
#include "gateway/config/apis.h"
#include "gateway/config/snapshot.h"
#include "gateway/contract/date.h"
#include "gateway/contract/path_text.h"
#include "gateway/contract/version_check.h"
#include "gateway/http/response_head.h"

namespace frontdesk::config {
namespace {

using contract::Binding;
using contract::Method;
using Variable = contract::PathTemplate::Variable;

std::string Dotted(const std::vector<std::string>& path) {
  std::string text;
  for (const std::string& name : path) text += Cat(text.empty() ? "" : ".", name);
  return text;
}

// What a field of the request is called by the successor.
std::string NameThere(const Method& method, const std::string& successor, const std::string& name) {
  if (!method.adapter || method.adapter->call() != successor) return name;
  for (const v1::Adapter::Move& move : method.adapter->request().move()) {
    if (move.from() == name) return move.to();
  }
  return name;
}

// Which variable of the route's own path has the value of `wanted`; -1 for none.
int CaptureFor(const Method& method, const Binding& binding, const std::string& successor,
               const Variable& wanted) {
  const auto& own = binding.path.variables;
  for (size_t i = 0; i < own.size(); ++i) {
    // What has slashes in it is no single segment.
    if (own[i].multi && !wanted.multi) continue;
    if (NameThere(method, successor, Dotted(own[i].field_path)) == Dotted(wanted.field_path)) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

// Of a successor's addresses the first that may be the front's.
const Binding* AddressOf(const Method& successor, const route::Api* api) {
  for (const Binding& binding : successor.bindings) {
    if (!api || MayBegin(binding.path, *api)) return &binding;
  }
  return nullptr;
}

// What a successor's path is made of, in order: single segments, and variables, with which of the
// own path's variables fills them (-1 for none).
void EachPart(const Method& method, const Binding& own, const Method& successor,
              const Binding& there, const std::function<void(size_t segment)>& segment,
              const std::function<void(const Variable& variable, int capture)>& variable) {
  for (size_t i = 0; i < there.path.segments.size(); ++i) {
    const auto& all = there.path.variables;
    const auto covers = [&](const Variable& each) { return each.begin <= i && i < each.end; };
    const auto found = std::find_if(all.begin(), all.end(), covers);
    if (found == all.end()) {
      segment(i);
      continue;
    }
    variable(*found, CaptureFor(method, own, successor.path.substr(1), *found));
    i = found->end - 1;
  }
}

bool IsLiteral(const contract::PathTemplate::Segment& segment) {
  return segment.kind == contract::PathTemplate::Segment::Kind::kLiteral;
}

void AddSuccessor(const Method& method, const Binding& binding, const Method& successor,
                  const route::Api* api, route::Version& version) {
  const Binding* const there = AddressOf(successor, api);
  if (!there) return;
  version.successor_method = there->http_method == "*" ? binding.http_method : there->http_method;
  version.successor.emplace_back().text = api && api->strip_prefix ? api->PrefixText() : "";
  const auto text = [&](std::string_view more) {
    if (version.successor.back().capture >= 0) version.successor.emplace_back();
    version.successor.back().text += more;
  };
  EachPart(
      method, binding, successor, *there,
      [&](size_t i) {
        const auto& segment = there->path.segments[i];
        text(Cat('/', IsLiteral(segment) ? segment.literal : "*"));
      },
      [&](const Variable& variable, int capture) {
        text("/");
        if (capture >= 0) {
          version.successor.back().capture = capture;
          return;
        }
        text(Cat(variable.multi ? "{+" : "{", Dotted(variable.field_path), '}'));
        version.successor_is_open = true;
      });
  if (!there->path.verb.empty()) text(Cat(':', there->path.verb));
}

// A segment as no template has it.
constexpr std::string_view kSample = "~-~";

// Texts that the segments of a template match; where the front's prefix is not stripped, with it.
std::vector<std::string> Samples(const contract::PathTemplate& path, const route::Api& api) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < path.segments.size(); ++i) {
    const bool of_prefix = !api.strip_prefix && i < api.prefix.size();
    if (IsLiteral(path.segments[i])) {
      texts.push_back(path.segments[i].literal);
      continue;
    }
    texts.push_back(of_prefix ? contract::PercentEncode(api.prefix[i]) : std::string(kSample));
    if (path.segments[i].kind != contract::PathTemplate::Segment::Kind::kStarStar) continue;
    for (size_t more = i + 1; of_prefix && more < api.prefix.size(); ++more) {
      texts.back() += '/' + contract::PercentEncode(api.prefix[more]);
    }
  }
  return texts;
}

std::string Joined(const std::vector<std::string>& texts, size_t begin, size_t end) {
  std::string path;
  for (size_t i = begin; i < end; ++i) path += Cat('/', texts[i]);
  return path;
}

// What the address of a route's successor may become for a request, as `own` is one.
std::string SampleSuccessor(const route::Route& route, const Method& successor,
                            const Binding& there, const std::vector<std::string>& own) {
  const route::Api& api = *route.api;
  const std::vector<std::string> texts = Samples(there.path, api);
  std::string path = api.strip_prefix ? api.PrefixText() : "";
  EachPart(
      *route.method, *route.binding, successor, there,
      [&](size_t i) { path += Joined(texts, i, i + 1); },
      [&](const Variable& variable, int capture) {
        if (capture < 0) {
          path += Joined(texts, variable.begin, variable.end);
        } else {
          const Variable& fills = route.binding->path.variables[static_cast<size_t>(capture)];
          path += Joined(own, fills.begin, fills.end);
        }
      });
  return there.path.verb.empty() ? path : Cat(path, ':', there.path.verb);
}

// Hosts of which each may find another front, and none.
std::vector<std::string> AllHosts(const route::Apis& apis) {
  std::vector<std::string> hosts = {""};
  for (const auto& api : apis.all()) {
    for (const std::string& host : api->hosts) {
      hosts.push_back(host.starts_with('*') ? Cat('x', host.substr(1)) : host);
    }
  }
  return hosts;
}

}  // namespace

std::unique_ptr<const route::Version> ToVersion(const Method& method, const Binding& binding,
                                                const v1::Policy& policy,
                                                const contract::Contract& contract,
                                                const route::Api* api) {
  const v1::Policy::Version& from = policy.version();
  if (!policy.has_version() && !contract::IsDeprecated(method, from)) return nullptr;
  auto version = std::make_unique<route::Version>();
  version->deprecated = contract::IsDeprecated(method, from);
  version->policy = from;
  if (const auto since = contract::ParseDate(from.deprecated_since())) {
    version->headers.emplace_back("Deprecation", Cat('@', since->time_since_epoch().count()));
  }
  if (const auto sunset = contract::ParseDate(from.sunset())) {
    char date[http::kHttpDateSize];
    http::WriteHttpDate(sunset->time_since_epoch().count(), date);
    version->headers.emplace_back("Sunset", date);
  }
  if (from.has_documentation()) {
    version->documentation = from.documentation();
    version->headers.emplace_back("Link", Cat('<', from.documentation(), ">; rel=\"deprecation\""));
  }
  if (contract::WillBeRetired(from)) {
    // `retired` alone, or beside a day that may be yet to come: now.
    version->retired_from =
        from.retired() ? std::chrono::sys_seconds() : contract::ParseDate(from.retired_since());
  }
  const std::string successor = contract::SuccessorOf(method, from);
  const Method* const there = successor.empty() ? nullptr : contract.FindMethod(successor);
  if (there) AddSuccessor(method, binding, *there, api, *version);
  return version;
}

std::string WhereSuccessorIsNot(const route::Route& route, const Snapshot& snapshot,
                                const contract::Contract& contract) {
  if (!route.api || !route.version) return "";
  const route::Api& api = *route.api;
  const std::string name = contract::SuccessorOf(*route.method, route.version->policy);
  const Method* const successor = name.empty() ? nullptr : contract.FindMethod(name);
  if (!successor || successor->bindings.empty()) return "";  // that was told
  const auto& all = snapshot.routes;
  const auto is_it = [&](const auto& one) { return one->api == &api && one->method == successor; };
  if (std::none_of(all.begin(), all.end(), is_it)) {
    return Cat(contract::Quoted(name), " is not served by the front ", contract::Quoted(api.name),
               ", whose clients are told to use it: serve it there, or say for that front what "
               "follows, \"\" for nothing");
  }
  const std::vector<std::string> texts = Samples(route.binding->path, api);
  const std::string own =
      Cat(api.strip_prefix ? api.PrefixText() : "", Joined(texts, 0, texts.size()));
  const std::string path = SampleSuccessor(route, *successor, *AddressOf(*successor, &api), texts);
  for (const std::string& host : AllHosts(snapshot.apis)) {
    if (snapshot.apis.Find(host, own).api != &api) continue;
    const route::Apis::Found found = snapshot.apis.Find(host, path);
    const route::Match match =
        found.api ? found.api->matcher.Find(route.version->successor_method, found.path)
                  : route::Match();
    if (found.api == &api && match.route && match.route->method == successor) continue;
    return Cat(contract::Quoted(name), ", which the front ", contract::Quoted(api.name),
               " tells clients to use, is not what answers at ", route.version->successor_method,
               ' ', path, host.empty() ? "" : " of ", host);
  }
  return "";
}

}  // namespace frontdesk::config
