#include "tests/support/light_connection.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstring>
#include <iterator>
#include <utility>

#include "gateway/base/text.h"

namespace frontdesk::testing_support {

using boost::asio::ip::tcp;
using boost::system::error_code;
using Answer = LightBehaviour::Answer;

namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kMostAtOnce = 1 << 20;

nghttp2_nv Field(std::string_view name, std::string_view value) {
  nghttp2_nv field;
  field.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data()));
  field.value = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data()));
  field.namelen = name.size();
  field.valuelen = value.size();
  field.flags = NGHTTP2_NV_FLAG_NONE;
  return field;
}

std::string_view View(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// The message, and a field 2 of text behind it.
std::string Framed(std::string_view message, size_t padding) {
  std::string behind;
  if (padding > 0) {
    behind = "\x12";
    for (size_t left = padding; left > 0; left >>= 7) {
      behind += static_cast<char>((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    }
    behind.append(padding, 'x');
  }
  const auto size = static_cast<uint32_t>(message.size() + behind.size());
  const std::string prefix = {0, static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                              static_cast<char>(size >> 8), static_cast<char>(size)};
  return Cat(prefix, message, behind);
}

}  // namespace

bool SetDropping(int socket, bool on) {
  sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &drop_all};
  const int option = on ? SO_ATTACH_FILTER : SO_DETACH_FILTER;
  return ::setsockopt(socket, SOL_SOCKET, option, &program, sizeof program) == 0;
}

LightBackend::Connection::Connection(LightBackend& backend, tcp::socket socket)
    : backend_(&backend),
      loop_(backend.loop_),
      socket_(std::move(socket)),
      in_(kReadBytes),
      last_goaway_(*this) {
  socket_.non_blocking(true);
  socket_.set_option(tcp::no_delay(true));
  static nghttp2_session_callbacks* const callbacks = MakeCallbacks();
  nghttp2_session_server_new(&session_, callbacks, this);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 64 << 20);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, backend.behaviour_.max_concurrent_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 4 << 20}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  loop_.FlushSoon(*this);
}

LightBackend::Connection::~Connection() { nghttp2_session_del(session_); }

void LightBackend::Connection::Pause(bool on) {
  paused_ = on;
  if (!paused_ && !reading_) Read();
  loop_.FlushSoon(*this);
}

void LightBackend::Connection::Read() {
  reading_ = true;
  socket_.async_read_some(boost::asio::buffer(in_),
                          [self = shared_from_this()](const error_code& error, size_t size) {
                            self->OnRead(error, size);
                          });
}

void LightBackend::Connection::Close() {
  error_code ignored;
  socket_.close(ignored);
  last_goaway_.Disarm();
  for (const auto& [id, stream] : streams_) stream->connection = nullptr;
  if (!backend_) return;
  LightBackend* backend = std::exchange(backend_, nullptr);
  backend->connections_.erase(shared_from_this());
}

void LightBackend::Connection::Reset() {
  error_code ignored;
  socket_.set_option(tcp::socket::linger(true, 0), ignored);
  Close();
}

void LightBackend::Connection::Announce(uint32_t max_concurrent_streams) {
  const nghttp2_settings_entry entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                     max_concurrent_streams};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &entry, 1);
  loop_.FlushSoon(*this);
}

void LightBackend::Connection::Goaway(Duration notice) {
  nghttp2_submit_shutdown_notice(session_);
  loop_.Arm(last_goaway_, loop_.Now() + notice);
  loop_.FlushSoon(*this);
}

void LightBackend::Connection::LastGoaway::OnTimer() {
  nghttp2_session* session = connection.session_;
  nghttp2_submit_goaway(session, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session), NGHTTP2_NO_ERROR, nullptr,
                        0);
  connection.loop_.FlushSoon(connection);
}

void LightBackend::Connection::GoawayBelow() {
  last_taken_ = nghttp2_session_get_last_proc_stream_id(session_);
}

bool LightBackend::Connection::Drop(bool on) {
  dropping_ = on;
  loop_.FlushSoon(*this);
  return SetDropping(socket_.native_handle(), on);
}

nghttp2_session_callbacks* LightBackend::Connection::MakeCallbacks() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
  return callbacks;
}

int LightBackend::Connection::OnHeader(nghttp2_session*, const nghttp2_frame* frame,
                                       const uint8_t* name, size_t name_size, const uint8_t* value,
                                       size_t value_size, uint8_t, void* user) {
  Connection& self = Self(user);
  if (!self.backend_ || !self.backend_->options_.remember) return 0;
  if (View(name, name_size) == "x-request-id") {
    self.StreamOf(frame->hd.stream_id)->request_id = View(value, value_size);
  }
  return 0;
}

int LightBackend::Connection::OnData(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data,
                                     size_t size, void* user) {
  Connection& self = Self(user);
  if (self.backend_ && self.backend_->options_.echo) {
    self.StreamOf(id)->request.append(View(data, size));
  }
  return 0;
}

int LightBackend::Connection::OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  const bool request = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
  if (request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
    Self(user).OnRequest(frame->hd.stream_id);
  }
  if (frame->hd.type == NGHTTP2_PING && !(frame->hd.flags & NGHTTP2_FLAG_ACK)) Self(user).OnPing();
  return 0;
}

int LightBackend::Connection::OnClose(nghttp2_session*, int32_t id, uint32_t error, void* user) {
  Connection& self = Self(user);
  const auto at = self.streams_.find(id);
  if (at == self.streams_.end()) return 0;
  Stream& stream = *at->second;
  stream.connection = nullptr;
  if (self.backend_ && self.backend_->options_.remember && error != NGHTTP2_NO_ERROR &&
      error != NGHTTP2_REFUSED_STREAM) {
    self.backend_->seen_[stream.request_id].cancelled = Clock::now();
  }
  self.streams_.erase(at);
  return 0;
}

ssize_t LightBackend::Connection::ReadAnswer(nghttp2_session* session, int32_t id, uint8_t* to,
                                             size_t size, uint32_t* flags,
                                             nghttp2_data_source* source, void* user) {
  Stream& stream = *static_cast<Stream*>(source->ptr);
  const Connection& self = Self(user);
  if (self.reset_when_flushed_ && stream.sent > 0) return NGHTTP2_ERR_DEFERRED;
  const size_t left = stream.answer.size() - stream.sent;
  const size_t count = std::min(size, self.reset_when_flushed_ ? left / 2 : left);
  std::memcpy(to, stream.answer.data() + stream.sent, count);
  stream.sent += count;
  if (stream.sent == stream.answer.size()) {
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const nghttp2_nv trailers[] = {Field("grpc-status", "0")};
    nghttp2_submit_trailer(session, id, trailers, std::size(trailers));
  }
  return static_cast<ssize_t>(count);
}

const std::shared_ptr<LightBackend::Stream>& LightBackend::Connection::StreamOf(int32_t id) {
  std::shared_ptr<Stream>& stream = streams_[id];
  if (!stream) stream = std::make_shared<Stream>(*backend_, *this, id);
  return stream;
}

void LightBackend::Connection::OnPing() {
  if (!backend_ || !backend_->behaviour_.hates_pings) return;
  const std::string_view why = "too_many_pings";
  nghttp2_submit_goaway(
      session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
      NGHTTP2_ENHANCE_YOUR_CALM, reinterpret_cast<const uint8_t*>(why.data()), why.size());
  loop_.FlushSoon(*this);
}

void LightBackend::Connection::OnRequest(int32_t id) {
  if (!backend_) return;
  if (last_taken_ && id > *last_taken_) return LeaveUnprocessed();
  const std::shared_ptr<Stream> stream = StreamOf(id);
  backend_->Start(stream);
}

// With the GOAWAY, nghttp2 closes all streams above the last id.
void LightBackend::Connection::LeaveUnprocessed() {
  ++backend_->unprocessed_;
  if (std::exchange(left_unprocessed_, true)) return;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, *last_taken_, NGHTTP2_NO_ERROR, nullptr, 0);
  loop_.FlushSoon(*this);
}

void LightBackend::Connection::Refuse(const Stream& stream) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_REFUSED_STREAM);
  loop_.FlushSoon(*this);
}

void LightBackend::Connection::Answer(Stream& stream) {
  const LightBehaviour& behaviour = backend_->behaviour_;
  if (stream.badly) {
    switch (behaviour.answer) {
      case Answer::kNever:
        return;
      case Answer::kStatus:
        return AnswerStatus(stream, behaviour.status);
      case Answer::kResetFirst:
        return Reset();
      case Answer::kResetMidway:
        reset_when_flushed_ = true;
        break;
      case Answer::kMessage:
      case Answer::kRefuseStream:
        break;
    }
  }
  std::string_view message = backend_->options_.reply;
  if (backend_->options_.echo) message = stream.Message();
  stream.answer = Framed(message, behaviour.padding);
  const nghttp2_nv head[] = {Field(":status", "200"),
                             Field("content-type", behaviour.content_type)};
  nghttp2_data_provider body;
  body.source.ptr = &stream;
  body.read_callback = ReadAnswer;
  nghttp2_submit_response(session_, stream.id, head, std::size(head), &body);
  loop_.FlushSoon(*this);
}

void LightBackend::Connection::AnswerStatus(const Stream& stream, int code) {
  const std::string status = Cat(code);
  const nghttp2_nv head[] = {Field(":status", "200"), Field("content-type", "application/grpc"),
                             Field("grpc-status", status)};
  nghttp2_submit_response(session_, stream.id, head, std::size(head), nullptr);
  loop_.FlushSoon(*this);
}

void LightBackend::Connection::OnRead(const error_code& error, size_t size) {
  reading_ = false;
  if (!backend_) return;
  if (error) return Close();
  const auto* bytes = reinterpret_cast<const uint8_t*>(in_.data());
  if (nghttp2_session_mem_recv(session_, bytes, size) < 0) return Close();
  if (!backend_) return;
  loop_.FlushSoon(*this);
  if (!paused_) Read();
}

void LightBackend::Connection::Flush() {
  if (!backend_ || writing_ || dropping_ || paused_) return;
  const uint8_t* data = nullptr;
  ssize_t size = 0;
  while (out_.size() < kMostAtOnce && (size = nghttp2_session_mem_send(session_, &data)) > 0) {
    out_.append(View(data, static_cast<size_t>(size)));
  }
  if (out_.empty() && !nghttp2_session_want_read(session_)) return Close();
  // Nobody else would ask for the rest when the kernel takes all of this.
  if (out_.size() >= kMostAtOnce) loop_.FlushSoon(*this);
  error_code error;
  const size_t written = socket_.write_some(boost::asio::buffer(out_), error);
  out_.erase(0, written);
  if (error && error != boost::asio::error::would_block) return Close();
  if (reset_when_flushed_) return Reset();
  if (out_.empty()) return;
  writing_ = true;
  socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code&) {
    self->writing_ = false;
    self->loop_.FlushSoon(*self);
  });
}

}  // namespace frontdesk::testing_support
