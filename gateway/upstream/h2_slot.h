// A place for one connection to an end point: opens it on demand, waits between failed attempts,
// replaces it when it goes away.
#pragma once

#include <memory>
#include <vector>

#include "gateway/upstream/h2_connection.h"

namespace frontdesk::upstream {

class H2Slot final : private H2Connection::Owner {
 public:
  // The transport. May be told from inside nghttp2's callbacks.
  class Owner {
   public:
    // Readiness or room may have changed.
    virtual void OnChange() = 0;
    // The same, and an attempt to connect failed, or a connection went away.
    virtual void OnLost(const absl::Status& why) = 0;
    // A connection that was of use has ended; OnChange() or OnLost() follows. Not told of one that
    // retires before it answered anything.
    virtual void OnUsefulEnd() = 0;

   protected:
    ~Owner() = default;
  };

  enum class State {
    kIdle,
    kConnecting,
    kOpen,
    kWaiting,  // until the time of the next attempt has come
  };

  H2Slot(Loop& loop, const UpstreamSettings& settings, const Random& random, H2Endpoint& endpoint,
         Owner& owner);
  ~H2Slot();
  H2Slot(const H2Slot&) = delete;
  H2Slot& operator=(const H2Slot&) = delete;

  State state() const { return state_; }
  // The last attempt failed, and this one has not succeeded so far.
  bool failing() const { return failures_ > 0; }
  // The connection that takes new calls, full or not; null when there is none.
  H2Connection* open() const { return state_ == State::kOpen ? connection_.get() : nullptr; }
  // Connections that are established, retired ones included.
  size_t connections() const { return retired_.size() + (state_ == State::kOpen ? 1 : 0); }
  // When it waits: opens as soon as the time has come, instead of becoming idle.
  void Want() { wanted_ = true; }
  // Forgets that attempts failed, and waits no longer.
  void Forgive();
  // Needs kIdle.
  void Open();
  // Opens nothing any more; what is open closes after its last call.
  void Drain();

 private:
  void OnReady(H2Connection& connection) override;
  void OnRoom() override { owner_.OnChange(); }
  void OnRetired(H2Connection& connection, Retired why) override;
  void OnClosed(H2Connection& connection, const absl::Status& why, bool useful) override;
  void WaitForNextAttempt();
  void OnWaited();
  Duration MaxAge() const;

  Loop& loop_;
  const UpstreamSettings& settings_;
  const Random& random_;
  H2Endpoint& endpoint_;
  Owner& owner_;
  State state_ = State::kIdle;
  bool wanted_ = false;
  bool draining_ = false;
  uint32_t failures_ = 0;                     // in a row
  bool left_unused_ = false;                  // the last connection said GOAWAY before any answer
  std::shared_ptr<H2Connection> connection_;  // kConnecting, kOpen
  std::vector<std::shared_ptr<H2Connection>> retired_;  // finishing their calls
  MemberTimer<H2Slot, &H2Slot::OnWaited> wait_timer_;
};

}  // namespace frontdesk::upstream
