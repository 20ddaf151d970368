// HTTP/2's client side over nghttp2, without a socket: bytes in, bytes out, calls on streams.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/upstream/h2_call.h"
#include "gateway/upstream/head_limit.h"

namespace frontdesk::upstream {

// Told from inside Feed() and Gather(), and then must not destroy the session.
class H2SessionEvents {
 public:
  // The peer's SETTINGS came, for the first time or again.
  virtual void OnSettings() = 0;
  // No new streams here; those it does not mention go on.
  virtual void OnGoaway(uint32_t http2_error, std::string_view debug) = 0;
  virtual void OnStreamClosed() = 0;
  // There is something to write.
  virtual void OnWantWrite() = 0;

 protected:
  ~H2SessionEvents() = default;
};

class H2Session {
 public:
  // What the peer may send unasked, per stream and over all.
  static constexpr int32_t kStreamWindow = 1 << 20;
  static constexpr int32_t kConnectionWindow = 16 << 20;

  // `scheme`: "http" or "https".
  H2Session(std::string_view scheme, const std::string& authority, const std::string& user_agent,
            H2SessionEvents& events);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // Streams that count against the peer's limit.
  size_t streams() const { return streams_; }
  bool HasRoom() const;
  // Some answer has begun on this session: the peer works.
  bool answered() const { return answers_ > 0; }
  size_t answers() const { return answers_; }  // heads and trailers
  size_t started() const { return started_; }  // calls so far

  // Needs HasRoom(). A call whose head is larger than the peer takes fails soon, with nothing sent.
  void Start(H2Call& call, TimePoint now);
  void Resume(H2Call& call);
  void Detach(H2Call& call);
  void ResetStream(int32_t stream_id);
  void Ping();
  // GOAWAY; Finished() once it was gathered and no stream is left.
  void SayGoodbye();

  // False when the session is broken; see error().
  bool Feed(std::string_view bytes);
  // Appends what is to be written, until `out` has `limit` bytes or somewhat more. False as above.
  bool Gather(std::string& out, size_t limit);
  bool WantsWrite() const { return nghttp2_session_want_write(session_.get()) != 0; }
  // Nothing to read or write any more.
  bool Finished() const;
  const std::string& error() const { return error_; }

  // The connection is gone: every call left ends, those of which nothing was sent as never
  // processed. Events happen inside; the session takes no calls any more.
  void FailAll(const absl::Status& status);

 private:
  friend struct H2Callbacks;
  struct Deleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  void OnFrame(const nghttp2_frame& frame);
  void OnHeadersFrame(const nghttp2_frame& frame);
  void OnStreamClose(int32_t stream_id, uint32_t http2_error);
  H2Call* CallOf(int32_t stream_id) const;

  H2SessionEvents& events_;
  const std::string scheme_;
  const std::string authority_;
  const std::string user_agent_;
  std::unique_ptr<nghttp2_session, Deleter> session_;
  H2CallList calls_;
  size_t streams_ = 0;
  size_t started_ = 0;
  uint32_t max_streams_ = 0;
  size_t most_head_bytes_ = kMostHeadBytes;
  bool settled_ = false;  // SETTINGS came
  bool going_away_ = false;
  size_t answers_ = 0;
  uint64_t gathers_ = 0;
  std::string error_;
  std::string last_timeout_;        // grpc-timeout of the last call
  std::vector<nghttp2_nv> fields_;  // reused
};

}  // namespace frontdesk::upstream
