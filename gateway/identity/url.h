// Where keys may be fetched.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace frontdesk::identity {

struct FetchUrl {
  bool tls = true;
  std::string host;  // lower case; of an IPv6 address without brackets
  uint16_t port = 443;
  std::string target;     // path and query
  bool loopback = false;  // the host is named as one of this machine

  std::string HostPort() const;
  std::string ToString() const;
};

// "https://host[:port]/path", or "http://" to a loopback address or "localhost", for which a
// machine vouches itself. No user information, no fragment.
absl::StatusOr<FetchUrl> ParseFetchUrl(std::string_view text);

// True for addresses that no key server has, and that a name may be made to point to: loopback,
// link-local with the clouds' metadata addresses, unspecified, multicast. `address` is numeric.
bool IsForbiddenAddress(std::string_view address, bool loopback_is_meant);

}  // namespace frontdesk::identity
