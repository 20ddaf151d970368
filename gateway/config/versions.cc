#include "gateway/config/versions.h"

#include <string>
#include <vector>

#include "frontdesk/v1/compose.pb.h"
#include "gateway/base/text.h"
#include "gateway/contract/date.h"
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

void AddSuccessor(const Method& method, const Binding& binding, const Method& successor,
                  const std::string& prefix, route::Version& version) {
  const Binding& there = successor.bindings.front();
  version.successor_method = there.http_method == "*" ? binding.http_method : there.http_method;
  version.successor.emplace_back().text = prefix;
  const auto text = [&](std::string_view more) {
    if (version.successor.back().capture >= 0) version.successor.emplace_back();
    version.successor.back().text += more;
  };
  const auto& segments = there.path.segments;
  for (size_t i = 0; i < segments.size(); ++i) {
    text("/");
    const Variable* variable = nullptr;
    for (const Variable& each : there.path.variables) {
      if (each.begin <= i && i < each.end) variable = &each;
    }
    if (!variable) {
      const bool literal = segments[i].kind == contract::PathTemplate::Segment::Kind::kLiteral;
      text(literal ? segments[i].literal : "*");
      continue;
    }
    i = variable->end - 1;
    const int capture = CaptureFor(method, binding, successor.path.substr(1), *variable);
    if (capture >= 0) {
      version.successor.back().capture = capture;
      continue;
    }
    text(Cat(variable->multi ? "{+" : "{", Dotted(variable->field_path), '}'));
    version.successor_is_open = true;
  }
  if (!there.path.verb.empty()) text(Cat(':', there.path.verb));
}

}  // namespace

std::unique_ptr<const route::Version> ToVersion(const Method& method, const Binding& binding,
                                                const v1::Policy& policy,
                                                const contract::Contract& contract,
                                                const std::string& prefix) {
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
  if (there && !there->bindings.empty()) AddSuccessor(method, binding, *there, prefix, *version);
  return version;
}

}  // namespace frontdesk::config
