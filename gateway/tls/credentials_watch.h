// Looks at the files of certificates, from time to time, and reads those that changed.
#pragma once

#include <memory>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/tls/credentials.h"

namespace frontdesk::tls {

// On one loop, which reading holds up for some milliseconds: not one that serves clients.
class CredentialsWatch final : private Timer {
 public:
  static constexpr std::chrono::seconds kInterval{1};

  CredentialsWatch(Loop& loop, std::vector<std::shared_ptr<Credentials>> watched);
  CredentialsWatch(const CredentialsWatch&) = delete;
  CredentialsWatch& operator=(const CredentialsWatch&) = delete;

  // `at_once`: as Credentials::Refresh().
  void Look(bool at_once);

 private:
  void OnTimer() override;
  void TellEnds();

  Loop& loop_;
  const std::vector<std::shared_ptr<Credentials>> watched_;
  TimePoint tell_ends_;
};

}  // namespace frontdesk::tls
