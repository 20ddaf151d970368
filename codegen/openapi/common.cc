// What all operations share: headers, and the one shape of errors.
#include "codegen/openapi/operation.h"

namespace frontdesk::codegen::openapi {
namespace {

constexpr char kErrorInfo[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kRequestInfo[] = "type.googleapis.com/google.rpc.RequestInfo";

const ordered_json kText{{"type", "string"}};

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

}  // namespace

ordered_json CommonHeaders() {
  return {{"X-Request-ID",
           {{"description", "Names the request in logs; the client's own if it sent one."},
            {"schema", kText}}},
          {"Frontdesk-Incomplete",
           {{"description",
             "Parts of the answer that are missing, each with the reason: "
             "`payment;reason=DEADLINE_EXCEEDED, products[3];reason=NOT_FOUND`. Not there when "
             "the answer is complete."},
            {"schema", kText}}}};
}

ordered_json CommonResponses() {
  const ordered_json error{
      {"code", 5},
      {"message", "there is none with this id"},
      {"details",
       {{{"@type", kErrorInfo}, {"reason", "NOT_FOUND"}, {"domain", "frontdesk"}},
        {{"@type", kRequestInfo}, {"requestId", "4b1f0c52d6e84c0a"}}}}};
  const ordered_json problem{{"type", "about:blank"}, {"status", 404},
                             {"title", "NOT_FOUND"},  {"detail", "there is none with this id"},
                             {"reason", "NOT_FOUND"}, {"requestId", "4b1f0c52d6e84c0a"}};
  return {{"Error",
           {{"description", "A failure, by the HTTP status of its google.rpc.Code."},
            {"headers", {{"X-Request-ID", {{"$ref", "#/components/headers/X-Request-ID"}}}}},
            {"content",
             {{"application/json", {{"schema", SchemaRef("frontdesk-error")}, {"example", error}}},
              {"application/problem+json",
               {{"schema", SchemaRef("frontdesk-problem")}, {"example", problem}}}}}}}};
}

void AddCommonSchemas(ordered_json& schemas) {
  schemas["frontdesk-error"] = ErrorSchema();
  schemas["frontdesk-problem"] = ProblemSchema();
}

}  // namespace frontdesk::codegen::openapi
