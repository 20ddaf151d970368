// End points that move, and name servers that fail.
#include <array>

#include "gateway/base/text.h"
#include "tests/e2e/faults/rows.h"

namespace frontdesk::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing_support::AddressRecord;
using testing_support::DnsReply;
using testing_support::DnsType;

constexpr seconds kTimeToLive{1};

DnsReply Addresses(const std::vector<std::string>& addresses) {
  DnsReply reply;
  for (const std::string& address : addresses) {
    reply.records.push_back(AddressRecord(address, kTimeToLive.count()));
  }
  return reply;
}

// Nobody listens at most of them, and the two that work sort behind all others: the one that is
// used must be kept. More of them than fit into any message.
DnsReply TenThousand() {
  std::vector<std::string> addresses = {AddressOf(0), AddressOf(1)};
  for (int i = 0; i < 10'000; ++i) addresses.push_back(Cat("127.9.", i / 250, '.', i % 250 + 1));
  return Addresses(addresses);
}

// From one end point to the other, and whether calls have followed by the time to live and a
// second.
class Move {
 public:
  Move(Rig& rig, int from, int to) : rig_(rig), from_(from), to_(to) {}

  // What has to happen from `at` on.
  void Plan(Duration at, std::vector<Event>& events) {
    events.push_back({at, [this] {
                        rig_.dns().Set(kBackEnds, DnsType::kA, Addresses({AddressOf(to_)}));
                        before_ = rig_.backend(0, to_).calls();
                      }});
    events.push_back({at + kTimeToLive + seconds(1), [this] {
                        new_ = rig_.backend(0, to_).calls() - before_;
                        old_ = rig_.backend(0, from_).calls();
                      }});
    events.push_back({at + kTimeToLive + milliseconds(1500),
                      [this] { late_ = rig_.backend(0, from_).calls() - old_; }});
  }
  void Say(Judge& judge) const {
    judge.AtLeast("calls at the new one", new_, 1);
    judge.AtMost("calls at the old one after that", late_, 0);
  }

 private:
  Rig& rig_;
  const int from_;
  const int to_;
  uint64_t before_ = 0;
  uint64_t new_ = 0;
  uint64_t old_ = 0;
  uint64_t late_ = 0;
};

void TheyMove(Rig& rig, Judge& judge) {
  rig.dns().Set(kBackEnds, DnsType::kA, Addresses({AddressOf(0)}));
  // Longer than a look-up may take, or than one try.
  const milliseconds broken(rig.Either(8000, 1500));
  std::vector<Event> events;
  Duration at = seconds(1);
  Move there(rig, 0, 1);
  there.Plan(at, events);
  at += seconds(3);
  std::vector<int> asked;  // by the beginning of each
  const auto replies = std::to_array<DnsReply>({{.code = testing_support::kNxdomain},
                                                {.code = testing_support::kServfail},
                                                {},  // no such records
                                                {.fault = DnsReply::Fault::kHang}});
  for (const DnsReply& reply : replies) {
    events.push_back({at, [&, reply] {
                        asked.push_back(rig.dns().questions(kBackEnds));
                        rig.dns().Set(kBackEnds, DnsType::kA, reply);
                        rig.dns().Set(kBackEnds, DnsType::kAaaa, reply);
                      }});
    at += broken;
  }
  int tcp = 0;
  events.push_back({at, [&] {
                      asked.push_back(rig.dns().questions(kBackEnds));
                      tcp = rig.dns().tcp_questions();
                      rig.dns().Set(kBackEnds, DnsType::kA, TenThousand());
                      rig.dns().Set(kBackEnds, DnsType::kAaaa, {});
                    }});
  at += seconds(rig.Either(7, 4));
  Move back(rig, 1, 0);
  back.Plan(at, events);
  const LoadReport report =
      rig.Load({.routes = {rig.Get(), rig.Put()}, .length = at + seconds(3), .connections = 4000},
               std::move(events));

  judge.AtMost("failed GETs", report["get1"].failed(), 0);
  judge.AtMost("failed POSTs", report["put1"].failed(), 0);
  judge.Reasons(report.Total());
  judge.Within("longest ms", report.Total().GoodPercentile(100), 1000, 5000);
  there.Say(judge);
  back.Say(judge);
  for (size_t i = 0; i < replies.size(); ++i) {
    static constexpr std::array kWords = {"NXDOMAIN", "SERVFAIL", "no records", "silence"};
    judge.AtLeast(Cat("asked, answered by ", kWords.at(i)),
                  static_cast<uint64_t>(asked.at(i + 1) - asked[i]), 1);
  }
  judge.AtLeast("answers with thousands of addresses",
                static_cast<uint64_t>(rig.dns().tcp_questions() - tcp), 1);
}

}  // namespace

std::vector<Row> DiscoveryRows() {
  const std::string demand = "0 failed; a new set used <= TTL + 1 s, the last good one kept";
  const Topology topology{.endpoints = 2, .upstream = "dns_refresh: 200ms", .named = true};
  return {
      {"21", "names that move; name servers that deny, fail, hang, or answer 10,000 addresses",
       demand, topology, TheyMove},
      {"21-workers", "... with four workers", demand, WithFourWorkers(topology), TheyMove},
  };
}

}  // namespace frontdesk::faults
