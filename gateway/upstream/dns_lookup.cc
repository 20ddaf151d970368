#include "gateway/upstream/dns_lookup.h"

#include <arpa/nameser.h>
#include <netdb.h>
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
// Of a question that has not ended; no status of c-ares.
constexpr int kAsked = -1;

absl::Status TooLate(const std::string& name) {
  const std::string text = Cat(name, ": no answer within the time limit");
  return absl::DeadlineExceededError(Absl(text));
}

absl::Status NotFound(const std::string& name, int status) {
  if (status == kAsked) return TooLate(name);
  // There were some, but none to connect to.
  if (status == ARES_SUCCESS) status = ARES_ENODATA;
  const std::string text = Cat(name, ": ", DnsErrorText(status));
  return absl::UnavailableError(Absl(text));
}

// Nobody could tell, which is not that there are none.
bool IsFailure(int status) {
  return status != ARES_SUCCESS && status != ARES_ENODATA && status != ARES_ENOTFOUND;
}

// What c-ares finds without a name server it is asked for as a whole: a host that /etc/hosts has
// any address of, of either kind, has no others.
bool NeedsNoServer(ares_channel channel, const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  if (!error || host == "localhost") return true;
  hostent* entry = nullptr;
  if (ares_gethostbyname_file(channel, host.c_str(), AF_UNSPEC, &entry) != ARES_SUCCESS) {
    return false;
  }
  ares_free_hostent(entry);
  return true;
}

// With the search domains, as c-ares tries them; the dot at the end keeps it from doing so. For one
// kind of addresses it would go on where only the other was found, and mix two hosts.
std::vector<std::string> FullNames(ares_channel channel, const std::string& host) {
  if (host.ends_with('.')) return {host};
  ares_options options{};
  int set = 0;
  ares_save_options(channel, &options, &set);
  std::vector<std::string> names;
  for (int i = 0; i < options.ndomains; ++i) names.push_back(Cat(host, '.', options.domains[i]));
  const bool as_is_first = std::count(host.begin(), host.end(), '.') >= options.ndots;
  names.insert(as_is_first ? names.begin() : names.end(), host);
  ares_destroy_options(&options);
  for (std::string& name : names) {
    name.resize(name.find_last_not_of('.') + 1);  // of "search ."
    name.push_back('.');
  }
  return names;
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
  // All of it before the first question, which may be answered at once.
  for (DnsTarget& target : answer_.targets) {
    Host host{.lookup = this, .target = &target};
    if (NeedsNoServer(channel_->get(), target.host)) {
      host.names = {target.host};
      host.questions = {{AF_UNSPEC}};
    } else {
      host.names = FullNames(channel_->get(), target.host);
      host.questions = {{AF_INET}, {AF_INET6}};
    }
    hosts_.push_back(std::move(host));
  }
  running_ += hosts_.size();
  for (Host& host : hosts_) AskForNextName(host);
}

void DnsLookup::AskForNextName(Host& host) {
  const std::string& name = host.names[host.tried++];
  host.running = host.questions.size();
  for (Question& question : host.questions) {
    question.host = &host;
    question.status = kAsked;
  }
  ares_addrinfo_hints hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;
  for (Question& question : host.questions) {
    hints.ai_family = question.family;
    ares_getaddrinfo(channel_->get(), name.c_str(), nullptr, &hints, OnAddresses, &question);
  }
}

void DnsLookup::OnAddresses(void* question, int status, int, ares_addrinfo* result) {
  Question& ended = *static_cast<Question*>(question);
  DnsLookup& self = *ended.host->lookup;
  if (!self.over_) {
    if (status == ARES_SUCCESS) self.TakeAddresses(ended, *result);
    ended.status = status;
    if (--ended.host->running == 0) self.EndName(*ended.host);
  }
  if (result) ares_freeaddrinfo(result);
}

void DnsLookup::EndName(Host& host) {
  const auto& asked = host.questions;
  const auto says = [](int status) {
    return [status](const Question& question) { return question.status == status; };
  };
  // After a failure it is not known: it may have addresses that nobody could tell.
  const bool is_other_name = std::any_of(asked.begin(), asked.end(), says(ARES_ENOTFOUND)) ||
                             std::all_of(asked.begin(), asked.end(), says(ARES_ENODATA));
  if (host.target->addresses.empty() && is_other_name && host.tried < host.names.size()) {
    AskForNextName(host);
  } else {
    EndQuery();
  }
}

void DnsLookup::TakeAddresses(const Question& question, const ares_addrinfo& result) {
  DnsTarget& target = *question.host->target;
  std::vector<address>& found = target.addresses;
  for (const ares_addrinfo_cname* alias = result.cnames; alias; alias = alias->next) {
    LowerTtl(alias->ttl);
  }
  for (const ares_addrinfo_node* node = result.nodes; node; node = node->ai_next) {
    // c-ares takes whatever an answer holds.
    if (question.family != AF_UNSPEC && node->ai_family != question.family) continue;
    LowerTtl(node->ai_ttl);
    if (const std::optional<address> at = AddressOf(*node)) found.push_back(*at);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (found.size() <= kMostAddresses) return;
  target.left_out += found.size() - kMostAddresses;
  found.resize(kMostAddresses);
}

void DnsLookup::SayWhatIsMissing(const Host& host) {
  DnsTarget& target = *host.target;
  int why = host.questions.front().status;
  for (const Question& question : host.questions) {
    if (!IsFailure(question.status)) continue;
    why = question.status;
    if (question.family == AF_INET) target.v4 = NotFound(Cat(target.host, ", A records"), why);
    if (question.family == AF_INET6) target.v6 = NotFound(Cat(target.host, ", AAAA records"), why);
  }
  if (target.addresses.empty()) target.status = NotFound(target.host, why);
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
  for (const Host& host : hosts_) SayWhatIsMissing(host);
  const Done done = std::move(done_);
  done(std::move(answer_));
}

}  // namespace frontdesk::upstream
