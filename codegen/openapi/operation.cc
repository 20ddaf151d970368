#include "codegen/openapi/operation.h"

#include <algorithm>
#include <optional>

#include "codegen/common/comments.h"
#include "codegen/common/endpoint.h"
#include "codegen/common/example.h"
#include "codegen/common/rules.h"
#include "codegen/openapi/constraints.h"
#include "gateway/base/text.h"
#include "gateway/contract/version_check.h"

namespace frontdesk::codegen::openapi {
namespace {

using contract::Binding;
using contract::Field;
using contract::Method;

ordered_json HeaderRef(const char* name) { return {{"$ref", Cat("#/components/headers/", name)}}; }

// Nothing where no value is known that keeps the rules.
void AddExample(std::optional<ordered_json> example, ordered_json& out) {
  if (example) out["example"] = *std::move(example);
}

// Comment and deprecation of what a parameter or body is filled from.
void Describe(const Field& field, ordered_json& out) {
  const std::string text = DescriptionOf(field, true);
  if (!text.empty()) out["description"] = text;
  if (field.descriptor->options().deprecated()) out["deprecated"] = true;
}

ordered_json PathParameterJson(const PathParameter& parameter, Schemas& schemas) {
  ordered_json out{{"name", parameter.name}, {"in", "path"}, {"required", true}};
  std::string text;
  if (parameter.field.empty()) {
    text = "Not used.";
  } else if (parameter.part.empty()) {
    Describe(*parameter.field.back(), out);
    text = out.value("description", "");
  } else {
    text = Cat("Part of `", JsonPath(parameter.field), "`, which is `", parameter.part, "`.");
  }
  if (parameter.any_number) text += Cat(text.empty() ? "" : "\n", "Any number of segments.");
  if (!text.empty()) out["description"] = text;
  const bool whole = !parameter.field.empty() && parameter.part.empty();
  out["schema"] = whole ? schemas.TypeOf(*parameter.field.back(), kRequestFace)
                        : ordered_json{{"type", "string"}};
  if (whole) {
    AddExample(ExampleOf(*parameter.field.back(), kRequestFace), out);
  } else if (parameter.field.empty() || RulesText(*parameter.field.back()).empty()) {
    // Of rules for the whole a part knows nothing.
    out["example"] = parameter.name + "-1";
  }
  return out;
}

// An element of a list of JSON texts, or a value of a map of them, is a string like any other.
ordered_json QueryParameterJson(const QueryField& query, Schemas& schemas) {
  const Field& field = *query.path.back();
  ordered_json out{{"name", JsonPath(query.path)}, {"in", "query"}};
  Describe(field, out);
  if (query.path.size() == 1 && IsAlwaysThere(field, kRequestFace)) out["required"] = true;
  if (query.json && query.map) {
    out["style"] = "deepObject";
    out["explode"] = true;
    out["schema"] = {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
    return out;
  }
  if (query.json && field.repeated) {
    out["schema"] = {{"type", "array"}, {"items", {{"type", "string"}}}};
    return out;
  }
  ordered_json schema = schemas.TypeOf(field, kRequestFace);
  if (query.json) {
    out["content"] = {{"application/json", {{"schema", std::move(schema)}}}};
    return out;
  }
  if (query.map) out["style"] = "deepObject";
  if (field.repeated) out["explode"] = true;
  out["schema"] = std::move(schema);
  AddExample(ExampleOf(field, kRequestFace), out);
  return out;
}

// Named in the contract: client headers that go to the back end.
ordered_json HeaderParameterJson(const std::string& name) {
  return {{"name", name}, {"in", "header"}, {"schema", {{"type", "string"}}}};
}

ordered_json Parameters(const Operation& operation, Schemas& schemas) {
  ordered_json out = ordered_json::array();
  for (const PathParameter& parameter : operation.path.parameters) {
    out.push_back(PathParameterJson(parameter, schemas));
  }
  for (const QueryField& query : QueryFields(operation.method, operation.binding)) {
    if (query.sendable) out.push_back(QueryParameterJson(query, schemas));
  }
  const std::string mask = ReadMaskParameter(operation.method, operation.binding);
  if (!mask.empty() && !HasNoBody(operation.policy, operation.binding)) {
    out.push_back({{"name", mask},
                   {"in", "query"},
                   {"description", "Only these fields of the answer: `a,b.c`."},
                   {"schema", {{"type", "string"}}}});
  }
  if (TakesIdempotencyKey(operation.policy, operation.binding)) {
    ordered_json key = HeaderParameterJson("Idempotency-Key");
    key["description"] = "A request sent again under the same key is carried out once.";
    if (operation.policy.idempotency().required()) key["required"] = true;
    out.push_back(std::move(key));
  }
  for (const std::string& name : operation.policy.request_headers()) {
    out.push_back(HeaderParameterJson(name));
  }
  return out;
}

ordered_json JsonContent(ordered_json schema, std::optional<ordered_json> example) {
  ordered_json content{{"schema", std::move(schema)}};
  AddExample(std::move(example), content);
  return {{"application/json", std::move(content)}};
}

// Bytes of whatever type the other side says.
ordered_json AnyContent() { return {{"*/*", ordered_json::object()}}; }

// The whole request message without what the path has already.
ordered_json WholeBody(const Operation& operation, Schemas& schemas) {
  const contract::MessageTable& input = *operation.method.input;
  const auto in_body = [&](const Field& field) { return !IsCaptured(operation.binding, {&field}); };
  std::optional<ordered_json> example = ExampleOf(input, kRequestFace);
  const bool all = std::all_of(input.fields.begin(), input.fields.end(), in_body);
  if (all || !IsPlain(input)) return JsonContent(schemas.Of(input, kRequestFace), example);
  for (const Field& field : input.fields) {
    if (example && !in_body(field)) example->erase(field.json_name);
  }
  return JsonContent(schemas.ObjectOf(input, kRequestFace, in_body), std::move(example));
}

ordered_json RequestBody(const Operation& operation, Schemas& schemas) {
  if (operation.binding.body == Binding::Body::kWhole) {
    if (IsHttpBody(operation.method.input)) return {{"content", AnyContent()}};
    return {{"content", WholeBody(operation, schemas)}};
  }
  const Field& field = *operation.binding.body_field;
  ordered_json out = ordered_json::object();
  Describe(field, out);
  out.erase("deprecated");  // a body has no such word
  out["content"] =
      IsHttpBody(field.message) && !field.repeated
          ? AnyContent()
          : JsonContent(schemas.TypeOf(field, kRequestFace), ExampleOf(field, kRequestFace));
  if (IsAlwaysThere(field, kRequestFace)) out["required"] = true;
  return out;
}

ordered_json AnswerContent(const Operation& operation, Schemas& schemas) {
  const Face face = AnswerFace(operation.policy);
  const Field* const field = operation.binding.response_field;
  if (field == nullptr) {
    const contract::MessageTable& output = *operation.method.output;
    if (IsHttpBody(&output)) return AnyContent();
    return JsonContent(schemas.Of(output, face), ExampleOf(output, face));
  }
  if (IsHttpBody(field->message) && !field->repeated) return AnyContent();
  return JsonContent(schemas.TypeOf(*field, face), ExampleOf(*field, face));
}

// Of every answer of a method with limits.
void AddLimitHeaders(ordered_json& headers) {
  for (const char* name :
       {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy"}) {
    headers[name] = HeaderRef(name);
  }
}

ordered_json Responses(const Operation& operation, Schemas& schemas) {
  const uint32_t status =
      operation.policy.has_success_status() ? operation.policy.success_status() : 200;
  ordered_json headers{{"X-Request-ID", HeaderRef("X-Request-ID")}};
  if (operation.method.plan && !operation.method.adapter) {
    headers["Frontdesk-Incomplete"] = HeaderRef("Frontdesk-Incomplete");
  }
  const bool limited = operation.policy.limit_size() > 0;
  if (limited) AddLimitHeaders(headers);
  for (const std::string& name : operation.policy.response_headers()) {
    headers[name] = {{"schema", {{"type", "string"}}}};
  }
  const std::string comment = Summary(CommentOf(*operation.method.output->descriptor));
  ordered_json answer{{"description", comment.empty() ? "The answer." : comment},
                      {"headers", std::move(headers)}};
  if (!HasNoBody(operation.policy, operation.binding)) {
    answer["content"] = AnswerContent(operation, schemas);
  }

  ordered_json out{{std::to_string(status), std::move(answer)}};
  for (const ErrorCase& error : ErrorsOf(operation.method, operation.binding, operation.policy)) {
    ordered_json& response = out[std::to_string(error.http)];
    if (response.is_null()) {
      const bool refused = limited && error.http == 429;
      response = {{"$ref", Cat("#/components/responses/", refused ? "RateLimited" : "Error")}};
    }
    std::string text = response.value("description", "");
    text += Cat(text.empty() ? "" : "\n", "- `", error.reason, "`: ", error.when);
    response["description"] = std::move(text);
  }
  out["default"] = {{"$ref", "#/components/responses/Error"}};
  return out;
}

}  // namespace

ordered_json ToJson(const Operation& operation, Schemas& schemas) {
  const Method& method = operation.method;
  const std::string comment = CommentOf(*method.descriptor);
  const std::string summary = Summary(comment);
  ordered_json out{{"tags", ordered_json::array({method.service})}, {"operationId", operation.id}};
  if (!summary.empty()) out["summary"] = summary;
  const auto& version = operation.policy.version();
  std::string description = comment == summary ? "" : comment;
  if (contract::IsDeprecated(version)) {
    description =
        Cat(comment, comment.empty() ? "" : "\n\n", contract::VersionText(method, version));
  }
  if (!description.empty()) out["description"] = std::move(description);
  if (contract::IsDeprecated(method, version)) out["deprecated"] = true;
  ordered_json parameters = Parameters(operation, schemas);
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  if (operation.binding.body != Binding::Body::kNone && operation.body) {
    out["requestBody"] = RequestBody(operation, schemas);
  }
  out["responses"] = Responses(operation, schemas);
  // Each of them is enough.
  for (const std::string& scheme : operation.security) {
    ordered_json one;
    one[scheme] = ordered_json::array();
    out["security"].push_back(std::move(one));
  }
  out["x-frontdesk-rpc"] = method.path.substr(1);
  return out;
}

}  // namespace frontdesk::codegen::openapi
