#include "gateway/live_state.h"

#include <httplib.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/base/text.h"
#include "gateway/config/host_port.h"
#include "gateway/contract/findings.h"
#include "gateway/contract/plan.h"

namespace frontdesk {

using nlohmann::ordered_json;

namespace {

constexpr std::chrono::milliseconds kPatience{300};
// A page for thousands of methods is below this.
constexpr size_t kMostBytes = 32 << 20;
constexpr size_t kMostWhy = 400;

// Every method that a request calls, or takes back with, once.
std::vector<const contract::Method*> CalledBy(const contract::Method& method) {
  if (method.custom) return {};
  if (!method.plan) return {&method};
  std::vector<const contract::Method*> called;
  const auto add = [&](const contract::Method& one) {
    if (std::find(called.begin(), called.end(), &one) == called.end()) called.push_back(&one);
  };
  for (const contract::PlanStep& step : method.plan->steps) {
    add(step.called());
    if (step.undo) add(*step.undo->method);
  }
  return called;
}

// The page; nothing when nobody answers, or not in time, or not in JSON.
std::optional<ordered_json> AskUpstreams(const std::string& address) {
  const auto at = config::ParseHostPort(address);
  if (!at || at->port == 0) return std::nullopt;
  const TimePoint limit = Clock::now() + kPatience;
  httplib::Client client(at->host, at->port);
  client.set_connection_timeout(kPatience);
  client.set_read_timeout(kPatience);
  client.set_write_timeout(kPatience);
  std::string body;
  // The time-outs are those of single reads; this is the whole.
  const auto keep = [&](const char* bytes, size_t size) {
    if (body.size() + size > kMostBytes || Clock::now() > limit) return false;
    body.append(bytes, size);
    return true;
  };
  const httplib::Result answer =
      client.Get("/upstreams", httplib::Headers{{"Host", "localhost"}}, keep);
  if (!answer || answer->status != 200) return std::nullopt;
  ordered_json page = ordered_json::parse(body, nullptr, false);
  if (page.is_discarded()) return std::nullopt;
  return page;
}

// The rest of these functions throw when the page has not the shape that ours has.

bool Has(const ordered_json& list, const std::string& text) {
  return std::any_of(list.begin(), list.end(),
                     [&](const ordered_json& one) { return one.get<std::string>() == text; });
}

ordered_json Copy(const ordered_json& from, std::initializer_list<const char*> texts,
                  std::initializer_list<const char*> numbers) {
  ordered_json copy = ordered_json::object();
  for (const char* name : texts) {
    if (from.contains(name)) copy[name] = from.at(name).get<std::string>();
  }
  for (const char* name : numbers) {
    if (from.contains(name)) copy[name] = from.at(name).get<int64_t>();
  }
  return copy;
}

ordered_json Breaker(const ordered_json& of) {
  ordered_json breaker =
      Copy(of.at("breaker"), {"state", "why", "until_probe"}, {"until_probe_ms"});
  breaker.at("state");
  return breaker;
}

// A call of `rpc`, of which the upstream knows something once it was made.
ordered_json CallOf(const ordered_json& upstream, const std::string& rpc) {
  ordered_json call{{"rpc", rpc}, {"upstream", upstream.at("name").get<std::string>()}};
  if (upstream.contains("version")) {
    call["version"] = upstream.at("version").at("name").get<std::string>();
  }
  for (const ordered_json& method : upstream.at("methods")) {
    if (method.at("rpc").get<std::string>() == rpc) call["breaker"] = Breaker(method);
  }
  return call;
}

void AddEndpoints(const ordered_json& upstream, ordered_json& endpoints) {
  for (const ordered_json& from : upstream.at("endpoints")) {
    ordered_json endpoint{{"upstream", upstream.at("name").get<std::string>()}};
    endpoint.update(
        Copy(from, {"address", "state", "connection", "ejected_for"}, {"ejected_for_ms"}));
    if (from.contains("last_failure")) {
      endpoint["last_failure"] =
          Copy(from["last_failure"], {"why", "since", "ago"}, {"count", "since_ms", "ago_ms"});
    }
    endpoint["breaker"] = Breaker(from);
    endpoints.push_back(std::move(endpoint));
  }
}

// Why its end points, or the newest of them, were not found.
void AddDiscovery(const ordered_json& upstream, ordered_json& discovery) {
  if (!upstream.contains("discovery")) return;
  ordered_json failure = Copy(upstream["discovery"], {"failure"}, {});
  if (failure.empty()) return;
  discovery.push_back({{"upstream", upstream.at("name").get<std::string>()}});
  discovery.back().update(failure);
}

ordered_json Select(const ordered_json& page, const contract::Method& method) {
  ordered_json calls = ordered_json::array();
  std::vector<const ordered_json*> used;
  for (const contract::Method* called : CalledBy(method)) {
    for (const ordered_json& upstream : page.at("upstreams")) {
      if (!Has(upstream.at("services"), called->service)) continue;
      calls.push_back(CallOf(upstream, Cat(called->service, '/', called->name)));
      if (std::find(used.begin(), used.end(), &upstream) == used.end()) used.push_back(&upstream);
      // Each version of an upstream is told of by itself.
      if (!upstream.contains("version")) break;
    }
  }
  ordered_json endpoints = ordered_json::array();
  ordered_json discovery = ordered_json::array();
  for (const ordered_json* upstream : used) {
    AddEndpoints(*upstream, endpoints);
    AddDiscovery(*upstream, discovery);
  }
  return {{"calls", std::move(calls)},
          {"endpoints", std::move(endpoints)},
          {"discovery", std::move(discovery)}};
}

std::string BreakerText(const ordered_json& breaker) {
  const std::string state = breaker.at("state").get<std::string>();
  if (state == "off") return "no breaker";
  if (state == "closed") return "breaker closed";
  const std::string why = breaker.value("why", "");
  const std::string wait = breaker.value("until_probe", "");
  return Cat("breaker ", state == "half_open" ? "half-open" : state, ": ", why,
             breaker.value("until_probe_ms", 0) == 0 ? "; the next call is a probe"
                                                     : Cat("; next probe in ", wait));
}

// What is in it may be a back end's own words.
std::string FailureText(const ordered_json& failure) {
  return Cat("cannot connect since ", failure.value("since", ""), ", ",
             failure.value("count", int64_t{0}), " times, last ", failure.value("ago", ""),
             " ago: ", contract::Quoted(failure.value("why", ""), kMostWhy));
}

std::string EndpointText(const ordered_json& endpoint) {
  const std::string left = endpoint.value("ejected_for", "");
  const std::string connection = endpoint.value("connection", "");
  std::string text =
      Cat(endpoint.value("state", ""), left.empty() ? "" : Cat(" for ", left), ", ", connection,
          connection.empty() ? "" : ", ", BreakerText(endpoint.at("breaker")));
  if (endpoint.contains("last_failure")) {
    text += Cat("; ", FailureText(endpoint["last_failure"]));
  }
  return text;
}

std::string Padded(std::string text, size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

}  // namespace

std::optional<ordered_json> LiveState(const std::string& address, const contract::Method& method) {
  const std::optional<ordered_json> page = AskUpstreams(address);
  return page ? LiveState(address, *page, method) : std::nullopt;
}

std::optional<ordered_json> LiveState(const std::string& address, const ordered_json& page,
                                      const contract::Method& method) {
  try {
    ordered_json state{{"at", address}};
    state.update(Select(page, method));
    return state;
  } catch (const ordered_json::exception&) {
    return std::nullopt;
  }
}

std::string LiveText(const std::optional<ordered_json>& state, const std::string& address) {
  if (!state) return Cat("no gateway answers at ", address, "\n");
  std::string text = Cat("now, at ", address, "\n");
  for (const ordered_json& call : (*state)["calls"]) {
    const std::string version = call.value("version", "");
    text += Cat(
        "  ", Padded(Cat(call["rpc"].get<std::string>(), version.empty() ? "" : " @", version), 44),
        call.contains("breaker") ? BreakerText(call["breaker"]) : "not called yet", "\n");
  }
  for (const ordered_json& endpoint : (*state)["endpoints"]) {
    text += Cat("  ", Padded(endpoint["upstream"].get<std::string>(), 16),
                Padded(endpoint.value("address", ""), 28), EndpointText(endpoint), "\n");
  }
  for (const ordered_json& one : (*state)["discovery"]) {
    text += Cat("  ", Padded(one["upstream"].get<std::string>(), 16),
                "discovery: ", contract::Quoted(one["failure"].get<std::string>(), kMostWhy), "\n");
  }
  return text;
}

}  // namespace frontdesk
