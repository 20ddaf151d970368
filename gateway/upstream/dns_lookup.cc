#include "gateway/upstream/dns_lookup.h"

#include <arpa/nameser.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::upstream {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

constexpr size_t kMostTargets = 64;
constexpr size_t kDnsHeader = 12;
// Of a record: type, class, TTL, length of its data.
constexpr size_t kRecordHead = 10;
// Longer than this nobody relies on what was once heard.
constexpr std::chrono::hours kLongestTtl{1};

absl::Status NotFound(const std::string& name, int ares_status) {
  const std::string text = Cat(name, ": ", DnsErrorText(ares_status));
  return absl::UnavailableError(Absl(text));
}

absl::Status TooLate(const std::string& name) {
  const std::string text = Cat(name, ": no answer within the time limit");
  return absl::DeadlineExceededError(Absl(text));
}

uint32_t Load(const unsigned char* bytes, int size) {
  uint32_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8 | bytes[i];
  return value;
}

// The shortest TTL in the answer section, which ares_parse_srv_reply() does not tell. Nothing when
// the reply is cut off.
std::optional<uint32_t> ShortestTtl(const unsigned char* reply, int size) {
  const unsigned char* const end = reply + size;
  if (static_cast<size_t>(size) < kDnsHeader) return std::nullopt;
  const uint32_t questions = Load(reply + 4, 2);
  const uint32_t answers = Load(reply + 6, 2);
  const unsigned char* at = reply + kDnsHeader;
  uint32_t shortest = std::numeric_limits<uint32_t>::max();
  for (uint32_t i = 0; i < questions + answers; ++i) {
    char* name = nullptr;
    long length = 0;
    if (ares_expand_name(at, reply, size, &name, &length) != ARES_SUCCESS) return std::nullopt;
    ares_free_string(name);
    at += length;
    const size_t head = i < questions ? 4 : kRecordHead;
    if (static_cast<size_t>(end - at) < head) return std::nullopt;
    if (i >= questions) {
      const size_t data = Load(at + 8, 2);
      shortest = std::min(shortest, Load(at + 4, 4));
      if (static_cast<size_t>(end - at) - head < data) return std::nullopt;
      at += data;
    }
    at += head;
  }
  return shortest;
}

// Nothing for what is no place to connect to.
std::optional<address> AddressOf(const ares_addrinfo_node& node) {
  address found;
  if (node.ai_family == AF_INET && node.ai_addrlen >= sizeof(sockaddr_in)) {
    sockaddr_in v4;
    std::memcpy(&v4, node.ai_addr, sizeof v4);
    found = address_v4(ntohl(v4.sin_addr.s_addr));
  } else if (node.ai_family == AF_INET6 && node.ai_addrlen >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6;
    std::memcpy(&v6, node.ai_addr, sizeof v6);
    address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    found = address_v6(bytes);
  }
  if (found.is_unspecified() || found.is_multicast()) return std::nullopt;
  return found;
}

// As c-ares gives them: a list that it frees.
struct SrvRecords {
  SrvRecords(const unsigned char* reply, int size) {
    status = ares_parse_srv_reply(reply, size, &first);
  }
  SrvRecords(const SrvRecords&) = delete;
  SrvRecords& operator=(const SrvRecords&) = delete;
  ~SrvRecords() { ares_free_data(first); }

  ares_srv_reply* first = nullptr;
  int status;
};

// Those of the lowest priority, each host and port once.
std::vector<DnsTarget> TargetsOf(const SrvRecords& records) {
  unsigned lowest = std::numeric_limits<unsigned>::max();
  std::vector<DnsTarget> targets;
  for (const ares_srv_reply* record = records.first; record; record = record->next) {
    if (record->priority > lowest || record->port == 0 || !IsHostName(record->host)) continue;
    if (record->priority < lowest) targets.clear();
    lowest = record->priority;
    DnsTarget target{.port = record->port, .weight = std::max<uint32_t>(record->weight, 1)};
    for (const char* c = record->host; *c; ++c) {
      target.host.push_back(*c >= 'A' && *c <= 'Z' ? static_cast<char>(*c - 'A' + 'a') : *c);
    }
    targets.push_back(std::move(target));
  }
  const auto key = [](const DnsTarget& target) { return std::tie(target.host, target.port); };
  std::sort(targets.begin(), targets.end(), [&](const DnsTarget& a, const DnsTarget& b) {
    return key(a) != key(b) ? key(a) < key(b) : a.weight > b.weight;
  });
  targets.erase(std::unique(targets.begin(), targets.end(),
                            [&](const auto& a, const auto& b) { return key(a) == key(b); }),
                targets.end());
  if (targets.size() > kMostTargets) targets.resize(kMostTargets);
  return targets;
}

}  // namespace

DnsLookup::DnsLookup(Loop& loop, const DnsSettings& settings, const Endpoint& name, Done done)
    : loop_(loop), done_(std::move(done)), channel_(std::make_unique<DnsChannel>(loop, settings)) {
  answer_.ttl = kLongestTtl;
  loop_.Arm(*this, loop_.Now() + settings.time_limit);
  ++running_;  // this function
  if (!channel_->status().ok()) {
    answer_.status = channel_->status();
  } else if (name.srv) {
    ++running_;
    answer_.status = TooLate(name.host);
    ares_search(channel_->get(), name.host.c_str(), ns_c_in, ns_t_srv, OnSrv, this);
  } else {
    answer_.targets.push_back({.host = name.host, .port = name.port});
    AskForAddresses();
  }
  if (channel_->status().ok()) channel_->Started();
  EndQuery();
}

DnsLookup::~DnsLookup() {
  over_ = true;
  channel_.reset();  // calls back
}

void DnsLookup::OnSrv(void* lookup, int status, int, unsigned char* reply, int size) {
  DnsLookup& self = *static_cast<DnsLookup*>(lookup);
  if (self.over_) return;
  self.answer_.status = absl::OkStatus();
  if (status == ARES_SUCCESS) {
    self.TakeSrv(reply, size);
  } else {
    self.answer_.status = absl::UnavailableError(Absl(DnsErrorText(status)));
  }
  self.EndQuery();
}

void DnsLookup::TakeSrv(const unsigned char* reply, int size) {
  const SrvRecords records(reply, size);
  const std::optional<uint32_t> ttl = ShortestTtl(reply, size);
  const int status = records.status == ARES_SUCCESS && !ttl ? ARES_EBADRESP : records.status;
  if (status != ARES_SUCCESS) {
    answer_.status = absl::UnavailableError(Absl(DnsErrorText(status)));
    return;
  }
  LowerTtl(*ttl);
  answer_.targets = TargetsOf(records);
  if (answer_.targets.empty()) {
    answer_.status = absl::UnavailableError("no SRV record names a host and a port");
  }
  AskForAddresses();
}

void DnsLookup::AskForAddresses() {
  // All of it before the first query, which may call back at once.
  for (size_t i = 0; i < answer_.targets.size(); ++i) {
    answer_.targets[i].status = TooLate(answer_.targets[i].host);
    queries_.push_back({this, i});
  }
  running_ += queries_.size();
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;
  for (AddressQuery& query : queries_) {
    const std::string& host = answer_.targets[query.target].host;
    ares_getaddrinfo(channel_->get(), host.c_str(), nullptr, &hints, OnAddresses, &query);
  }
}

void DnsLookup::OnAddresses(void* query, int status, int, ares_addrinfo* result) {
  const AddressQuery& ended = *static_cast<AddressQuery*>(query);
  DnsLookup& self = *ended.lookup;
  if (!self.over_) {
    DnsTarget& target = self.answer_.targets[ended.target];
    if (status == ARES_SUCCESS) self.TakeAddresses(target, *result);
    const int outcome = status == ARES_SUCCESS ? ARES_ENODATA : status;
    target.status = target.addresses.empty() ? NotFound(target.host, outcome) : absl::OkStatus();
    self.EndQuery();
  }
  if (result) ares_freeaddrinfo(result);
}

void DnsLookup::TakeAddresses(DnsTarget& target, const ares_addrinfo& result) {
  std::vector<address>& found = target.addresses;
  for (const ares_addrinfo_cname* alias = result.cnames; alias; alias = alias->next) {
    LowerTtl(alias->ttl);
  }
  for (const ares_addrinfo_node* node = result.nodes; node; node = node->ai_next) {
    LowerTtl(node->ai_ttl);
    if (const std::optional<address> at = AddressOf(*node)) found.push_back(*at);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (found.size() <= kMostAddresses) return;
  target.left_out = found.size() - kMostAddresses;
  found.resize(kMostAddresses);
}

void DnsLookup::LowerTtl(int64_t seconds) {
  // RFC 2181: one with the highest bit counts as zero. c-ares has made some of them negative.
  if (seconds < 0 || seconds > std::numeric_limits<int32_t>::max()) seconds = 0;
  answer_.ttl = std::min<Duration>(answer_.ttl, std::chrono::seconds(seconds));
}

void DnsLookup::EndQuery() {
  if (--running_ == 0) loop_.Arm(*this, loop_.Now());
}

void DnsLookup::OnTimer() {
  over_ = true;
  channel_.reset();
  const Done done = std::move(done_);
  done(std::move(answer_));
}

}  // namespace frontdesk::upstream
