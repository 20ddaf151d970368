// One configured name, looked up again and again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/base/loop.h"
#include "gateway/upstream/dns_lookup.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::upstream {

// Until the next look-up. `random` is in [0, 1).
//
// The shorter of `refresh` and the records' time to live, but half a second at least, unless
// `refresh` is shorter by itself: who says zero is not asked without end. And a random part of up
// to a tenth or half a second more, so that those who asked together do not go on doing so.
Duration WaitAfterAnswer(Duration refresh, Duration ttl, double random);
// Of the nth failure in a row, from 1: a second, twice as long each time, up to `refresh` but at
// most half a minute, less a random part of up to a fifth. A shorter `refresh` is kept from the
// start.
Duration WaitAfterFailure(Duration refresh, uint32_t failures, double random);

// What became of a look-up.
struct LookupOutcome {
  absl::Status failure;  // why all of it, or a part, was not found; OK when nothing is missing
  bool found = false;    // at least a part
  bool kept = false;     // what was known before stands in for what was not found
  // Of one that found a part: "A" and "AAAA" for kinds of records, and hosts that have no address.
  std::set<std::string> missing;
};

// On one loop.
class WatchedName final : private Timer {
 public:
  // `looked_up` is called after each look-up, with the result in place.
  WatchedName(Loop& loop, const DnsSettings& dns, const Random& random, const Endpoint& name,
              Duration refresh, std::function<void()> looked_up);
  WatchedName(const WatchedName&) = delete;
  WatchedName& operator=(const WatchedName&) = delete;
  ~WatchedName() override;

  void Start() { OnTimer(); }

  // The last good ones: what can't be found any more stays as it was, and of several hosts of an
  // SRV name each does so by itself, and of one host its IPv4 and its IPv6 addresses.
  const std::vector<DnsTarget>& targets() const { return targets_; }
  // Of the last look-up.
  const LookupOutcome& outcome() const { return outcome_; }
  // Ended look-ups.
  uint64_t rounds() const { return rounds_; }
  TimePoint last() const { return last_; }
  TimePoint next() const { return next_; }

 private:
  void OnTimer() override;
  void OnAnswer(DnsAnswer answer);

  Loop& loop_;
  const DnsSettings dns_;
  const Random random_;
  const Endpoint name_;
  const Duration refresh_;
  const std::function<void()> looked_up_;
  std::vector<DnsTarget> targets_;
  LookupOutcome outcome_;
  uint32_t failures_ = 0;  // in a row: all of a part, or all of everything
  uint64_t rounds_ = 0;
  TimePoint last_{};
  TimePoint next_{};
  std::unique_ptr<DnsLookup> lookup_;
};

}  // namespace frontdesk::upstream
