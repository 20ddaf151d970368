// One TCP connection to a back end: connecting, HTTP/2's first SETTINGS, carrying calls, going
// away.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/h2_session.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::upstream {

// A timer that calls a member function.
template <class Owner, void (Owner::*Member)()>
class MemberTimer final : public Timer {
 public:
  explicit MemberTimer(Owner& owner) : owner_(owner) {}

 private:
  void OnTimer() override { (owner_.*Member)(); }
  Owner& owner_;
};

class H2Connection final : public std::enable_shared_from_this<H2Connection>,
                           private Flushable,
                           private H2SessionEvents {
 public:
  // May be told from inside nghttp2's callbacks: it must not destroy the connection there.
  class Owner {
   public:
    virtual void OnReady(H2Connection& connection) = 0;
    // A stream ended, or the peer allows more.
    virtual void OnRoom() = 0;
    // Takes no new calls; those it has go on. `calm` asks for fewer pings.
    virtual void OnRetired(H2Connection& connection, bool calm) = 0;
    // Once, last, before the calls left on it are told. `useful` when it has done some work.
    virtual void OnClosed(H2Connection& connection, const absl::Status& why, bool useful) = 0;

   protected:
    ~Owner() = default;
  };

  H2Connection(Loop& loop, const UpstreamSettings& settings, const std::string& authority,
               Duration keepalive_interval, Owner& owner);
  ~H2Connection() override;

  // OnReady() or OnClosed() follows, never from inside.
  void Connect(std::shared_ptr<Addresses> addresses);
  // Its owner ends: closes at once and tells nobody.
  void Abandon();
  // Closes when its last call has ended, at once if it has none.
  void Retire();

  H2Session& session() { return session_; }
  bool HasRoom() const { return ready_ && !closed_ && !UsedUp() && session_.HasRoom(); }
  bool ready() const { return ready_ && !closed_; }

 private:
  bool UsedUp() const { return session_.started() >= settings_.calls_per_connection; }
  void OnAddress(const absl::Status& status);
  void TryNextAddress();
  void OnConnected(const boost::system::error_code& error);
  void Read();
  void OnRead(const boost::system::error_code& error, size_t size);
  void Flush() override;
  bool WriteOut();
  void OnWritable(const boost::system::error_code& error);
  void Close(absl::Status why);
  absl::Status Lost(const boost::system::error_code& error) const;

  void OnSettings() override;
  void OnGoaway(uint32_t http2_error, std::string_view debug) override;
  void OnStreamClosed() override;
  void OnWantWrite() override { loop_.FlushSoon(*this); }

  void OnConnectTimeout();
  void OnIdleTimer();
  void OnKeepaliveTimer();

  Loop& loop_;
  const UpstreamSettings& settings_;
  const Duration keepalive_interval_;
  Owner* owner_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::ip::tcp::endpoint peer_;
  std::shared_ptr<Addresses> addresses_;
  size_t addresses_left_ = 0;  // that this connection has not tried
  bool connected_ = false;
  bool ready_ = false;
  bool closed_ = false;
  bool writing_ = false;  // waits until the socket takes more
  bool replaced_ = false;  // used up
  bool broken_ = false;   // takes no more; what the peer said before is still read
  TimePoint ready_at_{};
  TimePoint idle_since_{};
  TimePoint last_read_{};
  bool ping_sent_ = false;  // and nothing was read since
  std::vector<char> in_;
  std::string out_;
  size_t written_ = 0;
  MemberTimer<H2Connection, &H2Connection::OnConnectTimeout> connect_timer_;
  MemberTimer<H2Connection, &H2Connection::OnIdleTimer> idle_timer_;
  MemberTimer<H2Connection, &H2Connection::OnKeepaliveTimer> keepalive_timer_;
  H2Session session_;
};

}  // namespace frontdesk::upstream
