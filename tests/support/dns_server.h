// A DNS server that answers by a table, right or wrong, over UDP and TCP on one port. For tests of
// what looks names up.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace frontdesk::testing_support {

enum class DnsType : uint16_t { kA = 1, kCname = 5, kAaaa = 28, kSrv = 33 };

struct DnsRecord {
  DnsType type;
  uint32_t ttl = 0;
  std::string data;  // as on the wire
  std::string name;  // "": the one that was asked for
};

// "10.0.0.1" or "fd00::1".
DnsRecord AddressRecord(const std::string& address, uint32_t ttl = 0);
DnsRecord SrvRecord(uint16_t priority, uint16_t weight, uint16_t port, std::string_view target,
                    uint32_t ttl = 0);
DnsRecord CnameRecord(std::string_view target, uint32_t ttl = 0);

// What is answered to a question. Answers that do not fit into 512 bytes are cut and marked so
// over UDP.
struct DnsReply {
  enum class Fault {
    kNone,
    kHang,        // no answer
    kWrongId,     // of another question
    kNoise,       // bytes that are no message
    kBadRecords,  // a message whose records run over its end
    kBrokenTcp,   // cut over UDP; over TCP the connection is closed
  };

  std::vector<DnsRecord> records;
  uint8_t code = 0;  // kNxdomain, kServfail ...
  Fault fault = Fault::kNone;
  std::chrono::milliseconds delay{0};  // for UDP
};
inline constexpr uint8_t kServfail = 2;
inline constexpr uint8_t kNxdomain = 3;
inline constexpr uint8_t kRefused = 5;

class DnsServer {
 public:
  // On 127.0.0.1, on some free port.
  DnsServer();
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  std::string address() const;

  // What is answered from now on. A name that has entries, but none of this type, has no data;
  // any other does not exist.
  void Set(const std::string& name, DnsType type, DnsReply reply);
  // A and AAAA records of a host, each kind with its own, TTL 0.
  void SetHost(const std::string& name, const std::vector<std::string>& addresses);
  // To every question about it.
  void SetFault(const std::string& name, DnsReply::Fault fault);

  // Questions so far, of all types.
  int questions(const std::string& name) const;
  int tcp_questions() const { return tcp_questions_; }

 private:
  struct Question {
    uint16_t id;
    uint16_t type;
    std::string name;
    std::string wire;  // as it was asked
  };
  struct Late {
    std::chrono::steady_clock::time_point when;
    std::string bytes;
    std::string to;  // a sockaddr_in
  };

  void Serve();
  void OnDatagram();
  void OnConnection();
  void SendLate();
  std::optional<Question> Read(std::string_view message) const;
  std::optional<DnsReply> Find(const Question& question);
  static std::string Write(const Question& question, const DnsReply& reply, bool tcp);

  int udp_ = -1;
  int tcp_ = -1;
  int stop_ = -1;  // an eventfd
  uint16_t port_ = 0;
  std::atomic<int> tcp_questions_{0};
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, DnsType>, DnsReply> table_;
  std::map<std::string, int> questions_;
  std::vector<Late> late_;  // of the serving thread
  std::thread thread_;
};

}  // namespace frontdesk::testing_support
