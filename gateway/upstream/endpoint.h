// Where a back end listens: as text, and as what a transport connects to.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace frontdesk::upstream {

struct Endpoint {
  std::string host;  // without brackets
  uint16_t port = 0;
  // The address, when the host is one already.
  std::optional<boost::asio::ip::address> address;
  // `host` is the name of SRV records, which say hosts and ports.
  bool srv = false;
};

// "127.0.0.1:50051", "[::1]:50051", "orders.internal:50051", "srv://_grpc._tcp.orders.internal";
// INVALID_ARGUMENT says what is wrong.
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

// "orders" of "orders:443", "::1" of "[::1]:443".
std::string HostOf(std::string_view authority);

// Labels of letters, digits, '-' and '_', as long as the DNS has them; one dot may stand at the
// end.
bool IsHostName(std::string_view text);

// What one transport connects to: an address, for names are resolved by discovery.
struct EndpointTarget {
  std::string authority;  // "host:port" as configured, sent as :authority
  std::string host;       // numeric: "127.0.0.1", "::1"
  uint16_t port = 0;
  std::string uri;  // for gRPC C++: what it is given instead of an address

  bool operator==(const EndpointTarget&) const = default;
};

}  // namespace frontdesk::upstream
