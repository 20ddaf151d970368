// Where a back end listens: "host:port" as text, and the addresses behind it.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/base/loop.h"

namespace frontdesk::upstream {

struct Endpoint {
  std::string host;  // without brackets
  uint16_t port = 0;
  // The address, when the host is one already.
  std::optional<boost::asio::ip::address> address;
};

// "127.0.0.1:50051", "[::1]:50051", "orders.internal:50051"; INVALID_ARGUMENT says what is wrong.
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

// The addresses of one end point. A host name is resolved in the background; the last good answer
// stays in use until there is a better one. On one loop; shared with the resolver's own work.
class Addresses : public std::enable_shared_from_this<Addresses> {
 public:
  using Ready = std::function<void(absl::Status)>;

  Addresses(Loop& loop, Endpoint endpoint);

  // `ready` is called once, at once if an address is known, otherwise when resolving ended; not at
  // all after Abandon(). Also looks for news when the known ones are older than half a minute.
  void Prepare(Ready ready);
  // How many there are.
  size_t size() const { return known_.size(); }
  // The address to try next, in turn. Needs a successful Prepare().
  boost::asio::ip::tcp::endpoint Next();
  // Nobody wants to know any more.
  void Abandon();

 private:
  void Resolve();
  void OnResolved(const boost::system::error_code& error,
                  const boost::asio::ip::tcp::resolver::results_type& results);

  Loop& loop_;
  const Endpoint endpoint_;
  boost::asio::ip::tcp::resolver resolver_;
  bool resolving_ = false;
  TimePoint resolved_at_{};
  std::vector<boost::asio::ip::tcp::endpoint> known_;
  size_t turn_ = 0;
  std::vector<Ready> waiting_;
};

}  // namespace frontdesk::upstream
