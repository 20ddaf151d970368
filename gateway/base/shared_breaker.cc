#include "gateway/base/shared_breaker.h"

#include <utility>

namespace frontdesk {

Breaker::Ticket SharedBreaker::Admit(TimePoint now) {
  if (closed()) return Breaker::Ticket(Breaker::Ticket::Kind::kCall);
  const MutexLock lock(mutex_);
  return breaker_.Admit(now);
}

bool SharedBreaker::MayAdmit(TimePoint now) const {
  if (closed()) return true;
  const MutexLock lock(mutex_);
  return breaker_.until_probe(now) == Duration::zero();
}

std::optional<Breaker> SharedBreaker::Record(Breaker::Ticket ticket, bool ok, Duration took,
                                             TimePoint now) {
  if (!on_) return std::nullopt;
  const MutexLock lock(mutex_);
  if (!breaker_.Record(std::move(ticket), ok, took, now)) return std::nullopt;
  closed_.store(breaker_.state(now) == Breaker::State::kClosed, std::memory_order_relaxed);
  return breaker_;
}

void SharedBreaker::Release(Breaker::Ticket ticket) {
  // Of a call there is nothing to be taken back.
  if (!ticket.is_probe()) return;
  const MutexLock lock(mutex_);
  breaker_.Release(std::move(ticket));
}

Breaker SharedBreaker::Look() const {
  const MutexLock lock(mutex_);
  return breaker_;
}

}  // namespace frontdesk
