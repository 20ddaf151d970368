#include "gateway/policy/host_lookup.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <utility>

#include "gateway/base/loop.h"
#include "gateway/base/text.h"
#include "gateway/upstream/dns_lookup.h"

namespace frontdesk::policy {
namespace {

using Descriptor = boost::asio::posix::stream_descriptor;

absl::StatusOr<std::vector<std::string>> LookUp(upstream::DnsSettings dns, const std::string& host,
                                                const identity::Patience& patience) {
  const TimePoint now = Clock::now();
  if (patience.deadline <= now) return absl::UnavailableError("took too long");
  dns.time_limit = std::min(dns.time_limit, patience.deadline - now);
  bool stopped = false;
  std::optional<upstream::DnsAnswer> answer;
  Loop loop;
  Descriptor stop(loop.io());
  boost::system::error_code error;
  // A copy: the loop closes what it waits for.
  if (patience.stop >= 0) stop.assign(dup(patience.stop), error);
  if (error) return absl::UnavailableError(Absl(error.message()));
  if (stop.is_open()) {
    stop.async_wait(Descriptor::wait_read, [&](const auto& failed) { stopped = !failed; });
  }
  const upstream::DnsLookup lookup(loop, dns, {.host = host},
                                   [&](upstream::DnsAnswer found) { answer = std::move(found); });
  loop.RunUntil([&] { return stopped || answer; });
  if (!answer) return absl::CancelledError("the program ends");
  std::vector<std::string> addresses;
  absl::Status status = answer->status;
  for (const upstream::DnsTarget& target : answer->targets) {
    for (const auto& address : target.addresses) addresses.push_back(address.to_string());
    if (status.ok()) status = target.status;
  }
  if (addresses.empty() && !status.ok()) {
    return absl::UnavailableError(status.message());
  }
  return addresses;
}

}  // namespace

identity::HostLookup MakeHostLookup(const upstream::DnsSettings& dns) {
  return [dns](const std::string& host, const identity::Patience& patience) {
    return LookUp(dns, host, patience);
  };
}

}  // namespace frontdesk::policy
