#include "gateway/limit/store.h"

namespace frontdesk::limit {

void AddTo(Decision& decision, const Rule& rule, const BucketVerdict& verdict) {
  using Outcome = Decision::Outcome;
  const bool limited = decision.outcome == Outcome::kLimited;
  if (verdict.taken) {
    if (limited || (decision.rule && decision.remaining <= verdict.remaining)) return;
  } else {
    if (limited && decision.retry_after >= verdict.retry_after) return;
    decision.outcome = Outcome::kLimited;
    decision.retry_after = verdict.retry_after;
  }
  decision.rule = &rule;
  decision.remaining = verdict.remaining;
  decision.reset = verdict.reset;
}

}  // namespace frontdesk::limit
