// Keeps calls away from what has stopped answering.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "gateway/base/clock.h"
#include "gateway/base/mechanism/failure_row.h"
#include "gateway/base/mechanism/sliding_counts.h"

namespace frontdesk {

struct BreakerSettings {
  bool on = true;
  uint32_t consecutive_failures = 5;      // 0: off
  double error_percent = 50;              // of the window's calls; 0: off
  Duration slow_call = Duration::zero();  // a call that took this long is slow; 0: off
  double slow_percent = 80;               // of the window's calls
  Duration window = std::chrono::seconds(10);
  uint32_t minimum_calls = 20;  // fewer in the window say nothing about percentages
  Duration open_time = std::chrono::milliseconds(500);
  Duration max_open_time = std::chrono::milliseconds(500);
  uint32_t probes = 3;  // successes in a row that close it
};

// The circuit breaker of the books, with the words of resilience4j: closed, it counts; open, it
// admits nothing for the open time; half-open, it admits one probe at a time, and closes after
// `probes` good ones or reopens, for twice as long up to max_open_time, after one that failed or
// was slow. A close brings the open time back to where it began.
//
// Only what the back end did is recorded; what was refused locally never is. Not thread-safe.
class Breaker {
 public:
  enum class State : uint8_t { kClosed, kOpen, kHalfOpen };
  enum class Trip : uint8_t { kNone, kConsecutive, kErrorRatio, kSlowRatio };
  // Leave to make one call, which goes back with what became of it. Only a breaker gives one out.
  class [[nodiscard]] Ticket {
   public:
    Ticket() = default;  // no leave
    Ticket(Ticket&& other) noexcept
        : kind_(std::exchange(other.kind_, Kind::kNone)), probe_(other.probe_) {}
    Ticket& operator=(Ticket&& other) noexcept {
      kind_ = std::exchange(other.kind_, Kind::kNone);
      probe_ = other.probe_;
      return *this;
    }

    bool admitted() const { return kind_ != Kind::kNone; }
    // Of a call that tries whether others may go again.
    bool is_probe() const { return kind_ == Kind::kProbe; }

   private:
    friend class Breaker;
    friend class SharedBreaker;  // of one that is closed
    enum class Kind : uint8_t { kNone, kCall, kProbe };
    explicit Ticket(Kind kind, uint64_t probe = 0) : kind_(kind), probe_(probe) {}

    Kind kind_ = Kind::kNone;
    uint64_t probe_ = 0;  // which one it is
  };
  struct Seen {
    uint64_t calls = 0, failures = 0, slow = 0;
  };

  explicit Breaker(const BreakerSettings& settings = {});

  Ticket Admit(TimePoint now);
  // The outcome of an admitted call, which began at now - took. A call that began before the
  // breaker last opened or closed, a probe apart, says nothing any more. True: this has changed the
  // state.
  bool Record(Ticket ticket, bool ok, Duration took, TimePoint now);
  // The call ended without saying anything about the back end (cancelled, refused locally). Either
  // this or Record() follows each Admit(); a probe of which nothing is heard for 30 s, or the open
  // time if that is longer, is given up: once another one has taken its place, what becomes of it
  // counts for nothing.
  void Release(Ticket ticket);

  // Half-open from the end of the open time on, also before a probe has come.
  State state(TimePoint now) const;
  // What it opened for when it was closed last; kNone while it is.
  Trip why() const { return why_; }
  // It has opened again since, after a probe that was no good.
  bool probe_failed() const { return probe_failed_; }
  // Zero when a call may go now. While a probe is under way nobody knows: the open time at most.
  Duration until_probe(TimePoint now) const;
  // How often it has opened, reopenings included.
  uint64_t opened() const { return opened_; }
  // The window's calls; while it is open, those that opened it.
  Seen seen(TimePoint now) const;
  const BreakerSettings& settings() const { return settings_; }

 private:
  bool RecordProbe(uint64_t probe, bool ok, Duration took, TimePoint now);
  bool IsSlow(Duration took) const;
  Trip ReasonToOpen(TimePoint now) const;
  void Open(TimePoint now);
  void Close(TimePoint now);
  bool probe_under_way(TimePoint now) const;

  BreakerSettings settings_;
  SlidingCounts<3> counts_;  // calls, failures, slow ones
  bool closed_ = true;
  Trip why_ = Trip::kNone;
  bool probe_failed_ = false;
  FailureRow failures_;
  TimePoint closed_at_ = TimePoint::min();
  // While it is not closed.
  Duration open_for_;
  TimePoint open_until_;
  bool probing_ = false;
  uint64_t probe_ = 0;  // the latest
  TimePoint probe_began_;
  uint32_t good_probes_ = 0;
  uint64_t opened_ = 0;
};

}  // namespace frontdesk
