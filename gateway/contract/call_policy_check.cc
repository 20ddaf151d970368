#include "gateway/contract/call_policy_check.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

#include "frontdesk/v1/compose.pb.h"
#include "gateway/base/mechanism/backoff.h"
#include "gateway/base/mechanism/breaker.h"
#include "gateway/base/text.h"
#include "gateway/contract/auth_check.h"
#include "gateway/contract/version_check.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Policy;

constexpr double kMany = 1'000'000;

constexpr std::array kNumbers = {
    NumberRule{"retry.max_attempts", 1, 5},
    NumberRule{"retry.backoff_multiplier", 1, 100},
    NumberRule{"hedge.percentile", 0, 100, true},
    NumberRule{"hedge.max_attempts", 1, 5},
    NumberRule{"breaker.consecutive_failures", 0, kMany},
    NumberRule{"breaker.error_percent", 0, 100},
    NumberRule{"breaker.slow_percent", 1, 100},
    NumberRule{"breaker.minimum_calls", 1, kMany},
    NumberRule{"breaker.probes", 1, 1000},
    NumberRule{"fault.delay_percent", 0, 100},
    NumberRule{"fault.abort_percent", 0, 100},
};
constexpr std::array kTimes = {
    TimeRule{"retry.initial_backoff"},
    TimeRule{"retry.max_backoff"},
    TimeRule{"retry.per_attempt_timeout"},
    TimeRule{"hedge.delay"},
    TimeRule{"breaker.slow_call"},
    TimeRule{"breaker.window", std::chrono::milliseconds(100), std::chrono::hours(1)},
    TimeRule{"breaker.open_time"},
    TimeRule{"breaker.max_open_time"},
    TimeRule{"fault.delay"},
};

void CheckCodes(const Policy::Retry& retry, const AddWrong& add) {
  std::set<int> seen;
  for (int i = 0; i < retry.retryable_status_codes_size(); ++i) {
    const Policy::Retry::Code code = retry.retryable_status_codes(i);
    const std::string& name = Policy::Retry::Code_Name(code);
    std::string wrong;
    if (code == Policy::Retry::OK) wrong = "OK is no failure";
    if (code == Policy::Retry::CANCELLED) wrong = "CANCELLED: whoever cancels wants no answer";
    if (wrong.empty() && !seen.insert(code).second) wrong = Cat(name, " stands here twice");
    if (wrong.empty()) continue;
    add({Policy::kRetryFieldNumber, Policy::Retry::kRetryableStatusCodesFieldNumber, i},
        "retry.retryable_status_codes", wrong);
  }
}

struct TimeValue {
  std::string name;
  std::string text;
  bool is_default = false;

  std::string Named() const {
    const size_t dot = name.rfind('.');
    return Cat(dot == std::string::npos ? name : name.substr(dot + 1), ' ', text,
               is_default ? " (the default)" : "");
  }
};

// `otherwise`: what holds where nothing is said.
TimeValue ValueOr(std::string_view name, bool has, const std::string& text, Duration otherwise) {
  return {std::string(name), has ? text : DurationText(otherwise), !has};
}

}  // namespace

void CheckCallValues(const Policy& policy, const AddWrong& add) {
  CheckValues(policy, kNumbers, kTimes, add);
  CheckCodes(policy.retry(), add);
  if (policy.fault().has_abort() && policy.fault().abort() == Policy::Retry::OK) {
    add({Policy::kFaultFieldNumber, Policy::Fault::kAbortFieldNumber}, "fault.abort",
        "OK is no failure");
  }
}

void CheckSuits(const Policy& own, const Method& method, const AddWrong& add) {
  const bool composed =
      method.descriptor && method.descriptor->options().HasExtension(frontdesk::v1::compose);
  const auto no_call = [&](bool has, int field, std::string_view name) {
    if (!has) return;
    add({field}, name,
        Cat(Quoted(method.path.substr(1)),
            composed ? " is a composition, which nobody calls: say it for its steps, or for the "
                       "methods that they call"
                     : " is an adapter, which nobody calls: say it for the method that it calls"));
  };
  if (composed || method.adapter) {
    no_call(own.has_retry(), Policy::kRetryFieldNumber, "retry");
    no_call(own.has_hedge(), Policy::kHedgeFieldNumber, "hedge");
    no_call(own.has_breaker(), Policy::kBreakerFieldNumber, "breaker");
    return;
  }
  const bool off = own.retry().has_max_attempts() && own.retry().max_attempts() <= 1;
  if (method.idempotency == Idempotency::kUnknown && !off) {
    const auto unsafe = [&](bool has, int field, std::string_view name) {
      if (!has) return;
      add({Policy::kRetryFieldNumber, field}, name,
          Cat(Quoted(method.path.substr(1)),
              " may do twice what it is asked twice: only calls that no back end has seen are made "
              "again, by themselves; declare idempotency_level = IDEMPOTENT or NO_SIDE_EFFECTS if "
              "it is safe"));
    };
    using Retry = Policy::Retry;
    unsafe(own.retry().has_max_attempts(), Retry::kMaxAttemptsFieldNumber, "retry.max_attempts");
    unsafe(own.retry().retryable_status_codes_size() > 0, Retry::kRetryableStatusCodesFieldNumber,
           "retry.retryable_status_codes");
    unsafe(own.retry().has_per_attempt_timeout(), Retry::kPerAttemptTimeoutFieldNumber,
           "retry.per_attempt_timeout");
  }
  const bool unhedged = own.hedge().has_max_attempts() && own.hedge().max_attempts() <= 1;
  if (own.has_hedge() && !unhedged && !method.no_side_effects()) {
    add({Policy::kHedgeFieldNumber}, "hedge",
        Cat(Quoted(method.path.substr(1)),
            " would be carried out twice at the same time: only methods with idempotency_level = "
            "NO_SIDE_EFFECTS are hedged"));
  }
}

void CheckSuitsSome(const Policy& own, const std::vector<const Method*>& methods,
                    const AddWrong& add) {
  std::map<std::vector<int>, size_t> unfit;
  for (const Method* method : methods) {
    CheckSuits(own, *method,
               [&](const std::vector<int>& field, std::string_view name, std::string_view text) {
                 // Parts of a word are left to those methods that have a use for the others.
                 if (field.size() > 1 || ++unfit[field] < methods.size()) return;
                 add(field, name, Cat("suits no method of the service: ", text));
               });
  }
}

CallTime Shortest(std::initializer_list<CallTime> times) {
  return std::min(times, [](const CallTime& one, const CallTime& other) {
    return one.longest < other.longest;
  });
}

void CheckTogether(const Policy& policy, const PolicyPlaces& places, const CallTime& time,
                   const std::function<void(const std::string&, std::string_view)>& add,
                   const PolicyPlaces* others) {
  const auto given = [&](const std::string& name) { return places.contains(name); };
  const auto place_of = [&](const std::string& name) {
    const auto place = PlaceOfValue(places, name);
    return place || !others ? place : PlaceOfValue(*others, name);
  };
  // Of a pair the first that was written is to blame.
  const auto pair = [&](const TimeValue& less, const TimeValue& more, auto fits,
                        std::string_view is, std::string_view why = "") {
    if (!given(less.name) && !given(more.name)) return;
    const auto one = ParseDuration(less.text);
    const auto other = ParseDuration(more.text);
    if (!one || !other || fits(*one, *other)) return;
    const bool first = given(less.name);
    const std::string& to_blame = first ? less.name : more.name;
    const std::string& beside = first ? more.name : less.name;
    add(to_blame,
        Cat(less.Named(), is, more.Named(), Elsewhere(place_of(to_blame), place_of(beside)), why));
  };
  const auto within = [&](const std::string& name, const std::string& text) {
    if (!given(name)) return;
    const auto value = ParseDuration(text);
    if (!value || *value < time.longest) return;
    add(name, Cat(text, " is not shorter than the ", time.name, ' ', DurationText(time.longest),
                  Elsewhere(place_of(name), time.place)));
  };
  const auto needs = [&](const std::string& name, bool has, std::string_view other) {
    if (given(name) && !has) add(name, Cat("has no meaning without `", other, '`'));
  };

  const Policy::Retry& retry = policy.retry();
  pair(ValueOr("retry.initial_backoff", retry.has_initial_backoff(), retry.initial_backoff(),
               Backoff().initial),
       ValueOr("retry.max_backoff", retry.has_max_backoff(), retry.max_backoff(), Backoff().max),
       std::less_equal(), " is longer than ");
  within("retry.initial_backoff", retry.initial_backoff());
  within("retry.max_backoff", retry.max_backoff());
  within("retry.per_attempt_timeout", retry.per_attempt_timeout());

  const Policy::Hedge& hedge = policy.hedge();
  if (policy.has_hedge() && hedge.max_attempts() != 1) {
    if (!hedge.has_delay() && !hedge.has_percentile()) {
      add("hedge", "needs `delay` or `percentile`: when is the second attempt made?");
    }
    within("hedge.delay", hedge.delay());
    if (!hedge.has_percentile()) {
      pair({"hedge.delay", hedge.delay()},
           {"retry.per_attempt_timeout", retry.per_attempt_timeout()}, std::less(),
           " is not shorter than ", ": no attempt lives long enough to be hedged");
    }
  }

  const Policy::Breaker& breaker = policy.breaker();
  within("breaker.slow_call", breaker.slow_call());
  needs("breaker.slow_percent", breaker.has_slow_call(), "slow_call");
  pair(ValueOr("breaker.open_time", breaker.has_open_time(), breaker.open_time(),
               BreakerSettings().open_time),
       ValueOr("breaker.max_open_time", breaker.has_max_open_time(), breaker.max_open_time(),
               BreakerSettings().max_open_time),
       std::less_equal(), " is longer than ");
  needs("fault.delay_percent", policy.fault().has_delay(), "delay");
  needs("fault.abort_percent", policy.fault().has_abort(), "abort");
  CheckAuthTogether(policy.auth(), places, add);
  CheckVersionTogether(policy.version(), places, add);
}

void CheckTogether(const Method& method, const Policy& policy, const PolicyPlaces& places,
                   const CallTime& time,
                   const std::function<void(const std::string&, std::string_view)>& add,
                   const PolicyPlaces* others) {
  if (method.no_side_effects()) return CheckTogether(policy, places, time, add, others);
  Policy unhedged = policy;
  unhedged.clear_hedge();
  CheckTogether(unhedged, places, time, add, others);
}

}  // namespace frontdesk::contract
