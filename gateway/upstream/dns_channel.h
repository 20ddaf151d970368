// c-ares on an event loop: its sockets and time-outs are the loop's, so nothing ever blocks.
#pragma once

#include <ares.h>

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gateway/base/loop.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::upstream {

// The queries of one look-up. Reads /etc/resolv.conf when it is made: a change there counts from
// the next look-up on. On one loop.
class DnsChannel final : private Timer {
 public:
  DnsChannel(Loop& loop, const DnsSettings& settings);
  DnsChannel(const DnsChannel&) = delete;
  DnsChannel& operator=(const DnsChannel&) = delete;
  // Calls back every query that has not ended, with ARES_EDESTRUCTION. Not from inside a callback.
  ~DnsChannel() override;

  // Whether it can be used.
  const absl::Status& status() const { return status_; }
  // For ares_search() and the like, which may call back at once; Started() is called after them.
  ares_channel get() const { return channel_; }
  void Started() { Rearm(); }

 private:
  class Socket;

  static void OnSocketState(void* self, ares_socket_t fd, int readable, int writable);
  void Process(ares_socket_t readable, ares_socket_t writable);
  void OnTimer() override { Process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }
  void Rearm();

  Loop& loop_;
  ares_channel channel_ = nullptr;
  absl::Status status_;
  std::map<ares_socket_t, std::shared_ptr<Socket>> sockets_;
};

// What went wrong, in words.
std::string DnsErrorText(int ares_status);

}  // namespace frontdesk::upstream
