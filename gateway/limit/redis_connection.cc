#include "gateway/limit/redis_connection.h"

#include <algorithm>
#include <utility>

#include "gateway/base/text.h"

namespace frontdesk::limit {
namespace {

constexpr size_t kMostEarly = 10'000;

bool IsForgotten(const RedisReply& reply) { return reply.error.starts_with("NOSCRIPT"); }

}  // namespace

RedisConnection::RedisConnection(Loop& loop, const RedisSettings& settings,
                                 const RedisTargets& targets, RedisHealth& health,
                                 std::string script, std::vector<std::string> probe,
                                 std::function<double()> random)
    : loop_(loop),
      settings_(settings),
      targets_(targets),
      health_(health),
      script_(std::move(script)),
      probe_(std::move(probe)),
      random_(std::move(random)) {
  loop_.Arm(*this, loop_.Now());
}

RedisConnection::~RedisConnection() {
  health_.Release(std::move(probing_));
  health_.Leave(state_ == State::kReady);
}

bool RedisConnection::usable() {
  if (!health_.good()) {
    ProbeInTime();
    return false;
  }
  // Only the first time: later on nobody knows whether there will be a connection.
  return state_ == State::kReady || !has_tried_;
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
  has_tried_ = true;
  tries_ = 0;
  unanswered_ = 0;
  Disarm();
  for (const auto& call : std::exchange(early_, {})) Send(call);
  health_.OnConnected();
  if (!health_.good()) ProbeInTime();
}

void RedisConnection::OnClosed(const std::string& why) {
  const bool was_ready = std::exchange(state_, State::kWaiting) == State::kReady;
  has_tried_ = true;
  unanswered_ = 0;
  if (was_ready) {
    health_.OnLost(why);
  } else {
    health_.OnUnreachable(why);
  }
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
  const TimePoint began = loop_.Now();
  Breaker::Ticket ticket;
  if (usable() && early_.size() < kMostEarly) ticket = health_.Admit(began);
  if (!ticket.admitted()) {
    failure.error = "not asked";
    co_return failure;
  }
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
    if (loop_.StalledSince(began)) {
      health_.Release(std::move(ticket));
    } else {
      Record(std::move(ticket), failure.error, began);
    }
    co_return failure;
  }
  Record(std::move(ticket), waiting->reply.error, began);
  co_return std::move(waiting->reply);
}

void RedisConnection::Record(Breaker::Ticket ticket, const std::string& error, TimePoint began) {
  const TimePoint now = loop_.Now();
  health_.Record(std::move(ticket), error.empty(), error, now - began, now);
  if (!health_.good()) ProbeInTime();
}

void RedisConnection::ProbeInTime() {
  if (probe_timer_.armed()) return;  // for the probe under way, too
  const TimePoint now = loop_.Now();
  loop_.Arm(probe_timer_, now + health_.until_probe(now));
}

// A call of nobody's: no request waits for what may fail.
void RedisConnection::OnProbeTime() {
  if (probing_.admitted()) return EndProbe(false, "no answer in time");
  if (health_.good() || state_ != State::kReady) return;  // it is tried once it is ready
  const TimePoint now = loop_.Now();
  Breaker::Ticket ticket = health_.Admit(now);
  if (!ticket.is_probe()) {
    // Not yet, or another worker's is under way.
    health_.Release(std::move(ticket));
    return ProbeInTime();
  }
  probing_ = std::move(ticket);
  probe_began_ = now;
  loop_.Arm(probe_timer_, now + settings_.timeout);
  const auto call = std::make_shared<Call>();
  call->words = probe_;
  call->done = [this, number = ++probes_](const RedisReply& reply) {
    if (number == probes_ && probing_.admitted()) EndProbe(reply.error.empty(), reply.error);
  };
  Send(call);
}

void RedisConnection::EndProbe(bool ok, const std::string& why) {
  const TimePoint now = loop_.Now();
  probe_timer_.Disarm();
  health_.Record(std::exchange(probing_, {}), ok, why, now - probe_began_, now);
  if (!health_.good()) ProbeInTime();
}

}  // namespace frontdesk::limit
