#include "gateway/policy/decode.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gateway/transcode/request.h"

namespace frontdesk::policy {

absl::Status Decode(Exchange& exchange, const contract::MessageTables& types, int json_depth) {
  const route::Route& route = *exchange.route;
  const http::Request& request = exchange.request;
  transcode::RequestParts parts;
  parts.captures = exchange.match.captures();
  parts.query = request.query;
  parts.content_type = request.headers.Find("content-type").value_or("");
  parts.body = exchange.body_text;

  transcode::RequestOptions options;
  options.json.ignore_unknown = route.ignore_unknown_fields;
  options.json.last_key_wins = route.last_key_wins;
  options.json.max_depth = json_depth;
  options.ignore_unknown_parameters = route.ignore_unknown_parameters;
  options.keep_reserved_encoded = route.keep_reserved_encoded;
  options.caller_sub = exchange.call.caller_sub();
  options.caller = exchange.call.identity.get();
  std::optional<std::string> fields;
  absl::Status status = transcode::DecodeRequest(*route.method->input, *route.binding, parts,
                                                 options, types, exchange.message, &fields);
  // Calls may take long, and need no more than the message.
  exchange.body_text = std::string();
  if (!status.ok() || !fields) return status;
  absl::StatusOr<std::unique_ptr<const contract::ReadMask>> mask = contract::ParseReadMask(
      contract::ReadMaskRoot(*route.method->output, route.binding->response_field), *fields);
  if (mask.ok()) exchange.mask = *std::move(mask);
  return mask.status();
}

}  // namespace frontdesk::policy
