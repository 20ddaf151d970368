// A worker's connection to Redis, with everything that keeps a slow or broken one from being felt.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/event.h"
#include "gateway/base/loop.h"
#include "gateway/base/task.h"
#include "gateway/limit/redis_health.h"
#include "gateway/limit/redis_socket.h"
#include "gateway/limit/redis_targets.h"
#include "gateway/limit/shared_settings.h"

namespace frontdesk::limit {

// Connects when it is made, and again whenever it must. One script is known to Redis by its digest;
// where Redis has forgotten it, it is sent again. After three failures in a row of the process (see
// RedisHealth) nothing is sent for half a second, and longer if need be: by then a call that nobody
// waits for has to succeed.
//
// On one loop.
class RedisConnection final : private Timer {
 public:
  // `script` and the words of the call that tries whether it can be carried out.
  RedisConnection(Loop& loop, const RedisSettings& settings, const RedisTargets& targets,
                  RedisHealth& health, std::string script, std::vector<std::string> probe,
                  std::function<double()> random);
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;
  ~RedisConnection() override;

  // Whether Run() would send now, or at least wait for the first connection. When it would not
  // because calls have failed, this sees to it that somebody tries.
  bool usable();
  // Runs the script with these words. Takes no longer than the timeout.
  Task<RedisReply> Run(std::vector<std::string> words);

 private:
  enum class State { kWaiting, kConnecting, kReady };
  struct Call {
    std::vector<std::string> words;
    std::function<void(RedisReply)> done;
  };
  // Watches over the time of a state: until the next try, until it is ready, while it is silent.
  void OnTimer() override;

  void Connect();
  void OnConnected();
  // Of AUTH, SELECT and SCRIPT LOAD.
  void OnGreeted(const RedisReply& reply);
  void OnLoaded(const RedisReply& reply);
  void OnClosed(const std::string& why);
  void Send(const std::shared_ptr<Call>& call);
  void OnReply(const std::shared_ptr<Call>& call, RedisReply reply);
  void Record(Breaker::Ticket ticket, const std::string& error, TimePoint began);
  void ProbeInTime();
  void OnProbeTime();
  void EndProbe(bool ok, const std::string& why);

  Loop& loop_;
  const RedisSettings settings_;
  const RedisTargets& targets_;
  RedisHealth& health_;
  const std::string script_;
  const std::vector<std::string> probe_;
  const std::function<double()> random_;
  State state_ = State::kWaiting;
  uint32_t tries_ = 0;      // to connect, since it was ready last
  bool has_tried_ = false;  // to an end, good or bad
  std::string digest_;      // of the script
  std::string trouble_;     // why greeting failed
  size_t unanswered_ = 0;
  TimePoint heard_;  // of it, or nothing was asked until then
  MemberTimer<RedisConnection, &RedisConnection::OnProbeTime> probe_timer_{*this};
  uint64_t probes_ = 0;
  Breaker::Ticket probing_;  // of the probe under way
  TimePoint probe_began_;
  std::vector<std::shared_ptr<Call>> early_;  // wait until it is ready
  // Last, so destroyed first: it calls back.
  std::unique_ptr<RedisSocket> socket_;
};

}  // namespace frontdesk::limit
