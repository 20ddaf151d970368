// Keeps the keys of one issuer at hand: fetched again and again on a thread of its own, the last
// good ones kept whatever happens.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/identity/key_set.h"
#include "gateway/identity/refresh_schedule.h"

namespace frontdesk::identity {

struct KeySourceSettings {
  std::string name;  // of the provider, for the log
  KeySetRules rules;
  RefreshSettings refresh;
};

// What operators see of it.
struct KeySourceStatus {
  size_t keys = 0;        // 0: none were ever there
  uint64_t fetches = 0;   // begun since the start
  uint32_t failures = 0;  // in a row, until now
  std::string error;      // of the last fetch; "" when it succeeded
};

class KeySource {
 public:
  // Blocking; the text of a key set. Called on the source's thread.
  using Fetch = std::function<absl::StatusOr<std::string>()>;

  // `random` in [0, 1). Fetches nothing before Start() or Step().
  KeySource(KeySourceSettings settings, Fetch fetch, std::function<double()> random);
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;
  // Ends the thread, after a fetch under way: whoever owns what fetches stops that first.
  ~KeySource();

  // From any thread. Null as long as none were ever fetched.
  std::shared_ptr<const KeySet> keys() const;
  // Changes with the keys.
  uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  // A token names a key that is not among them: fetches, if the last fetch is long enough ago.
  void OnUnknownKey(TimePoint now);
  KeySourceStatus status() const;

  void Start();
  // Waits until keys are there. False when that takes longer.
  bool WaitForKeys(Duration patience);

  // What the thread does: fetches if that is due at `now`. Returns when it will be.
  TimePoint Step(TimePoint now);

 private:
  void Run();
  absl::Status Take(const std::string& text);

  const KeySourceSettings settings_;
  const Fetch fetch_;
  const std::function<double()> random_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  RefreshSchedule schedule_;
  std::shared_ptr<const KeySet> keys_;
  std::string text_;  // that the keys were read from
  KeySourceStatus status_;
  bool stopping_ = false;
  std::atomic<uint64_t> epoch_{0};
  std::thread thread_;
};

}  // namespace frontdesk::identity
