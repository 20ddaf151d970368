#include "gateway/policy/forward_headers.h"

#include <algorithm>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/contract/header_names.h"
#include "gateway/http/chars.h"
#include "gateway/transcode/base64.h"

namespace frontdesk::policy {
namespace {

using contract::IsMetadataKey;
using contract::NeverForwarded;

constexpr std::string_view kIdentity = "x-user-id";
constexpr std::string_view kRequestId = "x-request-id";

bool Contains(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// W3C Trace Context, version 00 or a later one that begins alike: "00-<32 hex>-<16 hex>-<2 hex>",
// in lower case, the ids not all zero.
bool IsTraceparent(std::string_view value) {
  constexpr std::string_view kShape = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  if (value.size() < kShape.size() || value.starts_with("ff")) return false;
  if (value.size() > kShape.size() && (value.starts_with("00") || value[kShape.size()] != '-')) {
    return false;
  }
  for (size_t i = 0; i < kShape.size(); ++i) {
    const char c = value[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (kShape[i] == '-' ? c != '-' : !hex) return false;
  }
  const auto all_zero = [](std::string_view id) {
    return id.find_first_not_of('0') == std::string_view::npos;
  };
  return !all_zero(value.substr(3, 32)) && !all_zero(value.substr(36, 16));
}

// Of tracestate so much is to go on (W3C Trace Context, 3.3.1.5). More is not worth what it costs
// back ends, which take it from anybody.
constexpr size_t kMostTracestate = 512;

// The trace goes on, whatever the route allows: it names nobody. A broken or doubled one is
// dropped, as the specification asks, and its tracestate with it.
void ForwardTrace(const http::Headers& headers, upstream::Metadata& metadata) {
  const auto parent = headers.Find("traceparent");
  if (!parent || headers.Count("traceparent") != 1 || !IsTraceparent(*parent)) return;
  if (IsForThisHop(headers, "traceparent")) return;
  metadata.emplace_back("traceparent", *parent);
  size_t state = 0;
  for (const http::Header& header : headers.fields()) {
    if (header.name == "tracestate") state += header.value.size();
  }
  if (state == 0 || state > kMostTracestate || IsForThisHop(headers, "tracestate")) return;
  for (const http::Header& header : headers.fields()) {
    if (header.name == "tracestate" && !header.value.empty() && IsPrintable(header.value)) {
      metadata.emplace_back(header.name, header.value);
    }
  }
}

// What of the headers that a route allows the client names in Connection. Each name is looked up
// once: a head has room for thousands of either.
class HopByHop {
 public:
  HopByHop(const http::Headers& headers, const std::vector<std::string>& allowed)
      : headers_(headers), allowed_(allowed), any_(headers.Find("connection").has_value()) {}

  bool Has(std::string_view name) {
    if (!any_) return false;
    known_.resize(allowed_.size(), Known::kNo);
    const auto index =
        static_cast<size_t>(std::find(allowed_.begin(), allowed_.end(), name) - allowed_.begin());
    Known& known = known_[index];
    if (known == Known::kNo) known = IsForThisHop(headers_, name) ? Known::kNamed : Known::kFree;
    return known == Known::kNamed;
  }

 private:
  enum class Known : uint8_t { kNo, kFree, kNamed };

  const http::Headers& headers_;
  const std::vector<std::string>& allowed_;
  const bool any_;
  std::vector<Known> known_;
};

}  // namespace

bool IsForThisHop(const http::Headers& headers, std::string_view name) {
  for (const http::Header& header : headers.fields()) {
    if (header.name != "connection") continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      if (http::EqualsLower(http::Trim(rest.substr(0, comma)), name)) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

std::optional<std::string_view> MetadataValue(const http::Header& header, std::string& bytes) {
  if (!header.name.ends_with("-bin")) {
    return IsPrintable(header.value) ? std::optional(header.value) : std::nullopt;
  }
  bytes.resize(transcode::Base64DecodedMax(header.value.size()));
  const char* const end = transcode::DecodeBase64(header.value, bytes.data());
  if (end == nullptr) return std::nullopt;
  return std::string_view(bytes.data(), static_cast<size_t>(end - bytes.data()));
}

absl::Status ForwardRequestHeaders(Exchange& exchange,
                                   const std::vector<std::string>& identity_keys) {
  upstream::Metadata& metadata = exchange.call.metadata;
  metadata.emplace_back(kRequestId, exchange.request_id);
  if (exchange.call.identity) {
    metadata.emplace_back(kIdentity, exchange.call.identity->sub);
    for (const auto& entry : exchange.call.identity->metadata) metadata.push_back(entry);
  }
  ForwardTrace(exchange.request.headers, metadata);
  const std::vector<std::string>& allowed = exchange.route->request_headers;
  if (allowed.empty()) return absl::OkStatus();
  HopByHop hop_by_hop(exchange.request.headers, allowed);
  for (const http::Header& header : exchange.request.headers.fields()) {
    if (!Contains(allowed, header.name) || NeverForwarded(header.name)) continue;
    if (contract::IsAliasOf(header.name, identity_keys)) continue;
    if (header.name == "traceparent" || header.name == "tracestate") continue;  // see above
    if (!IsMetadataKey(header.name)) continue;
    if (hop_by_hop.Has(header.name)) continue;
    std::string bytes;
    const std::optional<std::string_view> value = MetadataValue(header, bytes);
    if (value) {
      metadata.emplace_back(header.name, *value);
    } else if (header.name.ends_with("-bin")) {
      return Failure(absl::StatusCode::kInvalidArgument, "INVALID_HEADER",
                     Cat("header ", header.name, " is not base64"));
    }
  }
  return absl::OkStatus();
}

std::vector<std::pair<std::string, std::string>> ForwardResponseMetadata(
    const route::Route& route, const upstream::Metadata& metadata) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (const auto& [name, value] : metadata) {
    if (!Contains(route.response_headers, name) || NeverForwarded(name)) continue;
    if (name.ends_with("-bin")) {
      std::string text(transcode::Base64Size(value.size()), '\0');
      transcode::EncodeBase64(value, text.data());
      while (!text.empty() && text.back() == '=') text.pop_back();
      headers.emplace_back(name, std::move(text));
    } else if (IsPrintable(value)) {
      headers.emplace_back(name, value);
    }
  }
  return headers;
}

}  // namespace frontdesk::policy
