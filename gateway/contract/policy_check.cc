#include <algorithm>
#include <array>

#include "gateway/base/text.h"
#include "gateway/contract/contract.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Policy;

// Headers that the gateway makes itself or that belong to one connection.
constexpr std::array<std::string_view, 17> kReserved = {"connection",
                                                        "content-length",
                                                        "content-type",
                                                        "expect",
                                                        "host",
                                                        "http2-settings",
                                                        "keep-alive",
                                                        "te",
                                                        "trailer",
                                                        "transfer-encoding",
                                                        "upgrade",
                                                        "user-agent",
                                                        "proxy-connection",
                                                        "proxy-authenticate",
                                                        "proxy-authorization",
                                                        "x-user-id",
                                                        "x-request-id"};

// A metadata key of gRPC, in any case: the only header names that can be passed on.
bool IsMetadataKey(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string HeaderFault(std::string_view name) {
  if (!IsMetadataKey(name)) return Cat('"', name, "\" is not a name that gRPC metadata can have");
  const std::string lower = Lower(name);
  const bool reserved = std::find(kReserved.begin(), kReserved.end(), lower) != kReserved.end();
  if (!reserved && !lower.starts_with("grpc-")) return "";
  return Cat('"', name, "\" is set by the gateway itself and never passed on");
}

}  // namespace

void CheckPolicy(const Policy& policy, std::string_view path,
                 const std::function<Place(const std::vector<int>&)>& place_of,
                 Findings& findings) {
  const auto add = [&](const std::vector<int>& field, std::string_view name,
                       std::string_view text) {
    findings.Add(place_of(field), path.empty() ? std::string(name) : Cat(path, '.', name), text);
  };
  if (policy.has_timeout() && !ParseDuration(policy.timeout())) {
    add({Policy::kTimeoutFieldNumber}, "timeout",
        Cat('"', policy.timeout(), "\" is not a duration such as \"250ms\" or \"2s\""));
  }
  if (policy.has_max_request_bytes() && policy.max_request_bytes() == 0) {
    add({Policy::kMaxRequestBytesFieldNumber}, "max_request_bytes", "must be more than 0");
  }
  if (policy.has_max_response_bytes() && policy.max_response_bytes() == 0) {
    add({Policy::kMaxResponseBytesFieldNumber}, "max_response_bytes", "must be more than 0");
  }
  if (policy.has_success_status()) {
    const uint32_t status = policy.success_status();
    if (status != 200 && status != 201 && status != 202 && status != 204) {
      add({Policy::kSuccessStatusFieldNumber}, "success_status",
          Cat(status, " is none of 200, 201, 202 and 204"));
    }
  }
  for (int i = 0; i < policy.request_headers_size(); ++i) {
    const std::string fault = HeaderFault(policy.request_headers(i));
    if (!fault.empty()) add({Policy::kRequestHeadersFieldNumber, i}, "request_headers", fault);
  }
  for (int i = 0; i < policy.response_headers_size(); ++i) {
    const std::string fault = HeaderFault(policy.response_headers(i));
    if (!fault.empty()) add({Policy::kResponseHeadersFieldNumber, i}, "response_headers", fault);
  }
}

}  // namespace frontdesk::contract
