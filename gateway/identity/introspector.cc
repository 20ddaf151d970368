#include "gateway/identity/introspector.h"

#include <algorithm>
#include <utility>

#include "gateway/base/mechanism/backoff.h"
#include "gateway/base/text.h"
#include "gateway/contract/path_text.h"
#include "gateway/identity/jws.h"
#include "gateway/observe/log.h"

namespace frontdesk::identity {
namespace {

// So many failures in a row, and nobody asks for a while.
constexpr uint32_t kFailures = 3;
constexpr Backoff kRest{std::chrono::seconds(1), std::chrono::seconds(30), 2};

// What nobody has been given, and nobody's request can change.
constexpr std::string_view kNobodysToken = "frontdesk-asks-whether-you-answer";

// Anybody can make them up.
constexpr TokenCache::Limits kBadOnes{.entries = 10'000, .bytes = 8 << 20};

// Stands in the cache for "it is not good".
const IdentityPointer& Nobody() {
  static const auto* const nobody = new IdentityPointer(std::make_shared<Identity>());
  return *nobody;
}

// Issuers call refresh tokens and ID tokens active too, whatever is hinted: some say in `token_use`
// what a token is for (Ory: access_token, Cognito: access), Keycloak says it in `typ`.
bool IsForAccess(const JsonValue& claims) {
  if (const JsonValue* const use = claims.Find("token_use")) {
    if (!use->is(JsonValue::Kind::kText)) return false;
    if (use->text != "access_token" && use->text != "access") return false;
  }
  const std::string* const type = claims.FindText("typ");
  return type == nullptr || (*type != "Refresh" && *type != "Offline" && *type != "ID");
}

}  // namespace

std::string IntrospectionForm(std::string_view token) {
  return Cat("token=", contract::PercentEncode(token), "&token_type_hint=access_token");
}

std::string ClientCredentials(std::string_view id, std::string_view secret) {
  return Cat(contract::PercentEncode(id), ':', contract::PercentEncode(secret));
}

absl::StatusOr<IdentityPointer> JudgeIntrospection(std::string_view body, const ClaimRules& rules,
                                                   std::string_view provider, UnixTime now) {
  absl::StatusOr<JsonValue> claims = ParseJson(body, {.depth = 16, .values = 10'000});
  const JsonValue* const active = claims.ok() ? claims->Find("active") : nullptr;
  if (active == nullptr || !active->is(JsonValue::Kind::kBool)) {
    return absl::UnavailableError("INTROSPECTION_UNREADABLE");
  }
  if (!active->truth) return Refusal("TOKEN_INACTIVE");
  if (!IsForAccess(*claims)) return Refusal("TOKEN_TYPE");
  return JudgeClaims(*std::move(claims), "", rules, provider, now);
}

Introspector::Introspector(IntrospectionSettings settings, std::function<Inquiry()> make_inquiry,
                           std::function<UnixTime()> wall, uint64_t seed)
    : settings_(std::move(settings)),
      make_inquiry_(std::move(make_inquiry)),
      wall_(std::move(wall)),
      good_(settings_.cache, seed),
      bad_(kBadOnes, seed) {
  status_.name = settings_.name;
}

Introspector::~Introspector() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Introspector::Start() {
  for (size_t i = 0; i < settings_.max_in_flight; ++i) {
    threads_.emplace_back([this] { Run(); });
  }
}

IntrospectionStatus Introspector::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

absl::Status Introspector::Down(std::string_view reason) const {
  return settings_.refuse_when_down ? Refusal(reason) : absl::UnavailableError(Absl(reason));
}

std::optional<absl::StatusOr<IdentityPointer>> Introspector::Remembered(std::string_view token) {
  const UnixTime now = wall_();
  if (IdentityPointer known = good_.Find(token, 0, now)) return Answer(std::move(known));
  if (bad_.Find(token, 0, now)) return Answer(Refusal("TOKEN_INACTIVE"));
  return std::nullopt;
}

Task<absl::StatusOr<IdentityPointer>> Introspector::Ask(std::string token, std::string bearer,
                                                        Loop& loop, TimePoint deadline,
                                                        Cancellation* cancel) {
  if (std::optional<Answer> known = Remembered(token)) co_return *std::move(known);
  const TimePoint now = loop.Now();
  const auto waiter = std::make_shared<Waiter>(loop);
  const absl::Status begun = Begin(token, bearer, waiter, now);
  if (!begun.ok()) co_return begun;
  const TimePoint end = std::min(deadline, now + settings_.timeout);
  co_await waiter->answered.Until(loop, end, cancel);
  co_return Leave(token, waiter);
}

// Under the lock. One of another's may have to make room for it.
bool Introspector::HasRoom(const std::string& bearer) {
  // Those under way are no longer in the queue.
  if (asked_.size() < settings_.max_in_flight + settings_.max_pending) return true;
  const std::optional<std::string> dropped = queue_.MakeRoom(bearer);
  if (!dropped) return false;
  ++status_.skipped;
  Settle(asked_.find(*dropped), Down("INTROSPECTION_BUSY"));
  return true;
}

absl::Status Introspector::Begin(const std::string& token, const std::string& bearer,
                                 const std::shared_ptr<Waiter>& waiter, TimePoint now) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = asked_.find(token);
    if (found != asked_.end()) {
      found->second.waiters.push_back(waiter);
      found->second.late = now + settings_.timeout;
      ++status_.joined;
      return absl::OkStatus();
    }
    if (now < down_until_ || !HasRoom(bearer)) {
      ++status_.skipped;
      return Down(now < down_until_ ? "INTROSPECTION_DOWN" : "INTROSPECTION_BUSY");
    }
    Asked& asked = asked_[token];
    asked.waiters.push_back(waiter);
    asked.late = now + settings_.timeout;
    queue_.Push(bearer, token);
  }
  changed_.notify_one();
  return absl::OkStatus();
}

Introspector::Answer Introspector::Leave(const std::string& token,
                                         const std::shared_ptr<Waiter>& waiter) {
  const std::lock_guard lock(mutex_);
  if (waiter->answer) return *std::move(waiter->answer);
  // Nothing is posted to this loop any more: it may end.
  const auto found = asked_.find(token);
  if (found != asked_.end()) std::erase(found->second.waiters, waiter);
  return Down("INTROSPECTION_LATE");
}

void Introspector::Run() {
  const Inquiry inquiry = make_inquiry_();
  std::string token;
  while (Take(token)) {
    Heard heard = Hear(inquiry(token));
    if (WouldGoDown(heard) && Hear(inquiry(kNobodysToken)).fault <= Fault::kTokens) {
      // It answers: this very token is what it can't stand.
      if (heard.fault == Fault::kOurs) heard.answer = Refusal("TOKEN_NOT_UNDERSTOOD");
      heard.fault = Fault::kTokens;
    }
    Count(heard);
    Remember(token, heard.answer);
    Finish(token, heard.answer);
  }
}

// The next token that somebody still waits for. False at the end.
bool Introspector::Take(std::string& token) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (stopping_) return false;
    token = queue_.Pop();
    const auto found = asked_.find(token);
    const TimePoint now = Clock::now();
    // Who has waited while it went down need not wait for that to be seen again.
    if (now < down_until_) {
      status_.skipped += found->second.waiters.size();
      Settle(found, Down("INTROSPECTION_DOWN"));
    } else if (!found->second.waiters.empty() && now < found->second.late) {
      return true;
    } else {
      asked_.erase(found);
    }
  }
}

Introspector::Heard Introspector::Hear(const absl::StatusOr<std::string>& body) const {
  const std::string why(Std(body.status().message()));
  switch (body.status().code()) {
    case absl::StatusCode::kOk:
      break;
    case absl::StatusCode::kInvalidArgument:
      return {Refusal("TOKEN_NOT_UNDERSTOOD"), Fault::kTokens, why};
    case absl::StatusCode::kResourceExhausted:
      return {Down("INTROSPECTION_TOO_LONG"), Fault::kTokens, why};
    case absl::StatusCode::kPermissionDenied:
      return {Down("INTROSPECTION_FORBIDDEN"), Fault::kOurs,
              Cat(why, ": the gateway's own credentials are not taken")};
    default:
      return {Down("INTROSPECTION_DOWN"), Fault::kIssuers, why};
  }
  Answer answer = JudgeIntrospection(*body, settings_.rules, settings_.name, wall_());
  if (answer.status().code() != absl::StatusCode::kUnavailable) return {std::move(answer)};
  return {Down(Std(answer.status().message())), Fault::kIssuers, "its answer can't be understood"};
}

// Whether Count() would have it left alone from now on.
bool Introspector::WouldGoDown(const Heard& heard) const {
  const std::lock_guard lock(mutex_);
  if (stopping_ || Clock::now() < down_until_) return false;
  return heard.fault == Fault::kOurs ||
         (heard.fault == Fault::kIssuers && failures_ + 1 >= kFailures);
}

void Introspector::Remember(const std::string& token, const Answer& answer) {
  const UnixTime now = wall_();
  if (answer.ok()) {
    // Clocks may differ, but what the issuer says of its token's end is not stretched here.
    UnixTime until = now + settings_.good_for;
    if ((*answer)->expires) {
      const auto end = std::chrono::seconds(*(*answer)->expires) - settings_.rules.skew;
      until = std::min(until, UnixTime(end));
    }
    good_.Insert(token, 0, *answer, until);
  } else if (answer.status().code() == absl::StatusCode::kUnauthenticated &&
             !Std(answer.status().message()).starts_with("INTROSPECTION_")) {
    bad_.Insert(token, 0, Nobody(), now + settings_.bad_for);
  }
}

void Introspector::Count(const Heard& heard) {
  const Answer& answer = heard.answer;
  const bool failed = !answer.ok() && Std(answer.status().message()).starts_with("INTROSPECTION_");
  const bool ours = heard.fault == Fault::kOurs;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    ++(failed ? status_.failed : answer.ok() ? status_.active : status_.inactive);
    status_.error = heard.why;
    if (heard.fault <= Fault::kTokens) {
      failures_ = 0;
      down_until_ = TimePoint::min();
    } else if (Clock::now() < down_until_) {
      // One of those that were under way when it went down: nothing new.
    } else if (failures_ = ours ? std::max(failures_ + 1, kFailures) : failures_ + 1;
               failures_ >= kFailures) {
      first = failures_ == kFailures && !stopping_;
      // Of our credentials somebody has to see to it first.
      const Duration rest = ours ? kRest.max : Grown(kRest, (failures_ - kFailures) / 2 + 1);
      down_until_ = Clock::now() + rest;
    }
  }
  if (!first) return;
  const std::string text = Cat("introspection by ", settings_.name, ": ", heard.why);
  ours ? observe::LogError(text) : observe::LogWarn(text);
}

void Introspector::Finish(const std::string& token, const Answer& answer) {
  const std::lock_guard lock(mutex_);
  Settle(asked_.find(token), answer);
}

// Under the lock, because who leaves takes it too: until then the loop is there.
void Introspector::Settle(AskedTokens::iterator asked, const Answer& answer) {
  for (const std::shared_ptr<Waiter>& waiter : asked->second.waiters) {
    waiter->answer = answer;
    waiter->loop.Post([waiter] { waiter->answered.Set(); });
  }
  asked_.erase(asked);
}

}  // namespace frontdesk::identity
