#include "gateway/identity/key_source.h"

#include <utility>

#include "gateway/base/text.h"
#include "gateway/observe/log.h"

namespace frontdesk::identity {

KeySource::KeySource(KeySourceSettings settings, Fetch fetch, std::function<double()> random)
    : settings_(std::move(settings)),
      fetch_(std::move(fetch)),
      random_(std::move(random)),
      schedule_(settings_.refresh) {}

KeySource::~KeySource() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const KeySet> KeySource::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

KeySourceStatus KeySource::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void KeySource::OnUnknownKey(TimePoint now) {
  bool due;
  {
    const std::lock_guard lock(mutex_);
    due = schedule_.OnUnknownKey(now);
  }
  if (due) changed_.notify_all();
}

void KeySource::Start() {
  thread_ = std::thread([this] { Run(); });
}

bool KeySource::WaitForKeys(Duration patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return keys_ != nullptr; });
}

void KeySource::Run() {
  while (true) {
    const TimePoint next = Step(Clock::now());
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, next, [&] { return stopping_ || schedule_.next() < next; });
    if (stopping_) return;
  }
}

TimePoint KeySource::Step(TimePoint now) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || schedule_.next() > now) return schedule_.next();
    ++status_.fetches;
  }
  const absl::StatusOr<std::string> text = fetch_();
  const absl::Status taken = text.ok() ? Take(*text) : text.status();
  TimePoint next;
  bool first_failure = false;
  {
    const std::lock_guard lock(mutex_);
    if (taken.ok()) {
      schedule_.OnSuccess(now);
    } else {
      first_failure = schedule_.failures() == 0 && !stopping_;
      schedule_.OnFailure(now, random_());
    }
    status_.failures = schedule_.failures();
    status_.error = Std(taken.message());
    next = schedule_.next();
  }
  changed_.notify_all();
  if (first_failure) {
    observe::LogWarn(Cat("keys of ", settings_.name, ": ", Std(taken.message()),
                         "; those there were stay in use"));
  }
  return next;
}

absl::Status KeySource::Take(const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    if (keys_ != nullptr && text == text_) return absl::OkStatus();
  }
  absl::StatusOr<KeySet> set = KeySet::Parse(text, settings_.rules);
  if (!set.ok()) return set.status();
  const auto keys = std::make_shared<const KeySet>(*std::move(set));
  {
    const std::lock_guard lock(mutex_);
    keys_ = keys;
    text_ = text;
    status_.keys = keys->size();
    epoch_.fetch_add(1, std::memory_order_acq_rel);
  }
  observe::LogInfo(Cat("keys of ", settings_.name, ": ", keys->size(), " in use"));
  for (const std::string& ignored : keys->ignored()) {
    observe::LogInfo(Cat("keys of ", settings_.name, ": ", ignored, " and is passed over"));
  }
  return absl::OkStatus();
}

}  // namespace frontdesk::identity
