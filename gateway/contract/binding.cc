#include "gateway/contract/binding.h"

#include <algorithm>
#include <map>
#include <string>

#include "gateway/base/text.h"
#include "google/api/http.pb.h"

namespace frontdesk::contract {
namespace {

using google::api::HttpRule;

// A token of RFC 9110 in the upper case that all registered methods have.
bool IsHttpMethod(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// Messages whose JSON is a single scalar, so that a piece of a path can stand for them.
bool IsScalarLike(WellKnown kind) {
  switch (kind) {
    case WellKnown::kTimestamp:
    case WellKnown::kDuration:
    case WellKnown::kFieldMask:
    case WellKnown::kDoubleValue:
    case WellKnown::kFloatValue:
    case WellKnown::kInt64Value:
    case WellKnown::kUint64Value:
    case WellKnown::kInt32Value:
    case WellKnown::kUint32Value:
    case WellKnown::kBoolValue:
    case WellKnown::kStringValue:
    case WellKnown::kBytesValue:
      return true;
    default:
      return false;
  }
}

// The field that the .proto calls `name`, or null with what is wrong in `fault`.
const Field* FindField(const MessageTable& table, std::string_view name, std::string& fault) {
  std::vector<std::string> names;
  for (const Field& field : table.fields) {
    if (field.name == name) return &field;
    names.push_back(field.name);
  }
  fault = Cat("no field \"", name, "\" in ", table.full_name, DidYouMean(name, names));
  return nullptr;
}

std::string Join(const std::vector<std::string>& field_path) {
  std::string out;
  for (const std::string& name : field_path) {
    if (!out.empty()) out.push_back('.');
    out.append(name);
  }
  return out;
}

class Resolver {
 public:
  Resolver(const HttpRule& rule, const PlaceOf& place_of, const Method& method, Findings& findings)
      : rule_(rule), place_of_(place_of), method_(method), findings_(findings) {}

  std::optional<Binding> Resolve() {
    const size_t before = findings_.size();
    if (!rule_.selector().empty()) {
      Add({HttpRule::kSelectorFieldNumber}, "selector belongs into a service config, not here");
    }
    Binding binding;
    binding.place = place_of_({});
    if (Pattern(binding)) {
      for (const PathTemplate::Variable& variable : binding.path.variables) {
        Capture(variable, binding);
      }
    }
    Body(binding);
    ResponseBody(binding);
    return findings_.size() == before ? std::optional(std::move(binding)) : std::nullopt;
  }

 private:
  void Add(const SourcePath& where, std::string_view text) {
    findings_.Add(place_of_(where), method_.full_name, text);
  }

  bool Pattern(Binding& binding) {
    const std::string* text = nullptr;
    switch (rule_.pattern_case()) {
      case HttpRule::kGet:
        binding.http_method = "GET";
        text = &rule_.get();
        break;
      case HttpRule::kPut:
        binding.http_method = "PUT";
        text = &rule_.put();
        break;
      case HttpRule::kPost:
        binding.http_method = "POST";
        text = &rule_.post();
        break;
      case HttpRule::kDelete:
        binding.http_method = "DELETE";
        text = &rule_.delete_();
        break;
      case HttpRule::kPatch:
        binding.http_method = "PATCH";
        text = &rule_.patch();
        break;
      case HttpRule::kCustom:
        binding.http_method = rule_.custom().kind();
        text = &rule_.custom().path();
        break;
      case HttpRule::PATTERN_NOT_SET:
        Add({}, "the rule has no HTTP method and path");
        return false;
    }
    if (binding.http_method != "*" && !IsHttpMethod(binding.http_method)) {
      Add({HttpRule::kCustomFieldNumber},
          Cat("kind \"", binding.http_method, "\" is not an HTTP method in upper case or \"*\""));
    } else if (binding.http_method == "CONNECT") {
      Add({HttpRule::kCustomFieldNumber}, "CONNECT has no path that could be bound");
    }
    auto path = ParsePathTemplate(*text);
    if (!path.ok()) {
      Add({rule_.pattern_case()},
          Cat("path template \"", *text, "\": ", Std(path.status().message())));
      return false;
    }
    binding.path = std::move(*path);
    return true;
  }

  void Capture(const PathTemplate::Variable& variable, Binding& binding) {
    std::vector<const Field*> chain;
    const std::string fault = Chain(variable, chain);
    if (!fault.empty()) {
      Add({rule_.pattern_case()},
          Cat("path variable \"", Join(variable.field_path), "\": ", fault));
      return;
    }
    for (size_t i = 0; i < binding.captures.size(); ++i) {
      if (!SameOneof(binding.captures[i], chain)) continue;
      Add({rule_.pattern_case()},
          Cat("path variables \"", Join(binding.path.variables[i].field_path), "\" and \"",
              Join(variable.field_path), "\" are members of one oneof"));
    }
    binding.captures.push_back(std::move(chain));
  }

  // The fields of a variable, from the outermost; returns what is wrong with it.
  std::string Chain(const PathTemplate::Variable& variable, std::vector<const Field*>& chain) {
    const MessageTable* table = method_.input;
    if (table->well_known == WellKnown::kHttpBody) {
      return "the fields of google.api.HttpBody come from the body";
    }
    for (size_t i = 0; i < variable.field_path.size(); ++i) {
      std::string fault;
      const Field* const field = FindField(*table, variable.field_path[i], fault);
      if (field == nullptr) return fault;
      if (field->repeated) {
        return Cat('"', field->name, "\" is ", field->map ? "a map" : "repeated",
                   "; a path fills singular fields only");
      }
      if (!field->caller_source.empty()) {
        return Cat('"', field->name, "\" is filled from ", field->caller_source, " only");
      }
      if (field->type == FieldType::kGroup) return Cat('"', field->name, "\" is a group");
      chain.push_back(field);
      const bool last = i + 1 == variable.field_path.size();
      if (last) break;
      if (field->message == nullptr) return Cat('"', field->name, "\" is not a message");
      if (field->message->well_known != WellKnown::kNone) {
        return Cat('"', field->name, "\" is a ", field->message->full_name,
                   ", whose fields can't be filled one by one");
      }
      table = field->message;
    }
    const Field& leaf = *chain.back();
    if (leaf.message != nullptr && !IsScalarLike(leaf.message->well_known)) {
      return Cat('"', leaf.name, "\" is a ", leaf.message->full_name,
                 "; a path fills scalars and messages with scalar JSON only");
    }
    return "";
  }

  // Both set different members of the same oneof of the same message, which is of no use.
  static bool SameOneof(const std::vector<const Field*>& a, const std::vector<const Field*>& b) {
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (a[i] != b[i]) return a[i]->oneof >= 0 && a[i]->oneof == b[i]->oneof;
    }
    return false;
  }

  void Body(Binding& binding) {
    const std::string& body = rule_.body();
    const SourcePath where = {HttpRule::kBodyFieldNumber};
    if (body.empty()) {
      if (method_.input->well_known == WellKnown::kHttpBody) {
        Add({}, "a request that is a google.api.HttpBody needs body: \"*\"");
      }
      return;
    }
    if (binding.http_method == "GET" || binding.http_method == "HEAD") {
      Add(where, Cat(binding.http_method, " has no body (RFC 9110, section 9.3.1)"));
      return;
    }
    if (body == "*") {
      binding.body = Binding::Body::kWhole;
      return;
    }
    binding.body = Binding::Body::kField;
    binding.body_field = TopLevel(body, "body", where, *method_.input);
    if (binding.body_field == nullptr) return;
    const Field& field = *binding.body_field;
    if (!field.caller_source.empty()) {
      Add(where, Cat("body \"", body, "\" is filled from ", field.caller_source, " only"));
    }
    if (field.repeated && field.message != nullptr &&
        field.message->well_known == WellKnown::kHttpBody) {
      Add(where, Cat("body \"", body, "\" is a list of google.api.HttpBody, a request has one"));
    }
    for (const std::vector<const Field*>& capture : binding.captures) {
      if (capture.size() == 1 && capture[0] == &field) {
        Add(where, Cat("\"", body, "\" is filled by the path already"));
      }
    }
  }

  void ResponseBody(Binding& binding) {
    if (rule_.response_body().empty()) return;
    const SourcePath where = {HttpRule::kResponseBodyFieldNumber};
    if (method_.output->well_known != WellKnown::kNone) {
      Add(where, Cat("response_body: ", method_.output->full_name, " is always sent as a whole"));
      return;
    }
    binding.response_field =
        TopLevel(rule_.response_body(), "response_body", where, *method_.output);
  }

  const Field* TopLevel(const std::string& name, std::string_view what, const SourcePath& where,
                        const MessageTable& table) {
    if (name.find('.') != std::string::npos || (name == "*" && what == "response_body")) {
      Add(where, Cat(what, " \"", name, "\" must be one top-level field"));
      return nullptr;
    }
    std::string fault;
    const Field* const field = FindField(table, name, fault);
    if (field == nullptr) Add(where, Cat(what, ": ", fault));
    return field;
  }

  const HttpRule& rule_;
  const PlaceOf& place_of_;
  const Method& method_;
  Findings& findings_;
};

}  // namespace

void AddBindings(const HttpRule& rule, const PlaceOf& place_of, Method& method,
                 Findings& findings) {
  if (method.client_streaming || method.server_streaming) {
    findings.Add(place_of({}), method.full_name,
                 "is a streaming method; this build binds unary methods only");
    return;
  }
  if (auto binding = Resolver(rule, place_of, method, findings).Resolve()) {
    method.bindings.push_back(std::move(*binding));
  }
  for (int i = 0; i < rule.additional_bindings_size(); ++i) {
    const HttpRule& additional = rule.additional_bindings(i);
    const SourcePath path = {HttpRule::kAdditionalBindingsFieldNumber, i};
    const PlaceOf below = [&](const SourcePath& where) { return place_of(path + where); };
    if (additional.additional_bindings_size() > 0) {
      findings.Add(below({HttpRule::kAdditionalBindingsFieldNumber}), method.full_name,
                   "additional_bindings can't have additional_bindings of their own");
    }
    if (auto binding = Resolver(additional, below, method, findings).Resolve()) {
      method.bindings.push_back(std::move(*binding));
    }
  }
}

void CheckCollisions(const std::vector<Method>& methods, Findings& findings) {
  struct First {
    const Method* method;
    const Binding* binding;
  };
  std::map<std::string, First> taken;
  for (const Method& method : methods) {
    for (const Binding& binding : method.bindings) {
      const std::string key = Cat(binding.http_method, ' ', ShapeOf(binding.path));
      const auto [first, added] = taken.emplace(key, First{&method, &binding});
      if (added) continue;
      const First& other = first->second;
      std::string text = Cat(binding.http_method, ' ', binding.path.text, " collides with ",
                             other.binding->http_method, ' ', other.binding->path.text, " of ",
                             other.method->full_name);
      const std::string where = other.binding->place.ToString();
      if (!where.empty()) text += Cat(" at ", where);
      findings.Add(binding.place, method.full_name, text);
    }
  }
}

}  // namespace frontdesk::contract
