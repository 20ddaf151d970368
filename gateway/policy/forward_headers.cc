#include "gateway/policy/forward_headers.h"

#include <algorithm>
#include <array>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/transcode/base64.h"

namespace frontdesk::policy {
namespace {

constexpr std::array<std::string_view, 15> kReserved = {"connection",
                                                        "keep-alive",
                                                        "te",
                                                        "trailer",
                                                        "transfer-encoding",
                                                        "upgrade",
                                                        "proxy-connection",
                                                        "host",
                                                        "content-length",
                                                        "content-type",
                                                        "expect",
                                                        "http2-settings",
                                                        "user-agent",
                                                        "proxy-authenticate",
                                                        "proxy-authorization"};

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

// gRPC metadata: printable ASCII only.
bool IsMetadataValue(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

bool IsMetadataKey(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

bool NeverForwarded(std::string_view name) {
  if (name.starts_with("grpc-") || name.starts_with(":")) return true;
  if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) return true;
  // Aliases that some back end's framework would read as the identity header.
  std::string plain(name);
  std::replace_if(
      plain.begin(), plain.end(), [](char c) { return c == '_' || c == '.'; }, '-');
  std::string_view view = plain;
  if (view.ends_with("-bin")) view.remove_suffix(4);
  return view == kIdentity || view == kRequestId;
}

absl::Status ForwardRequestHeaders(Exchange& exchange) {
  upstream::Metadata& metadata = exchange.call.metadata;
  metadata.emplace_back(kRequestId, exchange.request_id);
  if (!exchange.call.caller_sub.empty()) {
    metadata.emplace_back(kIdentity, exchange.call.caller_sub);
  }
  const std::vector<std::string>& allowed = exchange.route->request_headers;
  if (allowed.empty()) return absl::OkStatus();
  for (const http::Header& header : exchange.request.headers.fields()) {
    if (!Contains(allowed, header.name) || NeverForwarded(header.name)) continue;
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
    } else if (IsMetadataValue(header.value)) {
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
    } else if (IsMetadataValue(value)) {
      headers.emplace_back(name, value);
    }
  }
  return headers;
}

}  // namespace frontdesk::policy
