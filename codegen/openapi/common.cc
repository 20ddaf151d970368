// What all operations share: headers, and the one shape of errors.
#include "codegen/openapi/operation.h"

namespace frontdesk::codegen::openapi {
namespace {

constexpr char kErrorInfo[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kRequestInfo[] = "type.googleapis.com/google.rpc.RequestInfo";

const ordered_json kText{{"type", "string"}};
const ordered_json kNumber{{"type", "integer"}, {"minimum", 0}};

ordered_json Detail(const char* type, ordered_json properties) {
  ordered_json all{{"@type", {{"const", type}}}};
  for (auto& [name, schema] : properties.items()) all[name] = schema;
  return {{"type", "object"},
          {"properties", std::move(all)},
          {"required", ordered_json::array({"@type"})}};
}

ordered_json ErrorSchema() {
  const ordered_json other{{"type", "object"},
                           {"properties", {{"@type", kText}}},
                           {"required", ordered_json::array({"@type"})}};
  const ordered_json details{
      {"type", "array"},
      {"items",
       {{"anyOf",
         {Detail(kErrorInfo, {{"reason", kText},
                              {"domain", kText},
                              {"metadata", {{"type", "object"}, {"additionalProperties", kText}}}}),
          Detail(kRequestInfo, {{"requestId", kText}}), other}}}}};
  return {
      {"type", "object"},
      {"description",
       "google.rpc.Status. Its details have an ErrorInfo with a stable `reason` in the domain "
       "`frontdesk`, a RequestInfo, and what the back end added."},
      {"properties",
       {{"code", {{"type", "integer"}, {"format", "int32"}, {"description", "google.rpc.Code"}}},
        {"message", kText},
        {"details", details}}},
      {"required", {"code", "details"}}};
}

ordered_json ProblemSchema() {
  return {
      {"type", "object"},
      {"description", "Problem details (RFC 9457), if `Accept` asks for them."},
      {"properties",
       {{"type", {{"type", "string"}, {"format", "uri-reference"}}},
        {"status", {{"type", "integer"}}},
        {"title", kText},
        {"detail", kText},
        {"reason", kText},
        {"requestId", kText},
        {"errors",
         {{"type", "array"},
          {"items",
           {{"type", "object"}, {"properties", {{"field", kText}, {"description", kText}}}}}}}}},
      {"required", {"type", "status", "title", "reason", "requestId"}}};
}

// A failure, with an example.
ordered_json Response(const char* description, std::initializer_list<const char*> headers,
                      int status, int code, const char* reason, const char* message) {
  constexpr char kRequestId[] = "4b1f0c52d6e84c0a";
  const ordered_json error{{"code", code},
                           {"message", message},
                           {"details",
                            {{{"@type", kErrorInfo}, {"reason", reason}, {"domain", "frontdesk"}},
                             {{"@type", kRequestInfo}, {"requestId", kRequestId}}}}};
  const ordered_json problem{{"type", "about:blank"}, {"status", status},
                             {"title", reason},       {"detail", message},
                             {"reason", reason},      {"requestId", kRequestId}};
  ordered_json references = ordered_json::object();
  for (const char* name : headers) {
    references[name] = {{"$ref", std::string("#/components/headers/") + name}};
  }
  return {{"description", description},
          {"headers", std::move(references)},
          {"content",
           {{"application/json", {{"schema", SchemaRef("frontdesk-error")}, {"example", error}}},
            {"application/problem+json",
             {{"schema", SchemaRef("frontdesk-problem")}, {"example", problem}}}}}};
}

}  // namespace

ordered_json CommonHeaders(bool limits) {
  ordered_json headers{
      {"X-Request-ID",
       {{"description", "Names the request in logs; the client's own if it sent one."},
        {"schema", kText}}},
      {"Frontdesk-Incomplete",
       {{"description",
         "Parts of the answer that are missing, each with the reason: "
         "`payment;reason=DEADLINE_EXCEEDED, products[3];reason=NOT_FOUND`. Not there when "
         "the answer is complete."},
        {"schema", kText}}}};
  if (!limits) return headers;
  const auto add = [&](const char* name, const char* text, const ordered_json& schema) {
    headers[name] = {{"description", text}, {"schema", schema}};
  };
  add("RateLimit-Limit", "So many at once, by the limit that has the least left; on failures, too.",
      kNumber);
  add("RateLimit-Remaining", "So many may come now.", kNumber);
  add("RateLimit-Reset", "Seconds until all of them may come again.", kNumber);
  add("RateLimit-Policy", "`REQUESTS;w=SECONDS;burst=AT_ONCE`", kText);
  add("Retry-After", "Seconds until the same may come again; not there when it never may.",
      kNumber);
  return headers;
}

ordered_json CommonResponses(bool limits) {
  ordered_json responses = ordered_json::object();
  responses["Error"] =
      Response("A failure, by the HTTP status of its google.rpc.Code.", {"X-Request-ID"}, 404, 5,
               "NOT_FOUND", "there is none with this id");
  if (!limits) return responses;
  responses["RateLimited"] =
      Response("Too many requests.",
               {"X-Request-ID", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining",
                "RateLimit-Reset", "RateLimit-Policy"},
               429, 8, "RATE_LIMITED", "more requests than are allowed: try again later");
  return responses;
}

SecurityScheme SchemeOf(frontdesk::v1::Policy::Auth::Credential kind,
                        const std::string& api_key_header, const std::string& cookie) {
  using Auth = frontdesk::v1::Policy::Auth;
  const auto scheme = [](const char* name, ordered_json json) {
    json["description"] = "Tells who is calling.";
    return SecurityScheme{name, std::move(json)};
  };
  switch (kind) {
    case Auth::TOKEN:
      return scheme("caller", {{"type", "http"}, {"scheme", "bearer"}});
    case Auth::SESSION:
      if (cookie.empty()) return {};
      return scheme("caller-session", {{"type", "apiKey"}, {"in", "cookie"}, {"name", cookie}});
    case Auth::API_KEY:
      return scheme("caller-api-key",
                    {{"type", "apiKey"}, {"in", "header"}, {"name", api_key_header}});
    case Auth::CERTIFICATE:
      return scheme("caller-certificate", {{"type", "mutualTLS"}});
    default:
      return {};
  }
}

void AddCommonSchemas(ordered_json& schemas) {
  schemas["frontdesk-error"] = ErrorSchema();
  schemas["frontdesk-problem"] = ProblemSchema();
}

}  // namespace frontdesk::codegen::openapi
