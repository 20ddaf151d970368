// Keeps keys at hand that are in a document somewhere: read again and again on a thread of its own,
// the last good ones kept for a time whatever happens.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/identity/api_keys.h"
#include "gateway/identity/key_set.h"
#include "gateway/identity/refresh_schedule.h"

namespace frontdesk::identity {

struct KeySourceSettings {
  std::string name;  // whose keys: of the provider, for the log and operators
  RefreshSettings refresh;
  // For how long keys are used after the last document that was good. One without any keys is good:
  // then there are none.
  Duration max_stale = std::chrono::hours(24);
};

// What operators see of it.
struct KeySourceStatus {
  std::string name;
  bool there = false;  // false: none were ever there, or they became too old
  size_t keys = 0;
  uint64_t fetches = 0;         // begun since the start
  uint64_t failed_fetches = 0;  // since the start
  uint32_t failures = 0;        // in a row, until now
  std::string error;            // of the last fetch; "" when it succeeded
  std::optional<Duration> age;  // since the last document that was good; nothing without one
};

// `Keys` has size() and may have ignored(): what of the document is passed over.
template <class Keys>
class KeySourceOf {
 public:
  // Blocking; the text of a document. Called on the source's thread.
  using Fetch = std::function<absl::StatusOr<std::string>()>;
  using Parse = std::function<absl::StatusOr<Keys>(const std::string& text)>;

  // `random` in [0, 1). Fetches nothing before Start() or Step().
  KeySourceOf(KeySourceSettings settings, Fetch fetch, Parse parse, std::function<double()> random);
  KeySourceOf(const KeySourceOf&) = delete;
  KeySourceOf& operator=(const KeySourceOf&) = delete;
  // Ends the thread, after a fetch under way: whoever owns what fetches stops that first.
  ~KeySourceOf();

  // From any thread. Null as long as none were ever fetched, and when they have become too old.
  std::shared_ptr<const Keys> keys() const;
  // Changes with the keys.
  uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  // A token names a key that is not among them, or none of them has made its signature: fetches at
  // once, or when the last fetch for such a reason is long enough ago.
  void OnUnknownKey(TimePoint now);
  KeySourceStatus status(TimePoint now) const;

  void Start();
  // Waits until keys are there. False when that takes longer.
  bool WaitForKeys(Duration patience);

  // What the thread does: fetches if that is due at `now`. Returns when it will be.
  TimePoint Step(TimePoint now);

 private:
  void Run();
  absl::Status Take(const std::string& text);
  void TellFailure(const absl::Status& why, bool first, bool dropped, bool had) const;

  const KeySourceSettings settings_;
  const Fetch fetch_;
  const Parse parse_;
  const std::function<double()> random_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  RefreshSchedule schedule_;
  std::shared_ptr<const Keys> keys_;
  Sha256Digest digest_{};  // of the text that the keys were read from
  std::optional<TimePoint> good_;
  KeySourceStatus status_;
  bool stopping_ = false;
  std::atomic<uint64_t> epoch_{0};
  std::thread thread_;
};

using KeySource = KeySourceOf<KeySet>;
using ApiKeySource = KeySourceOf<ApiKeys>;

// How the text of a JWK Set is read.
KeySource::Parse KeySetParser(KeySetRules rules);

}  // namespace frontdesk::identity
