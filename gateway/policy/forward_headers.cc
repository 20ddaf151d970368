#include "gateway/policy/forward_headers.h"

#include <algorithm>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/contract/header_names.h"
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

// True if a Connection header names this field as meant for the next hop only.
bool NamedInConnection(const http::Headers& headers, std::string_view name) {
  for (const http::Header& header : headers.fields()) {
    if (header.name != "connection") continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      const size_t comma = rest.find(',');
      std::string_view token = rest.substr(0, comma);
      while (!token.empty() && (token.front() == ' ' || token.front() == '\t'))
        token.remove_prefix(1);
      while (!token.empty() && (token.back() == ' ' || token.back() == '\t'))
        token.remove_suffix(1);
      const bool same =
          std::equal(token.begin(), token.end(), name.begin(), name.end(),
                     [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
      if (same) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
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

// The trace goes on, whatever the route allows: it names nobody. A broken or doubled one is
// dropped, as the specification asks, and its tracestate with it.
void ForwardTrace(const http::Headers& headers, upstream::Metadata& metadata) {
  const auto parent = headers.Find("traceparent");
  if (!parent || headers.Count("traceparent") != 1 || !IsTraceparent(*parent)) return;
  metadata.emplace_back("traceparent", *parent);
  for (const http::Header& header : headers.fields()) {
    if (header.name == "tracestate" && IsPrintable(header.value)) {
      metadata.emplace_back(header.name, header.value);
    }
  }
}

}  // namespace

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
  for (const http::Header& header : exchange.request.headers.fields()) {
    if (!Contains(allowed, header.name) || NeverForwarded(header.name)) continue;
    if (contract::IsAliasOf(header.name, identity_keys)) continue;
    if (header.name == "traceparent" || header.name == "tracestate") continue;  // see above
    if (!IsMetadataKey(header.name)) continue;
    if (NamedInConnection(exchange.request.headers, header.name)) continue;
    if (header.name.ends_with("-bin")) {
      std::string bytes(transcode::Base64DecodedMax(header.value.size()), '\0');
      const char* end = transcode::DecodeBase64(header.value, bytes.data());
      if (end == nullptr) {
        return Failure(absl::StatusCode::kInvalidArgument, "INVALID_HEADER",
                       Cat("header ", header.name, " is not base64"));
      }
      bytes.resize(static_cast<size_t>(end - bytes.data()));
      metadata.emplace_back(header.name, std::move(bytes));
    } else if (IsPrintable(header.value)) {
      metadata.emplace_back(header.name, header.value);
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
