// "host:port" as an operator writes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace frontdesk::config {

struct HostPort {
  std::string host;  // an IPv6 address without its brackets
  uint16_t port = 0;
  bool numeric = false;   // an IPv4 or IPv6 address, not a name
  bool loopback = false;  // of this machine only; never true of a name
};

// "127.0.0.1:8080", "[::1]:8080", "orders.internal:50051"; port 0 is allowed. Nothing if it is none
// of these.
std::optional<HostPort> ParseHostPort(std::string_view text);

// Whether two numeric addresses can't both be listened on: the same one, however it is written, or
// one of them stands for all, as "0.0.0.0" does for IPv4 and "[::]" for both. Port 0 is any free
// one.
bool Collide(const HostPort& a, const HostPort& b);

// Where is listened when the file says nothing.
inline constexpr std::string_view kUsualListen = "127.0.0.1:8080";
inline constexpr std::string_view kUsualAdmin = "127.0.0.1:9900";

}  // namespace frontdesk::config
