#include "tests/support/dns_server.h"
#include "tests/support/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <stdexcept>

namespace frontdesk::testing_support {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kHeader = 12;
constexpr size_t kMostOverUdp = 512;
constexpr size_t kMostOverTcp = 65535;

std::string Number(uint32_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

uint16_t Load16(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<unsigned char>(bytes[at]) << 8 |
                               static_cast<unsigned char>(bytes[at + 1]));
}

std::string WireName(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const size_t dot = std::min(name.find('.'), name.size());
    out.push_back(static_cast<char>(dot));
    out.append(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  out.push_back('\0');
  return out;
}

bool Bind(int fd, uint16_t port) {
  const sockaddr_in address = Loopback(port);
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

uint16_t PortOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

bool ReadAll(int fd, char* to, size_t size) {
  while (size > 0) {
    const ssize_t got = recv(fd, to, size, 0);
    if (got <= 0) return false;
    to += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

}  // namespace

DnsRecord AddressRecord(const std::string& address, uint32_t ttl) {
  char bytes[16];
  if (inet_pton(AF_INET, address.c_str(), bytes) == 1) {
    return {DnsType::kA, ttl, std::string(bytes, 4), ""};
  }
  if (inet_pton(AF_INET6, address.c_str(), bytes) != 1) throw std::invalid_argument(address);
  return {DnsType::kAaaa, ttl, std::string(bytes, 16), ""};
}

DnsRecord SrvRecord(uint16_t priority, uint16_t weight, uint16_t port, std::string_view target,
                    uint32_t ttl) {
  return {DnsType::kSrv, ttl,
          Number(priority, 2) + Number(weight, 2) + Number(port, 2) + WireName(target), ""};
}

DnsRecord CnameRecord(std::string_view target, uint32_t ttl) {
  return {DnsType::kCname, ttl, WireName(target), ""};
}

DnsServer::DnsServer() {
  // The port that TCP was given may be taken for UDP.
  for (int i = 0; i < 100 && udp_ < 0; ++i) {
    tcp_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    udp_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (Bind(tcp_, 0) && listen(tcp_, 64) == 0 && Bind(udp_, PortOf(tcp_))) break;
    close(tcp_);
    close(udp_);
    udp_ = -1;
  }
  if (udp_ < 0) throw std::runtime_error("no port for a DNS server");
  port_ = PortOf(udp_);
  stop_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { Serve(); });
}

DnsServer::~DnsServer() {
  eventfd_write(stop_, 1);
  thread_.join();
  for (const int fd : {udp_, tcp_, stop_}) close(fd);
}

std::string DnsServer::address() const { return "127.0.0.1:" + std::to_string(port_); }

void DnsServer::Set(const std::string& name, DnsType type, DnsReply reply) {
  const std::lock_guard lock(mutex_);
  table_[{name, type}] = std::move(reply);
}

void DnsServer::SetHost(const std::string& name, const std::vector<std::string>& addresses) {
  DnsReply v4;
  DnsReply v6;
  for (const std::string& address : addresses) {
    DnsRecord record = AddressRecord(address);
    (record.type == DnsType::kA ? v4 : v6).records.push_back(std::move(record));
  }
  const std::lock_guard lock(mutex_);  // both at once
  table_[{name, DnsType::kA}] = std::move(v4);
  table_[{name, DnsType::kAaaa}] = std::move(v6);
}

void DnsServer::SetFault(const std::string& name, DnsReply::Fault fault) {
  const std::lock_guard lock(mutex_);
  for (const DnsType type : {DnsType::kA, DnsType::kAaaa, DnsType::kSrv}) {
    table_[{name, type}] = {.fault = fault};
  }
}

int DnsServer::questions(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto at = questions_.find(name);
  return at == questions_.end() ? 0 : at->second;
}

void DnsServer::Serve() {
  while (true) {
    pollfd fds[] = {{stop_, POLLIN, 0}, {udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
    poll(fds, 3, late_.empty() ? -1 : 1);
    if (fds[0].revents) return;
    SendLate();
    if (fds[1].revents) OnDatagram();
    if (fds[2].revents) OnConnection();
  }
}

void DnsServer::SendLate() {
  const auto due = [now = Clock::now()](const Late& late) { return late.when <= now; };
  for (const Late& late : late_) {
    if (!due(late)) continue;
    sendto(udp_, late.bytes.data(), late.bytes.size(), 0,
           reinterpret_cast<const sockaddr*>(late.to.data()),
           static_cast<socklen_t>(late.to.size()));
  }
  std::erase_if(late_, due);
}

void DnsServer::OnDatagram() {
  char bytes[4096];
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const ssize_t got =
      recvfrom(udp_, bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (got <= 0) return;
  const auto question = Read({bytes, static_cast<size_t>(got)});
  if (!question) return;
  const std::optional<DnsReply> reply = Find(*question);
  if (!reply || reply->fault == DnsReply::Fault::kHang) return;
  late_.push_back({Clock::now() + reply->delay, Write(*question, *reply, false),
                   std::string(reinterpret_cast<const char*>(&from), size)});
  SendLate();
}

// One question at a time: tests ask few.
void DnsServer::OnConnection() {
  const int fd = accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  const timeval patience{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char length[2];
  while (ReadAll(fd, length, sizeof length)) {
    std::string message(Load16({length, 2}, 0), '\0');
    if (!ReadAll(fd, message.data(), message.size())) break;
    const std::optional<Question> question = Read(message);
    const std::optional<DnsReply> reply = question ? Find(*question) : std::nullopt;
    if (!reply || reply->fault == DnsReply::Fault::kBrokenTcp) break;
    ++tcp_questions_;
    std::string answer = Write(*question, *reply, true);
    answer.insert(0, Number(static_cast<uint32_t>(answer.size()), 2));
    if (send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
  }
  close(fd);
}

std::optional<DnsServer::Question> DnsServer::Read(std::string_view message) const {
  if (message.size() < kHeader || Load16(message, 4) != 1) return std::nullopt;
  Question question{.id = Load16(message, 0)};
  size_t at = kHeader;
  while (at < message.size() && message[at] != 0) {
    const size_t length = static_cast<unsigned char>(message[at]);
    if (at + 1 + length >= message.size()) return std::nullopt;
    if (!question.name.empty()) question.name.push_back('.');
    question.name.append(message.substr(at + 1, length));
    at += 1 + length;
  }
  if (at + 5 > message.size()) return std::nullopt;
  question.type = Load16(message, at + 1);
  question.wire = message.substr(kHeader, at + 5 - kHeader);
  std::transform(question.name.begin(), question.name.end(), question.name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return question;
}

std::optional<DnsReply> DnsServer::Find(const Question& question) {
  const std::lock_guard lock(mutex_);
  ++questions_[question.name];
  const auto exact = table_.find({question.name, static_cast<DnsType>(question.type)});
  if (exact != table_.end()) return exact->second;
  const bool exists = std::any_of(table_.begin(), table_.end(), [&](const auto& entry) {
    return entry.first.first == question.name;
  });
  return DnsReply{.code = exists ? uint8_t{0} : kNxdomain};
}

std::string DnsServer::Write(const Question& question, const DnsReply& reply, bool tcp) {
  if (reply.fault == DnsReply::Fault::kNoise) return std::string("\0\0noise", 7);
  const size_t most = tcp ? kMostOverTcp : kMostOverUdp;
  std::string body;
  size_t count = 0;
  bool cut = reply.fault == DnsReply::Fault::kBrokenTcp;
  for (const DnsRecord& record : reply.records) {
    // A pointer to the question's name.
    std::string one = record.name.empty() ? std::string("\xc0\x0c") : WireName(record.name);
    one += Number(static_cast<uint32_t>(record.type), 2) + Number(1, 2) + Number(record.ttl, 4) +
           Number(static_cast<uint32_t>(record.data.size()), 2) + record.data;
    cut = cut || kHeader + question.wire.size() + body.size() + one.size() > most;
    if (cut) break;
    body += one;
    ++count;
  }
  uint16_t id = question.id;
  if (reply.fault == DnsReply::Fault::kWrongId) id = static_cast<uint16_t>(id + 1);
  if (reply.fault == DnsReply::Fault::kBadRecords) {
    ++count;
    body += std::string("\xc0\x0c") + Number(question.type, 2) + Number(1, 2) + Number(9, 4) +
            Number(60000, 2) + "short";
  }
  // An answer of a server that recurses; TC when it was cut.
  const uint32_t flags = 0x8180u | (cut ? 0x0200u : 0u) | reply.code;
  return Number(id, 2) + Number(flags, 2) + Number(1, 2) + Number(static_cast<uint32_t>(count), 2) +
         Number(0, 4) + question.wire + body;
}

}  // namespace frontdesk::testing_support
