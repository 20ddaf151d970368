#include "gateway/limit/redis_connection.h"

#include <algorithm>
#include <utility>

#include "gateway/base/text.h"

namespace frontdesk::limit {
namespace {

constexpr size_t kMostEarly = 10'000;
constexpr uint32_t kFailuresInARow = 3;

BreakerSettings ToBreaker(const RedisSettings& settings) {
  return {.consecutive_failures = kFailuresInARow,
          .slow_call = settings.timeout,
          .slow_percent = 0,
          .open_time = std::chrono::milliseconds(500),
          .max_open_time = std::chrono::seconds(5),
          .probes = 1};
}

bool IsForgotten(const RedisReply& reply) { return reply.error.starts_with("NOSCRIPT"); }

}  // namespace

RedisConnection::RedisConnection(Loop& loop, const RedisSettings& settings,
                                 const RedisTargets& targets, std::string script,
                                 std::vector<std::string> probe, std::function<double()> random,
                                 std::function<void(bool, const std::string&)> told)
    : loop_(loop),
      settings_(settings),
      targets_(targets),
      script_(std::move(script)),
      probe_(std::move(probe)),
      random_(std::move(random)),
      told_(std::move(told)),
      breaker_(ToBreaker(settings)) {
  loop_.Arm(*this, loop_.Now());
}

RedisConnection::~RedisConnection() = default;

bool RedisConnection::usable() const {
  if (breaker_.state(loop_.Now()) != Breaker::State::kClosed) return false;
  // Only the first time: later on nobody knows whether there will be one.
  const bool coming = state_ != State::kReady && tries_ <= 1 && !was_told_;
  return state_ == State::kReady || coming;
}

void RedisConnection::Tell(bool answers, const std::string& why) {
  if (was_told_ && answers == answers_) return;
  was_told_ = true;
  answers_ = answers;
  told_(answers, why);
}

void RedisConnection::OnTimer() {
  const TimePoint now = loop_.Now();
  switch (state_) {
    case State::kWaiting:
      return Connect();
    case State::kConnecting:
      return socket_->Close("could not connect in time");
    case State::kReady:
      break;
  }
  if (unanswered_ == 0) return;
  if (now < heard_ + settings_.silence) return loop_.Arm(*this, heard_ + settings_.silence);
  socket_->Close("does not answer");
}

void RedisConnection::Connect() {
  const std::vector<RedisTargets::Target> targets = targets_.Get();
  const uint32_t nth = tries_++;
  if (targets.empty()) return OnClosed("its address is not known");
  const RedisTargets::Target& target = targets[nth % targets.size()];
  state_ = State::kConnecting;
  trouble_.clear();
  loop_.Arm(*this, loop_.Now() + settings_.connect_timeout);
  socket_ = std::make_unique<RedisSocket>(
      loop_, target.host, target.port, [this] { OnConnected(); },
      [this](const std::string& why) { OnClosed(why); });
}

void RedisConnection::OnConnected() {
  const auto greeted = [this](const RedisReply& reply) { OnGreeted(reply); };
  if (!settings_.password.empty()) socket_->Send({"AUTH", settings_.password}, greeted);
  if (settings_.database != 0) socket_->Send({"SELECT", Cat(settings_.database)}, greeted);
  socket_->Send({"SCRIPT", "LOAD", script_}, [this](const RedisReply& reply) { OnLoaded(reply); });
}

void RedisConnection::OnGreeted(const RedisReply& reply) {
  if (!reply.error.empty() && trouble_.empty()) trouble_ = reply.error;
}

void RedisConnection::OnLoaded(const RedisReply& reply) {
  OnGreeted(reply);
  if (state_ != State::kConnecting) return;
  if (!trouble_.empty()) return socket_->Close(trouble_);
  digest_ = reply.text;
  state_ = State::kReady;
  tries_ = 0;
  unanswered_ = 0;
  Disarm();
  for (const auto& call : std::exchange(early_, {})) Send(call);
  if (breaker_.state(loop_.Now()) == Breaker::State::kClosed) {
    Tell(true, "");
  } else if (!probe_timer_.armed()) {
    loop_.Arm(probe_timer_, loop_.Now() + breaker_.until_probe(loop_.Now()));
  }
}

void RedisConnection::OnClosed(const std::string& why) {
  state_ = State::kWaiting;
  unanswered_ = 0;
  Tell(false, why);
  for (const auto& call : std::exchange(early_, {})) call->done({.error = why});
  loop_.Arm(*this, loop_.Now() + settings_.reconnect.initial / 2 +
                       FullJitter(settings_.reconnect, std::max(tries_, 1u), random_()));
}

void RedisConnection::Send(const std::shared_ptr<Call>& call) {
  std::vector<std::string> words = {"EVALSHA", digest_};
  words.insert(words.end(), call->words.begin(), call->words.end());
  if (unanswered_++ == 0) {
    heard_ = loop_.Now();
    if (!armed()) loop_.Arm(*this, heard_ + settings_.silence);
  }
  socket_->Send(words, [this, call](RedisReply reply) { OnReply(call, std::move(reply)); });
}

void RedisConnection::OnReply(const std::shared_ptr<Call>& call, RedisReply reply) {
  heard_ = loop_.Now();
  if (unanswered_ > 0) --unanswered_;
  if (!IsForgotten(reply) || state_ != State::kReady) return call->done(std::move(reply));
  // As EVALSHA, and remembers it.
  std::vector<std::string> words = {"EVAL", script_};
  words.insert(words.end(), call->words.begin(), call->words.end());
  ++unanswered_;
  socket_->Send(words, [this, call](RedisReply again) {
    heard_ = loop_.Now();
    if (unanswered_ > 0) --unanswered_;
    call->done(std::move(again));
  });
}

Task<RedisReply> RedisConnection::Run(std::vector<std::string> words) {
  struct Waiting {
    Event done;
    RedisReply reply;
  };
  RedisReply failure;
  if (!usable() || early_.size() >= kMostEarly) {
    failure.error = "not asked";
    co_return failure;
  }
  const TimePoint began = loop_.Now();
  const auto waiting = std::make_shared<Waiting>();
  const auto call = std::make_shared<Call>();
  call->words = std::move(words);
  // Shared with what is on its way, which may come after nobody waits any more.
  call->done = [waiting](RedisReply reply) {
    waiting->reply = std::move(reply);
    waiting->done.Set();
  };
  if (state_ == State::kReady) {
    Send(call);
  } else {
    early_.push_back(call);
  }
  co_await waiting->done.Until(loop_, began + settings_.timeout, nullptr);
  if (!waiting->done.happened()) {
    failure.error = "no answer in time";
    // Not its fault if this process stood still.
    if (!loop_.StalledSince(began)) Record(false, failure.error, began);
    co_return failure;
  }
  Record(waiting->reply.error.empty(), waiting->reply.error, began);
  co_return std::move(waiting->reply);
}

void RedisConnection::Record(bool ok, const std::string& why, TimePoint began) {
  const TimePoint now = loop_.Now();
  if (!breaker_.Record(Breaker::Admission::kYes, ok, now - began, now)) return;
  Tell(false, why);
  loop_.Arm(probe_timer_, now + breaker_.until_probe(now));
}

// A call of nobody's: no request waits for what may fail.
void RedisConnection::OnProbeTime() {
  const TimePoint now = loop_.Now();
  if (std::exchange(probing_, false)) {
    return EndProbe(false, "no answer in time");
  }
  if (state_ != State::kReady) return;  // it is tried once it is
  admitted_ = breaker_.Admit(now);
  if (admitted_ != Breaker::Admission::kProbe) {
    if (breaker_.state(now) != Breaker::State::kClosed) {
      loop_.Arm(probe_timer_, now + breaker_.until_probe(now));
    }
    return;
  }
  probing_ = true;
  probe_began_ = now;
  loop_.Arm(probe_timer_, now + settings_.timeout);
  const auto call = std::make_shared<Call>();
  call->words = probe_;
  call->done = [this, number = ++probes_](const RedisReply& reply) {
    if (number == probes_ && std::exchange(probing_, false)) {
      EndProbe(reply.error.empty(), reply.error);
    }
  };
  Send(call);
}

void RedisConnection::EndProbe(bool ok, const std::string& why) {
  const TimePoint now = loop_.Now();
  breaker_.Record(admitted_, ok, now - probe_began_, now);
  probe_timer_.Disarm();
  if (breaker_.state(now) == Breaker::State::kClosed) {
    if (state_ == State::kReady) Tell(true, "");
  } else {
    Tell(false, why);
    loop_.Arm(probe_timer_, now + breaker_.until_probe(now));
  }
}

}  // namespace frontdesk::limit
