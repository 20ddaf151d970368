#include "gateway/tls/credentials_watch.h"

#include <utility>

#include "gateway/observe/log.h"

namespace frontdesk::tls {
namespace {

constexpr std::chrono::hours kTellEnds{24};

}  // namespace

CredentialsWatch::CredentialsWatch(Loop& loop, std::vector<std::shared_ptr<Credentials>> watched)
    : loop_(loop), watched_(std::move(watched)) {
  if (watched_.empty()) return;
  TellEnds();
  loop_.Arm(*this, loop_.Now() + kInterval);
}

void CredentialsWatch::Look(bool at_once) {
  for (const auto& one : watched_) one->Refresh(at_once);
}

void CredentialsWatch::OnTimer() {
  Look(false);
  if (loop_.Now() >= tell_ends_) TellEnds();
  loop_.Arm(*this, loop_.Now() + kInterval);
}

void CredentialsWatch::TellEnds() {
  tell_ends_ = loop_.Now() + kTellEnds;
  for (const auto& one : watched_) {
    const std::string text = one->EndsSoon(std::chrono::system_clock::now());
    if (!text.empty()) observe::LogWarn(text);
  }
}

}  // namespace frontdesk::tls
