#include "gateway/limit/grants.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace frontdesk::limit {
namespace {

int64_t Nanos(TimePoint time) { return time.time_since_epoch().count(); }
int64_t Nanos(Duration time) { return time.count(); }

// The most that is taken in advance, or waited for.
uint64_t MostAhead(const BucketRule& rule) {
  const double by_rate = static_cast<double>(Nanos(Duration(kAhead))) / rule.unit_nanos();
  const auto most = std::min(static_cast<uint64_t>(by_rate), rule.burst() / 8);
  return std::clamp<uint64_t>(most, 1, 1'000'000);
}

Duration ShortestPause(const BucketRule& rule) {
  return std::min<Duration>(kPause, rule.burst_time() / 8);
}

}  // namespace

bool Grants::Kept::Idle(TimePoint now) const {
  const int64_t at = Nanos(now);
  return kept_until <= at && denied_until <= at && replied_at + Nanos(Duration(kForgotten)) <= at;
}

double Grants::Kept::Worth(TimePoint now) const {
  // What is at hand was paid for; that nothing is left saves the most.
  if (denied_until > Nanos(now)) return 0.9;
  return at_hand > 0 && kept_until > Nanos(now) ? 0.5 : 0.1;
}

Grants::Taking Grants::Take(const KeyHash& key, const Ask& ask, TimePoint now) {
  return table_.With(key, now, true, [&](Kept* kept, auto, size_t) {
    Taking taking;
    if (!kept) return taking;
    const int64_t at = Nanos(now);
    if (kept->kept_until <= at) kept->at_hand = 0;
    if (ask.cost <= kept->at_hand) {
      taking.answer = Answer::kTaken;
      taking.verdict.taken = true;
      kept->at_hand -= ask.cost;
    } else if (at < kept->denied_until && ask.cost >= kept->denied_cost) {
      taking.answer = Answer::kUsedUp;
      const int64_t passes = kept->replied_at + Nanos(std::chrono::milliseconds(kept->passes_in));
      taking.verdict.retry_after = Duration(std::max(kept->denied_until, passes) - at);
    } else {
      return taking;
    }
    // As of the last reply, and since then it fills.
    const Duration reset(std::max<int64_t>(kept->full_at - at, 0));
    const BucketRule& rule = ask.rule->bucket;
    taking.verdict.reset = reset;
    taking.verdict.remaining =
        std::min(rule.burst(), rule.UnitsIn(rule.burst_time() - reset) + kept->at_hand);
    return taking;
  });
}

void Grants::GiveBack(const KeyHash& key, uint32_t cost, TimePoint now) {
  table_.With(key, now, true, [&](Kept* kept, auto, size_t) {
    if (kept) kept->at_hand += cost;
  });
}

uint64_t Grants::Want(const KeyHash& key, const Ask& ask, uint64_t waiting, TimePoint now) {
  const uint64_t ahead = table_.With(key, now, true, [&](Kept* kept, auto, size_t) {
    return kept ? uint64_t{kept->batch} : uint64_t{0};
  });
  return std::min<uint64_t>(ask.rule->bucket.burst(), ask.cost + std::max(ahead, waiting));
}

void Grants::OnReply(const KeyHash& key, const Ask& ask, const ScriptVerdict& verdict,
                     TimePoint now) {
  table_.With(key, now, false, [&](Kept* kept, auto, size_t) {
    if (!kept) return;
    const int64_t at = Nanos(now);
    if (kept->kept_until <= at) kept->at_hand = 0;
    // What was taken last is used up already, or lay about.
    const int64_t lasted = at - kept->replied_at;
    if (kept->replied_at != 0 && lasted < Nanos(Duration(kAhead))) {
      kept->batch = static_cast<uint32_t>(std::min<uint64_t>(
          std::max<uint64_t>(uint64_t{kept->batch} * 2, 1), MostAhead(ask.rule->bucket) - 1));
    } else if (lasted > 2 * Nanos(Duration(kAhead))) {
      kept->batch /= 2;
    }
    kept->replied_at = at;
    kept->full_at = at + Nanos(verdict.reset);
    if (verdict.taken >= ask.cost) {
      kept->at_hand +=
          static_cast<uint32_t>(std::min<uint64_t>(verdict.taken - ask.cost, 1'000'000));
      kept->kept_until = at + Nanos(Duration(kKept));
      kept->denied_until = 0;
    } else if (!verdict.passes) {
      const Duration pause =
          std::clamp<Duration>(verdict.retry_after, ShortestPause(ask.rule->bucket), kForgotten);
      kept->denied_until = at + Nanos(pause);
      kept->denied_cost = ask.cost;
      kept->passes_in = static_cast<uint32_t>(std::min<int64_t>(
          std::chrono::ceil<std::chrono::milliseconds>(verdict.retry_after).count(),
          std::numeric_limits<uint32_t>::max()));
    }
  });
}

}  // namespace frontdesk::limit
