// The verbs that look and do not serve: routes, explain, version.
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/base/version.h"
#include "gateway/compose/runtime.h"
#include "gateway/contract/plan.h"
#include "gateway/contract/read_mask.h"
#include "gateway/explain_calls.h"
#include "gateway/explain_route.h"
#include "gateway/explain_rules.h"
#include "gateway/live_state.h"
#include "gateway/tell.h"
#include "gateway/transcode/query.h"
#include "gateway/verbs.h"

namespace frontdesk {
namespace {

using nlohmann::ordered_json;

// False, after it was told, when --api names none of the fronts.
bool HasFront(const config::Snapshot& snapshot, const VerbOptions& options) {
  if (options.api.empty() || snapshot.apis.FindByName(options.api)) return true;
  TellNoFront(snapshot.apis, options.api, options.json);
  return false;
}

// How the calls of a route are protected, and by what their upstreams are.
void AddCalls(const config::Snapshot& snapshot, const route::Route& route,
              ordered_json& explained) {
  const contract::Method& method = *route.method;
  for (size_t i = 0; method.plan && i < method.plan->steps.size(); ++i) {
    const contract::PlanStep& step = method.plan->steps[i];
    ordered_json& told = explained["steps"][i];
    told["call_policy"] = CallToJson(snapshot, route, &step);
    const auto passed_by = snapshot.passed_by.find({&step, route.api});
    if (passed_by != snapshot.passed_by.end()) told["notes"] = passed_by->second;
    if (step.undo) told["undo_policy"] = UndoToJson(snapshot, step);
  }
  if (!method.plan && !method.custom) {
    explained["call_policy"] = CallToJson(snapshot, route, nullptr);
  }
  explained["upstreams"] = UpstreamsToJson(snapshot, method);
}

// What a read mask in the query changes: its canonical form, and the steps that are not made.
absl::Status AddMask(const route::Route& route, std::string_view http_method,
                     std::string_view query, ordered_json& explained) {
  const contract::Method& method = *route.method;
  std::vector<transcode::Parameter> parameters;
  absl::Status status = transcode::ParseQuery(query, parameters);
  if (!status.ok()) return status;
  const auto fields = transcode::TakeReadMask(*method.input, parameters);
  if (!fields.ok() || !*fields) return fields.status();
  const auto mask = contract::ParseReadMask(
      contract::ReadMaskRoot(*method.output, route.binding->response_field), **fields);
  if (!mask.ok()) return mask.status();
  explained["fields"] = *mask ? (*mask)->ToString() : "*";
  // An answer that is kept for its key is whole.
  if (!*mask || !method.plan || (route.idempotency.on && route.idempotency.required)) {
    return absl::OkStatus();
  }
  const bool reads = http_method == "GET" || http_method == "HEAD";
  const compose::WantedSteps wanted =
      compose::StepsFor(*method.plan, route.binding->response_field, **mask, reads);
  for (size_t i = 0; i < method.plan->steps.size(); ++i) {
    if (!(wanted.run >> i & 1)) explained["steps"][i]["skipped"] = true;
  }
  return absl::OkStatus();
}

void PrintSteps(const ordered_json& steps) {
  std::cout << "steps\n";
  for (const ordered_json& step : steps) {
    std::string after;
    for (const ordered_json& id : step["after"])
      after += (after.empty() ? "" : ", ") + id.get<std::string>();
    std::string more;
    for (const char* word : {"when", "batch", "undo"}) {
      if (step.contains(word)) more += Cat("  ", word, " ", step[word].get<std::string>());
    }
    if (step.contains("skipped")) more += "  skipped";
    std::printf("  %-16s %-44s %s%s%s%s\n", step["id"].get<std::string>().c_str(),
                step["call"].get<std::string>().c_str(),
                step["on_error"].get<std::string>().c_str(), after.empty() ? "" : "  after ",
                after.c_str(), more.c_str());
  }
}

void PrintPolicy(const ordered_json& policy) {
  std::cout << "policy\n";
  for (const auto& [name, value] : policy.items()) {
    std::printf("  %-32s %-12s %s\n", name.c_str(), Text(value["value"]).c_str(),
                Text(value["from"]).c_str());
  }
}

void Print(const ordered_json& explained) {
  for (const auto& [key, value] : explained.items()) {
    if (key == "steps") {
      PrintSteps(value);
      std::cout << "calls\n";
      for (const ordered_json& step : value) {
        const std::string id = Text(step["id"]);
        PrintCall(step["call_policy"], id);
        if (step.contains("notes")) {
          for (const ordered_json& note : step["notes"]) {
            std::printf("    note: %s\n", Text(note).c_str());
          }
        }
        if (step.contains("undo_policy")) PrintCall(step["undo_policy"], Cat(id, ", undo"));
      }
    } else if (key == "call_policy") {
      std::cout << "call\n";
      PrintCall(value, "");
    } else if (key == "upstreams") {
      PrintUpstreams(value);
    } else if (key == "policy") {
      PrintPolicy(value);
    } else if (key == "rules") {
      PrintRules(value);
    } else {
      std::printf("%-20s %s\n", key.c_str(), Text(value).c_str());
    }
  }
}

// An answer that no route gives.
struct Answer {
  int status = 0;
  std::string text;
};

// Returns the exit code.
int Tell(const Answer& answer, bool json) {
  const bool fine = answer.status < 400;
  if (json) {
    PrintJson({{fine ? "answer" : "error", {{"status", answer.status}, {"text", answer.text}}}});
  } else {
    std::cout << answer.status << ": " << answer.text << '\n';
  }
  return fine ? kFine : kFindings;
}

// As Gateway::AnswerAtTheDoor(), and what of its paths is refused behind it.
std::optional<Answer> AtTheDoor(const std::string& method, std::string_view path) {
  if (path == "*" && method == "OPTIONS") return Answer{204, "of the gateway as a whole"};
  const std::string_view health = route::HealthPath(path);
  if (health.empty()) return std::nullopt;
  if (method != "GET" && method != "HEAD") {
    return Answer{method == "OPTIONS" ? 204 : 405, Cat("this path takes ", route::kHealthAllow)};
  }
  return Answer{200, health == "/readyz" ? "the gateway itself, 503 while it is not ready"
                                         : "the gateway itself"};
}

// Where a request leads: as Gateway::Answer() finds it. --api names a front, where it names any.
route::Match FindRoute(const config::Snapshot& snapshot, const VerbOptions& options,
                       std::string_view path, Answer& otherwise) {
  const route::Matcher* matcher = &snapshot.matcher;
  if (!snapshot.apis.empty()) {
    route::Apis::Found found = snapshot.apis.Find(options.host, path);
    if (!options.api.empty()) {
      const route::Api& api = *snapshot.apis.FindByName(options.api);
      const std::string_view behind = route::PathBehind(path, api.prefix);
      found = {};
      if (behind.data()) found = {&api, api.strip_prefix ? behind : path};
    }
    if (!found.api) {
      otherwise = {404, "it is for no front"};
      return {};
    }
    matcher = &found.api->matcher;
    path = found.path;
  }
  const route::Match match = matcher->Find(options.method, path);
  using Outcome = route::Match::Outcome;
  if (match.outcome == Outcome::kNotFound) {
    otherwise = {404, "no route has this path"};
  } else if (match.outcome != Outcome::kRoute) {
    otherwise = {match.outcome == Outcome::kOptions ? 204 : 405,
                 Cat("this path takes ", matcher->Allow(match))};
  }
  return match;
}

}  // namespace

int Routes(const VerbOptions& options) {
  const std::unique_ptr<config::Snapshot> snapshot = CompileOrTell(options);
  if (!snapshot) return kFindings;
  if (!HasFront(*snapshot, options)) return kUsage;
  std::vector<const route::Route*> routes;
  for (const auto& route : snapshot->routes) {
    if (options.api.empty() || (route->api && route->api->name == options.api)) {
      routes.push_back(route.get());
    }
  }
  const auto key = [](const route::Route* route) {
    return std::tuple(route->api ? route->api->name : "", route->binding->path.text,
                      route->binding->http_method);
  };
  std::sort(routes.begin(), routes.end(),
            [&](const route::Route* a, const route::Route* b) { return key(a) < key(b); });
  if (options.json) {
    ordered_json list = ordered_json::array();
    for (const route::Route* route : routes)
      list.push_back(RouteToJson(*snapshot, *options.code, *route));
    PrintJson(list);
    return kFine;
  }
  for (const route::Route* route : routes) {
    const contract::Method& method = *route->method;
    std::string more;
    if (method.adapter) {
      more = Cat("  (adapts ", method.adapter->call(), ')');
    } else if (method.plan) {
      more = Cat("  (", method.plan->steps.size(), " calls)");
    }
    if (route->api) more += Cat("  [", route->api->name, ']');
    const std::string life = LifeOf(*route);
    if (!life.empty()) more += Cat("  [", life, ']');
    std::printf("%-7s %-52s %s%s\n", route->binding->http_method.c_str(),
                TemplateOf(*route).c_str(), Rpc(method).c_str(), more.c_str());
  }
  return kFine;
}

int Explain(const VerbOptions& options) {
  const std::unique_ptr<config::Snapshot> snapshot = CompileOrTell(options);
  if (!snapshot) return kFindings;
  if (!HasFront(*snapshot, options)) return kUsage;
  const std::string_view target = options.path;
  const std::string_view path = target.substr(0, target.find('?'));
  if (const auto answer = AtTheDoor(options.method, path)) return Tell(*answer, options.json);
  const absl::Status bad = route::CheckPath(path);
  if (!bad.ok()) return Tell({400, std::string(bad.message())}, options.json);
  Answer otherwise;
  const route::Match match = FindRoute(*snapshot, options, path, otherwise);
  if (!match.route) return Tell(otherwise, options.json);
  ordered_json explained = RouteToJson(*snapshot, *options.code, *match.route);
  AddCalls(*snapshot, *match.route, explained);
  for (const auto& [name, value] : snapshot->answer_headers.all().fields()) {
    explained["answer_headers"].push_back(Cat(name, ": ", value));
  }
  const std::string_view query = path == target ? "" : target.substr(path.size() + 1);
  const absl::Status mask = AddMask(*match.route, options.method, query, explained);
  if (!mask.ok()) return Tell({400, std::string(mask.message())}, options.json);
  ordered_json captured = ordered_json::object();
  const auto& variables = match.route->binding->path.variables;
  for (size_t i = 0; i < match.captures().size(); ++i) {
    std::string name;
    for (const std::string& part : variables[i].field_path)
      name += (name.empty() ? "" : ".") + part;
    captured[name] = std::string(match.captures()[i].raw);
  }
  if (!captured.empty()) explained["captures"] = captured;
  const std::string& admin = snapshot->admin_address;
  const std::optional<ordered_json> live = LiveState(admin, *match.route->method);
  if (options.json) {
    if (live) explained["live"] = *live;
    PrintJson(explained);
  } else {
    Print(explained);
    std::cout << LiveText(live, admin);
  }
  return kFine;
}

int Version(const VerbOptions& options) {
  if (options.json) {
    std::cout << ordered_json{{"version", kVersion}}.dump() << '\n';
  } else {
    std::cout << "frontdesk " << kVersion << '\n';
  }
  return kFine;
}

}  // namespace frontdesk
