// A place for one connection to an end point: opens it on demand, waits between failed attempts,
// replaces it when it goes away.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/upstream/h2_connection.h"

namespace frontdesk::upstream {

// One end point, shared by its slots.
struct H2Endpoint {
  std::string authority;  // "host:port" as configured
  std::shared_ptr<Addresses> addresses;
  Duration keepalive_interval;  // doubled when the back end asks for calm
};

class H2Slot final : private H2Connection::Owner {
 public:
  // The transport. May be told from inside nghttp2's callbacks.
  class Owner {
   public:
    // Calls that wait may find a place now.
    virtual void OnRoom() = 0;
    // An attempt to connect failed, or a connection closed.
    virtual void OnLost(const absl::Status& why) = 0;

   protected:
    ~Owner() = default;
  };

  H2Slot(Loop& loop, const UpstreamSettings& settings, const Random& random, H2Endpoint& endpoint,
         bool first, Owner& owner);
  ~H2Slot();
  H2Slot(const H2Slot&) = delete;
  H2Slot& operator=(const H2Slot&) = delete;

  // The first of its end point, opened with the first call.
  bool first() const { return first_; }
  bool idle() const { return state_ == State::kIdle && !draining_; }
  // Usable now or, as far as one knows, soon. A back end that failed must come back first.
  bool promising() const {
    if (draining_) return false;
    return state_ == State::kOpen || (state_ == State::kConnecting && failures_ == 0);
  }
  // The connection, if it takes another call.
  H2Connection* WithRoom() const {
    return state_ == State::kOpen && connection_->HasRoom() ? connection_.get() : nullptr;
  }
  // A call came: an end point that failed is tried again when its time has come.
  void Want() { wanted_ = true; }
  // Needs idle().
  void Open();
  // Opens nothing any more; what is open closes after its last call.
  void Drain();

 private:
  enum class State { kIdle, kConnecting, kOpen, kWaiting };

  void OnReady(H2Connection& connection) override;
  void OnRoom() override { owner_.OnRoom(); }
  void OnRetired(H2Connection& connection, bool calm) override;
  void OnClosed(H2Connection& connection, const absl::Status& why, bool useful) override;
  void WaitForNextAttempt();
  void OnWaited();

  Loop& loop_;
  const UpstreamSettings& settings_;
  const Random& random_;
  H2Endpoint& endpoint_;
  const bool first_;
  Owner& owner_;
  State state_ = State::kIdle;
  bool wanted_ = false;
  bool draining_ = false;
  int failures_ = 0;                          // in a row
  bool left_unused_ = false;                  // the last connection said GOAWAY before any answer
  std::shared_ptr<H2Connection> connection_;  // kConnecting, kOpen
  std::vector<std::shared_ptr<H2Connection>> retired_;  // finishing their calls
  MemberTimer<H2Slot, &H2Slot::OnWaited> wait_timer_;
};

}  // namespace frontdesk::upstream
