#include "gateway/identity/key_source.h"

#include <utility>

#include "gateway/base/text.h"
#include "gateway/observe/log.h"

namespace frontdesk::identity {

template <class Keys>
KeySourceOf<Keys>::KeySourceOf(KeySourceSettings settings, Fetch fetch, Parse parse,
                               std::function<double()> random)
    : settings_(std::move(settings)),
      fetch_(std::move(fetch)),
      parse_(std::move(parse)),
      random_(std::move(random)),
      schedule_(settings_.refresh) {
  status_.name = settings_.name;
}

template <class Keys>
KeySourceOf<Keys>::~KeySourceOf() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

template <class Keys>
std::shared_ptr<const Keys> KeySourceOf<Keys>::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

template <class Keys>
KeySourceStatus KeySourceOf<Keys>::status(TimePoint now) const {
  const std::lock_guard lock(mutex_);
  KeySourceStatus status = status_;
  status.there = keys_ != nullptr;
  status.keys = keys_ == nullptr ? 0 : keys_->size();
  if (good_) status.age = now - *good_;
  return status;
}

template <class Keys>
void KeySourceOf<Keys>::OnUnknownKey(TimePoint now) {
  bool due;
  {
    const std::lock_guard lock(mutex_);
    due = schedule_.OnUnknownKey(now);
  }
  if (due) changed_.notify_all();
}

template <class Keys>
void KeySourceOf<Keys>::Start() {
  thread_ = std::thread([this] { Run(); });
}

template <class Keys>
bool KeySourceOf<Keys>::WaitForKeys(Duration patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return keys_ != nullptr; });
}

template <class Keys>
void KeySourceOf<Keys>::Run() {
  while (true) {
    const TimePoint next = Step(Clock::now());
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, next, [&] { return stopping_ || schedule_.next() < next; });
    if (stopping_) return;
  }
}

template <class Keys>
TimePoint KeySourceOf<Keys>::Step(TimePoint now) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || schedule_.next() > now) return schedule_.next();
    schedule_.OnBegin(now);
    ++status_.fetches;
  }
  const absl::StatusOr<std::string> text = fetch_();
  const absl::Status taken = text.ok() ? Take(*text) : text.status();
  TimePoint next;
  bool first_failure = false, dropped = false, had = false;
  {
    const std::lock_guard lock(mutex_);
    had = keys_ != nullptr;
    if (taken.ok()) {
      schedule_.OnSuccess(now);
      good_ = now;
    } else {
      first_failure = schedule_.failures() == 0 && !stopping_;
      schedule_.OnFailure(now, random_());
      ++status_.failed_fetches;
      // Retries come at least once a minute, so this is soon enough.
      dropped = keys_ != nullptr && now - *good_ >= settings_.max_stale;
      if (dropped) {
        keys_.reset();
        epoch_.fetch_add(1, std::memory_order_acq_rel);
      }
    }
    status_.failures = schedule_.failures();
    status_.error = Std(taken.message());
    next = schedule_.next();
  }
  changed_.notify_all();
  TellFailure(taken, first_failure, dropped, had);
  return next;
}

template <class Keys>
void KeySourceOf<Keys>::TellFailure(const absl::Status& why, bool first, bool dropped,
                                    bool had) const {
  const std::string what = Cat("keys of ", settings_.name, ": ", Std(why.message()));
  if (dropped) {
    observe::LogError(Cat(what, "; those there were are too old now and no longer used"));
  } else if (first) {
    observe::LogWarn(
        Cat(what, had ? "; those there were stay in use"
                      : "; there are none yet, and tokens that need them are answered 503"));
  }
}

template <class Keys>
absl::Status KeySourceOf<Keys>::Take(const std::string& text) {
  const Sha256Digest digest = Sha256({text});
  {
    const std::lock_guard lock(mutex_);
    if (keys_ != nullptr && digest == digest_) return absl::OkStatus();
  }
  absl::StatusOr<Keys> read = parse_(text);
  if (!read.ok()) return read.status();
  const auto keys = std::make_shared<const Keys>(*std::move(read));
  {
    const std::lock_guard lock(mutex_);
    keys_ = keys;
    digest_ = digest;
    epoch_.fetch_add(1, std::memory_order_acq_rel);
  }
  if (keys->size() == 0) {
    observe::LogWarn(Cat("keys of ", settings_.name, ": all were withdrawn"));
  } else {
    observe::LogInfo(Cat("keys of ", settings_.name, ": ", keys->size(), " in use"));
  }
  if constexpr (requires { keys->ignored(); }) {
    for (const std::string& ignored : keys->ignored()) {
      observe::LogInfo(Cat("keys of ", settings_.name, ": ", ignored, " and is passed over"));
    }
  }
  return absl::OkStatus();
}

template class KeySourceOf<KeySet>;
template class KeySourceOf<ApiKeys>;

KeySource::Parse KeySetParser(KeySetRules rules) {
  return [rules](const std::string& text) { return KeySet::Parse(text, rules); };
}

}  // namespace frontdesk::identity
