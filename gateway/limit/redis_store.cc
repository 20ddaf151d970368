#include "gateway/limit/redis_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "gateway/base/sha256.h"
#include "gateway/base/text.h"
#include "gateway/limit/redis_script.h"

namespace frontdesk::limit {
namespace {

// So often somebody waits for what others have asked for, when that was not enough for him.
constexpr int kMostAnswers = 3;

constexpr std::chrono::hours kLongestShare{24 * 365 * 30};

// A call that nobody's limit depends on, and that writes as the others do.
std::vector<std::string> ProbeWords(const std::string& prefix) {
  static const BucketRule kRule(1000, std::chrono::seconds(1), 1000);
  const std::array probe = {ScriptAsk{.key = Cat(prefix, "probe"), .rule = &kRule}};
  return ScriptWords(probe);
}

// A cost above the burst is never there, whatever Redis says; of the others nothing is taken then.
std::optional<Decision> NeverThere(std::span<const Ask> asks, TimePoint now) {
  Decision decision;
  for (const Ask& ask : asks) {
    const BucketRule& rule = ask.rule->bucket;
    // How much is left nobody was asked: as of a full one.
    if (ask.cost > rule.burst()) AddTo(decision, *ask.rule, Bucket().Peek(rule, ask.cost, now));
  }
  if (!decision.rule) return std::nullopt;
  return decision;
}

}  // namespace

struct RedisStore::Taking {
  struct Of {
    KeyHash hash;
    bool taken = false;
  };
  explicit Taking(std::span<const Ask> from) : asks(from), of(from.size()) {}

  std::span<const Ask> asks;
  absl::InlinedVector<Of, 4> of;
  Decision at_hand;      // by what was
  uint64_t missing = 0;  // identifies what has to be asked for
  uint32_t need = 0;     // the cost of its first one
};

RedisStore::RedisStore(Loop& loop, SharedLimits& shared, std::function<double()> random)
    : loop_(loop),
      shared_(shared),
      connection_(loop, shared.settings_.redis, shared.targets_, shared.health_,
                  std::string(ScriptText()), ProbeWords(shared.settings_.key_prefix),
                  std::move(random)) {}

Decision RedisStore::WithoutRedis(std::span<const Ask> asks, TimePoint now) {
  if (!shared_.settings_.open) return {.outcome = Decision::Outcome::kUnavailable};
  const uint32_t instances = shared_.settings_.instances;
  if (instances <= 1) return shared_.own_.TakeAll(asks, now);
  // The share of this process. A bucket has one burst, whatever a request costs: where that is more
  // than the share holds, the request takes all of it.
  absl::InlinedVector<Rule, 4> rules;
  absl::InlinedVector<Ask, 4> own(asks.begin(), asks.end());
  for (Ask& ask : own) {
    const BucketRule& whole = ask.rule->bucket;
    const uint64_t burst = std::max<uint64_t>(whole.burst() / instances, 1);
    // A Duration ends after 292 years; of very many gateways each has what thirty bring.
    const Duration per = std::min<Duration>(whole.per(), kLongestShare / instances) * instances;
    rules.push_back({ask.rule->id, {}, BucketRule(whole.requests(), per, burst)});
    ask.cost = static_cast<uint32_t>(std::min<uint64_t>(ask.cost, burst));
  }
  for (size_t i = 0; i < own.size(); ++i) own[i].rule = &rules[i];
  Decision decision = shared_.own_.TakeAll(own, now);
  if (decision.rule) decision.rule = asks[static_cast<size_t>(decision.rule - rules.data())].rule;
  return decision;
}

std::optional<Decision> RedisStore::TakeAtHand(Taking& taking, TimePoint now) {
  Decision& decision = taking.at_hand;
  decision = {};
  taking.missing = 0;
  for (size_t i = 0; i < taking.asks.size(); ++i) {
    Taking::Of& of = taking.of[i];
    const Ask& ask = taking.asks[i];
    const Grants::Taking at_hand = shared_.grants_.Take(of.hash, ask, now);
    if (at_hand.answer == Grants::Answer::kUnknown) {
      if (taking.missing == 0) taking.need = ask.cost;
      taking.missing = taking.missing * 31 + of.hash.low + 1;
      continue;
    }
    of.taken = at_hand.answer == Grants::Answer::kTaken;
    AddTo(decision, *ask.rule, at_hand.verdict);
  }
  if (decision.outcome == Decision::Outcome::kLimited) {
    GiveBack(taking, now);
    return decision;
  }
  if (taking.missing != 0) return std::nullopt;
  return decision;
}

void RedisStore::GiveBack(Taking& taking, TimePoint now) {
  for (size_t i = 0; i < taking.asks.size(); ++i) {
    if (!std::exchange(taking.of[i].taken, false)) continue;
    shared_.grants_.GiveBack(taking.of[i].hash, taking.asks[i].cost, now);
  }
}

std::optional<Decision> RedisStore::TakeNow(std::span<const Ask> asks, TimePoint now) {
  if (asks.empty()) return Decision();
  if (const std::optional<Decision> never = NeverThere(asks, now)) return never;
  if (!connection_.usable()) return WithoutRedis(asks, now);
  Taking taking(asks);
  for (size_t i = 0; i < asks.size(); ++i) {
    taking.of[i].hash = shared_.hasher_.Of(asks[i].rule->id, asks[i].key);
  }
  std::optional<Decision> decision = TakeAtHand(taking, now);
  if (!decision) GiveBack(taking, now);
  return decision;
}

Task<Decision> RedisStore::Take(std::span<const Ask> asks) {
  if (const std::optional<Decision> never = NeverThere(asks, loop_.Now())) co_return *never;
  Taking taking(asks);
  for (size_t i = 0; i < asks.size(); ++i) {
    taking.of[i].hash = shared_.hasher_.Of(asks[i].rule->id, asks[i].key);
  }
  TimePoint limit = loop_.Now() + shared_.settings_.redis.timeout;
  uint64_t waiting = 0;
  int answers = 0;  // to others' questions, which left too little
  while (connection_.usable()) {
    std::optional<Decision> decision = TakeAtHand(taking, loop_.Now());
    if (decision) co_return *decision;
    if (loop_.Now() >= limit) break;
    std::shared_ptr<Underway>& slot = underway_[taking.missing];
    if (slot) {
      // Somebody has asked already, and for some more.
      const std::shared_ptr<Underway> others = slot;
      GiveBack(taking, loop_.Now());
      const uint32_t need = taking.need;
      others->waiting += need;
      co_await others->done.Until(loop_, limit, nullptr);
      others->waiting -= need;
      waiting = others->waiting;
      // Redis is there: what it says counts, and not what one would do without it.
      if (others->done.happened() && ++answers <= kMostAnswers) {
        limit = loop_.Now() + shared_.settings_.redis.timeout;
      }
      continue;
    }
    slot = std::make_shared<Underway>();
    const std::shared_ptr<Underway> own = slot;
    const uint64_t missing = taking.missing;
    decision = co_await AskRedis(taking, waiting);
    underway_.erase(missing);
    own->done.Set();
    if (decision) co_return *decision;
    break;
  }
  GiveBack(taking, loop_.Now());
  co_return WithoutRedis(asks, loop_.Now());
}

Task<std::optional<Decision>> RedisStore::AskRedis(Taking& taking, uint64_t waiting) {
  std::vector<ScriptAsk> script;
  std::vector<size_t> which;
  for (size_t i = 0; i < taking.asks.size(); ++i) {
    if (taking.of[i].taken) continue;
    const Ask& ask = taking.asks[i];
    script.push_back({.key = Cat(shared_.settings_.key_prefix, ask.rule->name, ':',
                                 ToHex(Sha256({ask.rule->name, ask.key}), 16)),
                      .rule = &ask.rule->bucket,
                      .need = ask.cost,
                      .want = shared_.grants_.Want(taking.of[i].hash, ask, waiting, loop_.Now())});
    which.push_back(i);
  }
  shared_.calls_.fetch_add(1, std::memory_order_relaxed);
  const RedisReply reply = co_await connection_.Run(ScriptWords(script));
  const TimePoint now = loop_.Now();
  std::optional<std::vector<ScriptVerdict>> verdicts;
  if (reply.error.empty()) verdicts = ReadScriptReply(reply.integers, script.size());
  if (!verdicts) {
    shared_.failures_.fetch_add(1, std::memory_order_relaxed);
    co_return std::nullopt;
  }
  Decision decision = taking.at_hand;
  for (size_t i = 0; i < which.size(); ++i) {
    const ScriptVerdict& verdict = (*verdicts)[i];
    const Ask& ask = taking.asks[which[i]];
    shared_.grants_.OnReply(taking.of[which[i]].hash, ask, verdict, now);
    taking.of[which[i]].taken = verdict.taken >= ask.cost;
    AddTo(decision, *ask.rule,
          {.taken = verdict.passes,
           .remaining =
               verdict.remaining + verdict.taken - std::min<uint64_t>(verdict.taken, ask.cost),
           .reset = verdict.reset,
           .retry_after = verdict.passes ? Duration::zero() : verdict.retry_after});
  }
  if (decision.outcome == Decision::Outcome::kLimited) GiveBack(taking, now);
  co_return decision;
}

}  // namespace frontdesk::limit
