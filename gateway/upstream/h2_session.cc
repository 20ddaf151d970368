#include "gateway/upstream/h2_session.h"

#include <algorithm>
#include <new>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/upstream/grpc_wire.h"

namespace frontdesk::upstream {
namespace {

constexpr size_t kCallsPerReminder = 64;

size_t HeadBytes(const std::vector<nghttp2_nv>& fields) {
  size_t bytes = 0;
  for (const nghttp2_nv& field : fields) bytes += kFieldBytes + field.namelen + field.valuelen;
  return bytes;
}

}  // namespace

// nghttp2's callbacks; `user` is the session.
struct H2Callbacks {
  static H2Session& Self(void* user) { return *static_cast<H2Session*>(user); }

  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (H2Call* call = Self(user).CallOf(frame->hd.stream_id)) call->reply().BeginFields();
    return 0;
  }
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* user) {
    H2Call* call = Self(user).CallOf(frame->hd.stream_id);
    if (call && name_size > 0) {
      call->reply().OnField({reinterpret_cast<const char*>(name), name_size},
                            {reinterpret_cast<const char*>(value), value_size});
    }
    return 0;
  }
  static int OnFrameRecv(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Self(user).OnFrame(*frame);
    return 0;
  }
  static int OnData(nghttp2_session*, uint8_t, int32_t stream_id, const uint8_t* data, size_t size,
                    void* user) {
    if (H2Call* call = Self(user).CallOf(stream_id)) {
      call->OnData({reinterpret_cast<const char*>(data), size});
    }
    return 0;
  }
  static int OnFrameNotSend(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (H2Call* call = Self(user).CallOf(frame->hd.stream_id)) {
      call->OnNeverProcessed("UPSTREAM_RESET", "the connection takes no new calls");
    }
    return 0;
  }
  static int OnStreamClose(nghttp2_session*, int32_t stream_id, uint32_t error, void* user) {
    Self(user).OnStreamClose(stream_id, error);
    return 0;
  }
  static int OnError(nghttp2_session*, int, const char* text, size_t size, void* user) {
    Self(user).error_.assign(text, size);
    return 0;
  }
  static ssize_t ReadBody(nghttp2_session*, int32_t stream_id, uint8_t* to, size_t size,
                          uint32_t* flags, nghttp2_data_source*, void* user) {
    H2Call* call = Self(user).CallOf(stream_id);
    if (!call) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return call->ReadBody(to, size, flags);
  }

  static nghttp2_session_callbacks* Make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrameRecv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, OnFrameNotSend);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnStreamClose);
    nghttp2_session_callbacks_set_error_callback2(callbacks, OnError);
    return callbacks;
  }
};

H2Session::H2Session(std::string_view scheme, const std::string& authority,
                     const std::string& user_agent, H2SessionEvents& events)
    : events_(events), scheme_(scheme), authority_(authority), user_agent_(user_agent) {
  // Immutable once made, and shared by all sessions of the process.
  static const nghttp2_session_callbacks* const callbacks = H2Callbacks::Make();
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new(&session, callbacks, this);
  session_.reset(session);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, H2Reply::kMaxHeaderBytes}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

H2Session::~H2Session() = default;

H2Call* H2Session::CallOf(int32_t stream_id) const {
  return static_cast<H2Call*>(nghttp2_session_get_stream_user_data(session_.get(), stream_id));
}

bool H2Session::HasRoom() const {
  return settled_ && !going_away_ && streams_ < max_streams_ &&
         nghttp2_session_check_request_allowed(session_.get()) != 0;
}

void H2Session::Start(H2Call& call, TimePoint now) {
  std::string_view timeout;
  const TimeoutText text(call.deadline() - now);
  if (call.deadline() != TimePoint::max()) timeout = text.view();
  H2Request::Remember remember;
  // Again and again, for other entries push them out.
  remember.names = started_ % kCallsPerReminder == 0;
  remember.timeout = remember.names || timeout == last_timeout_;
  last_timeout_ = timeout;
  call.request().Fill(scheme_, authority_, user_agent_, timeout, remember, fields_);
  if (const size_t bytes = HeadBytes(fields_); bytes > most_head_bytes_) {
    return call.FailSoon(HeadTooLarge(bytes, most_head_bytes_));
  }
  nghttp2_data_provider body;
  body.source.ptr = nullptr;
  body.read_callback = H2Callbacks::ReadBody;
  const int32_t stream_id =
      nghttp2_submit_request(session_.get(), nullptr, fields_.data(), fields_.size(), &body, &call);
  if (stream_id < 0) throw std::bad_alloc();  // HasRoom() excludes every other reason
  calls_.push_back(call);
  call.OnStream(*this, stream_id, gathers_);
  ++streams_;
  ++started_;
  events_.OnWantWrite();
}

void H2Session::Resume(H2Call& call) {
  nghttp2_session_resume_data(session_.get(), call.stream_id());
  events_.OnWantWrite();
}

void H2Session::Detach(H2Call& call) {
  nghttp2_session_set_stream_user_data(session_.get(), call.stream_id(), nullptr);
}

void H2Session::ResetStream(int32_t stream_id) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream_id, NGHTTP2_CANCEL);
  events_.OnWantWrite();
}

void H2Session::Ping() {
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
  events_.OnWantWrite();
}

void H2Session::SayGoodbye() {
  going_away_ = true;
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
  events_.OnWantWrite();
}

bool H2Session::Feed(std::string_view bytes) {
  const ssize_t taken = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (taken < 0 && error_.empty()) error_ = nghttp2_strerror(static_cast<int>(taken));
  if (WantsWrite()) events_.OnWantWrite();
  return taken >= 0;
}

bool H2Session::Gather(std::string& out, size_t limit) {
  ++gathers_;
  while (out.size() < limit) {
    const uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
    if (size < 0 && error_.empty()) error_ = nghttp2_strerror(static_cast<int>(size));
    if (size < 0) return false;
    if (size == 0) return true;
    out.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  }
  return true;
}

bool H2Session::Finished() const {
  return nghttp2_session_want_read(session_.get()) == 0 && !WantsWrite();
}

void H2Session::OnFrame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      return OnHeadersFrame(frame);
    case NGHTTP2_DATA:
      if (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) {
        if (H2Call* call = CallOf(frame.hd.stream_id)) call->OnEndOfAnswer();
      }
      return;
    case NGHTTP2_RST_STREAM:
      if (H2Call* call = CallOf(frame.hd.stream_id)) call->got_reset = true;
      return;
    case NGHTTP2_SETTINGS:
      if (frame.hd.flags & NGHTTP2_FLAG_ACK) return;
      settled_ = true;
      max_streams_ = nghttp2_session_get_remote_settings(session_.get(),
                                                         NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
      // One who takes less than every call has is not taken at its word.
      most_head_bytes_ =
          std::clamp<size_t>(nghttp2_session_get_remote_settings(
                                 session_.get(), NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE),
                             kOwnHeadBytes, kMostHeadBytes);
      return events_.OnSettings();
    case NGHTTP2_GOAWAY:
      going_away_ = true;
      return events_.OnGoaway(
          frame.goaway.error_code,
          {reinterpret_cast<const char*>(frame.goaway.opaque_data), frame.goaway.opaque_data_len});
    default:
      return;
  }
}

void H2Session::OnHeadersFrame(const nghttp2_frame& frame) {
  ++answers_;
  H2Call* call = CallOf(frame.hd.stream_id);
  if (call) call->OnEndOfFields((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
}

void H2Session::OnStreamClose(int32_t stream_id, uint32_t http2_error) {
  --streams_;
  if (H2Call* call = CallOf(stream_id)) {
    const std::string_view name = NameOfHttp2Error(http2_error);
    if (http2_error == NGHTTP2_REFUSED_STREAM) {
      // Without a reset of its own it was above the last id of a GOAWAY.
      call->OnNeverProcessed(call->got_reset ? "UPSTREAM_REFUSED" : "UPSTREAM_RESET",
                             "the back end refused the stream");
    } else if (call->got_reset) {
      call->Fail(Reset(CodeOfReset(http2_error), Cat("the back end reset the stream with ", name)));
    } else {
      const std::string why = error_.empty() ? std::string(name) : std::exchange(error_, {});
      call->Fail(
          ProtocolError(absl::StatusCode::kInternal, Cat("the answer breaks HTTP/2: ", why)));
    }
  }
  events_.OnStreamClosed();
}

void H2Session::FailAll(const absl::Status& status) {
  going_away_ = true;
  while (!calls_.empty()) {
    H2Call& call = calls_.front();
    if (call.started_at_gather() == gathers_) {
      call.OnNeverProcessed("UPSTREAM_RESET", "the connection was lost before the call was sent");
    } else {
      call.Fail(status);
    }
  }
}

}  // namespace frontdesk::upstream
