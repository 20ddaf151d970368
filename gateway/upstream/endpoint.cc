#include "gateway/upstream/endpoint.h"

#include <algorithm>
#include <charconv>

#include "gateway/base/text.h"

namespace frontdesk::upstream {
namespace {

absl::Status Wrong(std::string_view text, std::string_view why) {
  const std::string message = Cat("\"", text, "\": ", why);
  return absl::InvalidArgumentError(Absl(message));
}

bool IsHostName(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

}  // namespace

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Wrong(text, "expected host:port");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  Endpoint endpoint;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
  if (error != std::errc() || end != digits.data() + digits.size() || endpoint.port == 0) {
    return Wrong(text, "the port must be a number from 1 to 65535");
  }
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  endpoint.host = host;
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(endpoint.host, no_address);
  if (!no_address) {
    if (address.is_v6() != bracketed) return Wrong(text, "an IPv6 address stands in brackets");
    endpoint.address = address;
    return endpoint;
  }
  if (bracketed || !IsHostName(host)) return Wrong(text, "neither an address nor a host name");
  return endpoint;
}

}  // namespace frontdesk::upstream
