#include "gateway/upstream/endpoint.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {
namespace {

using boost::asio::ip::tcp;

constexpr std::chrono::seconds kFresh{30};

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

Addresses::Addresses(Loop& loop, Endpoint endpoint)
    : loop_(loop), endpoint_(std::move(endpoint)), resolver_(loop.io()) {
  if (endpoint_.address) known_.emplace_back(*endpoint_.address, endpoint_.port);
}

void Addresses::Prepare(Ready ready) {
  const bool fresh = endpoint_.address || loop_.Now() - resolved_at_ < kFresh;
  if (!known_.empty()) {
    if (!fresh) Resolve();
    return ready(absl::OkStatus());
  }
  waiting_.push_back(std::move(ready));
  Resolve();
}

tcp::endpoint Addresses::Next() { return known_[turn_++ % known_.size()]; }

void Addresses::Abandon() {
  waiting_.clear();
  resolver_.cancel();
}

void Addresses::Resolve() {
  if (std::exchange(resolving_, true)) return;
  resolver_.async_resolve(endpoint_.host, std::to_string(endpoint_.port),
                          tcp::resolver::numeric_service,
                          [self = shared_from_this()](const boost::system::error_code& error,
                                                      const tcp::resolver::results_type& results) {
                            self->OnResolved(error, results);
                          });
}

void Addresses::OnResolved(const boost::system::error_code& error,
                           const tcp::resolver::results_type& results) {
  resolving_ = false;
  if (!error && !results.empty()) {
    known_.clear();
    for (const auto& result : results) known_.push_back(result.endpoint());
    resolved_at_ = loop_.Now();
  }
  absl::Status status;
  if (known_.empty()) status = Unreachable(Cat(endpoint_.host, ": ", error.message()));
  for (Ready& ready : std::exchange(waiting_, {})) ready(status);
}

}  // namespace frontdesk::upstream
