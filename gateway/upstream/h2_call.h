// One call of the HTTP/2 transport, from Start() to OnDone(): on a stream, or about to be told its
// end.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/upstream/h2_reply.h"
#include "gateway/upstream/h2_request.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

class H2Call;
class H2Session;

// The transport, as its calls see it.
class H2CallHost {
 public:
  // Fail(status) soon, outside of whatever runs now.
  virtual void FailSoon(H2Call& call, absl::Status status) = 0;
  // It ended, or nobody wants to know.
  virtual void Gone() = 0;

 protected:
  ~H2CallHost() = default;
};

// In at most one list: of a session, or of the transport. Leaves it when destroyed.
using H2CallHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class H2Call final : public OutgoingCall, public H2CallHook {
 public:
  H2Call(H2CallHost& host, const CallSpec& spec, CallEvents& events);
  ~H2Call() override;

  // OutgoingCall.
  void Send(std::string_view message, bool last) override;
  void Cancel() override;

  // For the transport.
  enum class State { kNew, kOnStream, kFailing, kEnded };
  State state() const { return state_; }
  void SetFailing(absl::Status status);
  const absl::Status& failing() const { return failing_; }
  // Ends the call. Events may destroy it: nothing of it is touched afterwards.
  void Fail(absl::Status status);

  // For the session.
  const H2Request& request() const { return request_; }
  TimePoint deadline() const { return deadline_; }
  int32_t stream_id() const { return stream_id_; }
  uint64_t started_at_gather() const { return started_at_gather_; }
  void OnStream(H2Session& session, int32_t stream_id, uint64_t gather);
  // Instead of that.
  void FailSoon(absl::Status status) { host_.FailSoon(*this, std::move(status)); }
  // For nghttp2's data source: bytes written, or an nghttp2 error.
  ssize_t ReadBody(uint8_t* to, size_t size, uint32_t* flags);
  H2Reply& reply() { return reply_; }
  void OnEndOfFields(bool last);
  void OnData(std::string_view data);
  void OnEndOfAnswer();
  // The stream closed, and the peer has not acted on it.
  void OnNeverProcessed(std::string_view reason, std::string_view what);
  // The stream's session is no more, or the stream.
  void LeaveStream();
  bool got_reset = false;  // by the peer, which explains the close that follows

 private:
  // Resets the stream if there is one, then tells the end.
  void Abort(absl::Status status);
  void AbandonStream();
  bool TellHeaders();
  bool TellMessage(std::string message);
  void TellDone(absl::Status status);

  H2CallHost& host_;
  CallEvents& events_;
  H2Session* session_ = nullptr;
  int32_t stream_id_ = 0;
  State state_ = State::kNew;
  bool last_sent_ = false;      // the caller has no more messages
  bool body_blocked_ = false;   // nghttp2 waits for Resume()
  bool body_complete_ = false;  // everything was handed to nghttp2
  uint64_t started_at_gather_ = 0;
  const TimePoint deadline_;
  H2Request request_;
  std::string body_;  // framed
  size_t body_read_ = 0;
  H2Reply reply_;
  absl::Status failing_;
  bool* destroyed_ = nullptr;  // set by the destructor while an event is being told
};

using H2CallList = boost::intrusive::list<H2Call, boost::intrusive::constant_time_size<false>>;

}  // namespace frontdesk::upstream
