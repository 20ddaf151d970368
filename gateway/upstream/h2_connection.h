// One connection to a back end: connecting, TLS where it is asked for, HTTP/2's first SETTINGS,
// carrying calls, going away.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/tls/session.h"
#include "gateway/upstream/h2_session.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::upstream {

// One end point, shared by its connections.
struct H2Endpoint {
  std::string authority;  // "host:port" as configured
  boost::asio::ip::tcp::endpoint address;
  std::string address_text;     // AddressOf() it, for failures
  Duration keepalive_interval;  // doubled when the back end asks for calm
  // With TLS: what its certificate has to be for, and the newest session.
  std::string host;
  std::shared_ptr<tls::Resumption> resumption;
};

class H2Connection final : public std::enable_shared_from_this<H2Connection>,
                           private Flushable,
                           private H2SessionEvents {
 public:
  // May be told from inside nghttp2's callbacks: it must not destroy the connection there.
  class Owner {
   public:
    enum class Retired { kByUs, kByPeer, kTooManyPings };

    virtual void OnReady(H2Connection& connection) = 0;
    // A stream ended, or the peer allows more.
    virtual void OnRoom() = 0;
    // Takes no new calls; those it has go on.
    virtual void OnRetired(H2Connection& connection, Retired why) = 0;
    // Once, last, before the calls left on it are told. `useful` when it has done some work.
    virtual void OnClosed(H2Connection& connection, const absl::Status& why, bool useful) = 0;

   protected:
    ~Owner() = default;
  };

  // Retires when it is older than `max_age`, which may be Duration::max().
  H2Connection(Loop& loop, const UpstreamSettings& settings, const H2Endpoint& endpoint,
               Duration max_age, Owner& owner);
  ~H2Connection() override;

  // OnReady() or OnClosed() follows, never from inside.
  void Connect();
  // Its owner ends: closes at once and tells nobody.
  void Abandon();
  // Closes when its last call has ended, at once if it has none.
  void Retire();

  H2Session& session() { return session_; }
  bool HasRoom() const { return ready_ && !closed_ && !UsedUp() && session_.HasRoom(); }
  bool ready() const { return ready_ && !closed_; }
  // It answered something, or lived long.
  bool useful() const;

 private:
  bool UsedUp() const { return session_.started() >= settings_.calls_per_connection; }
  void OnConnected(const boost::system::error_code& error);
  void BeginTls();
  // What came from the socket, as far as it can be decrypted. False when the connection was closed.
  bool FeedTls(std::string_view ciphertext);
  bool ShakeHands();
  void FailTls(std::string_view why);
  void OnUsable();
  // False when it was closed.
  bool FeedSession(std::string_view bytes);
  void Read();
  void OnRead(const boost::system::error_code& error, size_t size);
  void Flush() override;
  bool Encrypt();
  bool WriteOut();
  // What is to be written to the socket.
  std::string_view outgoing() const;
  void Sent(size_t size);
  void OnWritable(const boost::system::error_code& error);
  void Close(absl::Status why);
  absl::Status Lost(const boost::system::error_code& error) const;

  void OnSettings() override;
  void OnGoaway(uint32_t http2_error, std::string_view debug) override;
  void OnStreamClosed() override;
  void OnWantWrite() override { loop_.FlushSoon(*this); }

  void OnConnectTimeout();
  void OnIdleTimer();
  void OnAgeTimer();
  void RetireItself();
  Duration MostSilence() const;
  void OnKeepaliveTimer();

  Loop& loop_;
  const UpstreamSettings& settings_;
  const Duration keepalive_interval_;
  const Duration max_age_;
  Owner* owner_;
  boost::asio::ip::tcp::socket socket_;
  bool connected_ = false;  // bytes of HTTP/2 may be written
  bool ready_ = false;
  bool closed_ = false;
  bool writing_ = false;  // waits until the socket takes more
  bool retired_ = false;  // by us
  bool broken_ = false;   // takes no more; what the peer said before is still read
  TimePoint ready_at_{};
  TimePoint idle_since_{};
  TimePoint last_read_{};
  bool ping_sent_ = false;  // and nothing was read since; without keepalive: nothing was answered
  size_t answers_at_ping_ = 0;
  const H2Endpoint& endpoint_;
  std::unique_ptr<tls::Session> tls_;  // from the end of TCP's handshake on
  std::vector<char> in_;
  std::string out_;
  size_t written_ = 0;
  MemberTimer<H2Connection, &H2Connection::OnConnectTimeout> connect_timer_;
  MemberTimer<H2Connection, &H2Connection::OnIdleTimer> idle_timer_;
  MemberTimer<H2Connection, &H2Connection::OnAgeTimer> age_timer_;
  MemberTimer<H2Connection, &H2Connection::OnKeepaliveTimer> keepalive_timer_;
  H2Session session_;
};

}  // namespace frontdesk::upstream
