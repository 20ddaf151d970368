// One look-up of one name: A and AAAA records, or SRV records and the addresses of their targets.
#pragma once

#include <ares.h>

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/base/loop.h"
#include "gateway/upstream/dns_channel.h"
#include "gateway/upstream/endpoint.h"

namespace frontdesk::upstream {

// Of one name: what one message can hold, so that an answer does not push out by its size what is
// in use and stands in it too.
inline constexpr size_t kMostAddresses = 4096;

// A host with a port, and where it is.
struct DnsTarget {
  std::string host;
  uint16_t port = 0;
  uint32_t weight = 1;  // of the SRV record, where 0 counts as 1
  // Sorted, each once; of more than kMostAddresses the first ones.
  std::vector<boost::asio::ip::address> addresses;
  size_t left_out = 0;
  absl::Status status;  // why there are none
  // Why nobody could tell which ones of a kind there are. OK where there are known to be none.
  absl::Status v4;
  absl::Status v6;
};

struct DnsAnswer {
  absl::Status status;  // of the SRV records; OK where there need to be none
  std::vector<DnsTarget> targets;
  Duration ttl{};  // the shortest of all records
};

// Looks up what the host is, or, where its name is that of SRV records, the targets of those with
// the lowest priority. /etc/hosts comes first, and search domains are tried, as the system's
// configuration says. On one loop.
class DnsLookup final : private Timer {
 public:
  using Done = std::function<void(DnsAnswer)>;

  // `done` is called once, later than this returns and no later than the time limit; it may
  // destroy the look-up.
  DnsLookup(Loop& loop, const DnsSettings& settings, const Endpoint& name, Done done);
  DnsLookup(const DnsLookup&) = delete;
  DnsLookup& operator=(const DnsLookup&) = delete;
  // Gives up: `done` is not called any more.
  ~DnsLookup() override;

 private:
  struct Host;
  struct Question {
    int family;
    Host* host = nullptr;
    int status = 0;
  };
  // What is asked about one target. A and AAAA records each by themselves: where one kind is found,
  // c-ares does not tell what became of the other.
  struct Host {
    DnsLookup* lookup;
    DnsTarget* target;
    std::vector<std::string> names;  // to try, one after the other, until there is any address
    std::vector<Question> questions;
    size_t tried = 0;  // names
    size_t running = 0;
  };

  static void OnAddresses(void* question, int status, int timeouts, ares_addrinfo* result);
  static void OnSrv(void* lookup, int status, int timeouts, unsigned char* reply, int size);
  void TakeSrv(const unsigned char* reply, int size);
  void TakeAddresses(const Question& question, const ares_addrinfo& result);
  // Of every target.
  void AskForAddresses();
  void AskForNextName(Host& host);
  void EndName(Host& host);
  static void SayWhatIsMissing(const Host& host);
  void LowerTtl(int64_t seconds);
  // A query has ended; the last one ends the look-up, outside of c-ares.
  void EndQuery();
  void OnTimer() override;

  Loop& loop_;
  Done done_;
  DnsAnswer answer_;
  std::vector<Host> hosts_;  // what c-ares points to
  size_t running_ = 0;
  bool over_ = false;  // what c-ares calls back from now on does not matter
  std::unique_ptr<DnsChannel> channel_;
};

}  // namespace frontdesk::upstream
