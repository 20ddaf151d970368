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

constexpr std::string_view kSrv = "srv://";
constexpr size_t kMaxName = 253;
constexpr size_t kMaxLabel = 63;

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabel &&
         std::all_of(label.begin(), label.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

// Mostly _service._protocol.name (RFC 2782), but not everybody has the underscores.
absl::StatusOr<Endpoint> ParseSrv(std::string_view text) {
  const std::string_view name = text.substr(kSrv.size());
  if (!IsHostName(name)) {
    return Wrong(text, "expected a name without a port, as in srv://_grpc._tcp.orders");
  }
  Endpoint endpoint;
  endpoint.host = name;
  endpoint.srv = true;
  return endpoint;
}

}  // namespace

bool IsHostName(std::string_view text) {
  if (text.empty() || text.size() > kMaxName) return false;
  if (text.ends_with('.')) text.remove_suffix(1);
  while (true) {
    const size_t dot = text.find('.');
    if (!IsLabel(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

std::string HostOf(std::string_view authority) {
  std::string_view host = authority.substr(0, authority.rfind(':'));
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  // The dot that may end a name is not a part of it.
  if (host.ends_with('.')) host.remove_suffix(1);
  return std::string(host);
}

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  if (text.starts_with(kSrv)) return ParseSrv(text);
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
