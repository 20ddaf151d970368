#include "gateway/base/mechanism/breaker.h"

#include <algorithm>

namespace frontdesk {
namespace {

constexpr Duration kProbeGivenUp = std::chrono::seconds(30);
// When to look again while one is under way: it is a call like any other, and mostly soon over.
constexpr Duration kProbeLook = std::chrono::seconds(1);

bool Reaches(uint64_t part, uint64_t whole, double percent) {
  return percent > 0 && static_cast<double>(part) * 100 >= percent * static_cast<double>(whole);
}

}  // namespace

Breaker::Breaker(const BreakerSettings& settings)
    : settings_(settings), counts_(settings.window), open_for_(settings.open_time) {}

Breaker::Ticket Breaker::Admit(TimePoint now) {
  if (closed_) return Ticket(Ticket::Kind::kCall);
  if (now < open_until_ || probe_under_way(now)) return {};
  probing_ = true;
  probe_began_ = now;
  return Ticket(Ticket::Kind::kProbe, ++probe_);
}

bool Breaker::Record(Ticket ticket, bool ok, Duration took, TimePoint now) {
  if (!settings_.on || !ticket.admitted()) return false;
  if (ticket.is_probe()) return RecordProbe(ticket.probe_, ok, took, now);
  if (!closed_ || (closed_at_ != TimePoint::min() && now - took < closed_at_)) return false;
  counts_.Add({1, !ok, IsSlow(took)}, now);
  failures_.Record(ok, now);
  const Trip why = ReasonToOpen(now);
  if (why == Trip::kNone) return false;
  why_ = why;
  open_for_ = settings_.open_time;
  Open(now);
  return true;
}

bool Breaker::RecordProbe(uint64_t probe, bool ok, Duration took, TimePoint now) {
  // A probe that was given up may answer after all: then another one has decided, or may still.
  if (closed_ || !probing_ || probe != probe_) return false;
  probing_ = false;
  if (!ok || IsSlow(took)) {
    const Duration longest = std::max(settings_.open_time, settings_.max_open_time);
    open_for_ = open_for_ < longest / 2 ? open_for_ * 2 : longest;
    probe_failed_ = true;
    Open(now);
    return true;
  }
  if (++good_probes_ < settings_.probes) return false;
  Close(now);
  return true;
}

void Breaker::Release(Ticket ticket) {
  if (ticket.is_probe() && ticket.probe_ == probe_) probing_ = false;
}

Breaker::State Breaker::state(TimePoint now) const {
  if (closed_) return State::kClosed;
  return now < open_until_ ? State::kOpen : State::kHalfOpen;
}

Duration Breaker::until_probe(TimePoint now) const {
  if (closed_) return Duration::zero();
  if (now < open_until_) return open_until_ - now;
  if (!probe_under_way(now)) return Duration::zero();
  return std::min(settings_.open_time, kProbeLook);
}

Breaker::Seen Breaker::seen(TimePoint now) const {
  const auto [calls, failures, slow] = counts_.Sum(now);
  return {calls, failures, slow};
}

bool Breaker::IsSlow(Duration took) const {
  return settings_.slow_call > Duration::zero() && took >= settings_.slow_call;
}

Breaker::Trip Breaker::ReasonToOpen(TimePoint now) const {
  const uint32_t in_a_row = settings_.consecutive_failures;
  if (in_a_row != 0 && failures_.length() >= in_a_row) return Trip::kConsecutive;
  const auto [calls, failures, slow] = counts_.Sum(now);
  if (calls < std::max(settings_.minimum_calls, 1u)) return Trip::kNone;
  if (Reaches(failures, calls, settings_.error_percent)) return Trip::kErrorRatio;
  if (slow != 0 && Reaches(slow, calls, settings_.slow_percent)) return Trip::kSlowRatio;
  return Trip::kNone;
}

void Breaker::Open(TimePoint now) {
  closed_ = false;
  open_until_ = now + open_for_;
  probing_ = false;
  good_probes_ = 0;
  ++opened_;
}

void Breaker::Close(TimePoint now) {
  closed_ = true;
  closed_at_ = now;
  why_ = Trip::kNone;
  probe_failed_ = false;
  failures_.Clear();
  counts_.Clear();
}

bool Breaker::probe_under_way(TimePoint now) const {
  return probing_ && now - probe_began_ < std::max(settings_.open_time, kProbeGivenUp);
}

}  // namespace frontdesk
