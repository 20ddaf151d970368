#include "tests/support/light_backend.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace frontdesk::testing_support {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr size_t kReadBytes = 64 << 10;

nghttp2_nv Field(std::string_view name, std::string_view value) {
  nghttp2_nv field;
  field.name = reinterpret_cast<uint8_t*>(const_cast<char*>(name.data()));
  field.value = reinterpret_cast<uint8_t*>(const_cast<char*>(value.data()));
  field.namelen = name.size();
  field.valuelen = value.size();
  field.flags = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
  return field;
}

std::string Framed(std::string_view message) {
  const auto size = static_cast<uint32_t>(message.size());
  std::string out = {0, static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                     static_cast<char>(size >> 8), static_cast<char>(size)};
  out.append(message);
  return out;
}

}  // namespace

class LightBackend::Connection final : public std::enable_shared_from_this<Connection>,
                                       private Flushable {
 public:
  Connection(LightBackend& backend, tcp::socket socket)
      : backend_(&backend), loop_(backend.loop_), socket_(std::move(socket)), in_(kReadBytes) {
    socket_.non_blocking(true);
    socket_.set_option(tcp::no_delay(true));
    static nghttp2_session_callbacks* const callbacks = MakeCallbacks();
    nghttp2_session_server_new(&session_, callbacks, this);
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 10000},
                                               {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 4 << 20}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 64 << 20);
    loop_.FlushSoon(*this);
  }
  ~Connection() override { nghttp2_session_del(session_); }

  void Read() {
    socket_.async_read_some(boost::asio::buffer(in_),
                            [self = shared_from_this()](const error_code& error, size_t size) {
                              self->OnRead(error, size);
                            });
  }
  void Close() {
    error_code ignored;
    socket_.close(ignored);
    streams_.clear();
    if (!backend_) return;
    LightBackend* backend = std::exchange(backend_, nullptr);
    backend->connections_.erase(shared_from_this());
  }

 private:
  struct Stream final : Timer {
    Stream(Connection& owner, int32_t stream_id) : connection(owner), id(stream_id) {}
    void OnTimer() override { connection.Answer(*this); }
    Connection& connection;
    const int32_t id;
    std::string request;
    std::string_view answer;  // what is left to send
  };

  static Connection& Self(void* user) { return *static_cast<Connection*>(user); }

  static nghttp2_session_callbacks* MakeCallbacks() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    return callbacks;
  }
  static int OnData(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size,
                    void* user) {
    Connection& self = Self(user);
    if (self.backend_ && self.backend_->options_.echo) {
      self.StreamOf(id).request.append(reinterpret_cast<const char*>(data), size);
    }
    return 0;
  }
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    const bool request = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
      Self(user).OnRequest(frame->hd.stream_id);
    }
    return 0;
  }
  static int OnClose(nghttp2_session*, int32_t id, uint32_t, void* user) {
    Self(user).streams_.erase(id);
    return 0;
  }
  static ssize_t ReadAnswer(nghttp2_session* session, int32_t id, uint8_t* to, size_t size,
                            uint32_t* flags, nghttp2_data_source* source, void*) {
    Stream& stream = *static_cast<Stream*>(source->ptr);
    const size_t count = std::min(size, stream.answer.size());
    std::memcpy(to, stream.answer.data(), count);
    stream.answer.remove_prefix(count);
    if (stream.answer.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const nghttp2_nv trailers[] = {Field("grpc-status", "0")};
      nghttp2_submit_trailer(session, id, trailers, std::size(trailers));
    }
    return static_cast<ssize_t>(count);
  }

  Stream& StreamOf(int32_t id) {
    return *streams_.try_emplace(id, std::make_unique<Stream>(*this, id)).first->second;
  }

  void OnRequest(int32_t id) {
    if (!backend_) return;
    ++backend_->calls_;
    Stream& stream = StreamOf(id);
    if (backend_->options_.delay > Duration::zero()) {
      loop_.Arm(stream, loop_.Now() + backend_->options_.delay);
    } else {
      Answer(stream);
    }
  }

  void Answer(Stream& stream) {
    stream.answer = backend_->options_.echo ? stream.request : backend_->framed_;
    const nghttp2_nv head[] = {Field(":status", "200"), Field("content-type", "application/grpc")};
    nghttp2_data_provider body;
    body.source.ptr = &stream;
    body.read_callback = ReadAnswer;
    nghttp2_submit_response(session_, stream.id, head, std::size(head), &body);
    loop_.FlushSoon(*this);
  }

  void OnRead(const error_code& error, size_t size) {
    if (!backend_) return;
    if (error) return Close();
    const auto* bytes = reinterpret_cast<const uint8_t*>(in_.data());
    if (nghttp2_session_mem_recv(session_, bytes, size) < 0) return Close();
    loop_.FlushSoon(*this);
    Read();
  }

  void Flush() override {
    if (!backend_ || writing_) return;
    const uint8_t* data = nullptr;
    ssize_t size = 0;
    while (out_.size() < (1 << 20) && (size = nghttp2_session_mem_send(session_, &data)) > 0) {
      out_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    }
    if (out_.empty() && !nghttp2_session_want_read(session_)) return Close();
    error_code error;
    const size_t written = socket_.write_some(boost::asio::buffer(out_), error);
    out_.erase(0, written);
    if (error && error != boost::asio::error::would_block) return Close();
    if (out_.empty()) return;
    writing_ = true;
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code&) {
      self->writing_ = false;
      self->loop_.FlushSoon(*self);
    });
  }

  LightBackend* backend_;  // null once closed
  Loop& loop_;
  tcp::socket socket_;
  std::vector<char> in_;
  std::string out_;
  bool writing_ = false;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<int32_t, std::unique_ptr<Stream>> streams_;
};

LightBackend::LightBackend(Loop& loop, const LightBackendOptions& options)
    : loop_(loop),
      options_(options),
      framed_(Framed(options.reply)),
      acceptor_(loop.io(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), options.port)) {
  Accept();
}

LightBackend::~LightBackend() {
  while (!connections_.empty()) (*connections_.begin())->Close();
}

void LightBackend::Accept() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (error == boost::asio::error::operation_aborted) return;
    if (!error) {
      auto connection = std::make_shared<Connection>(*this, std::move(socket));
      connections_.insert(connection);
      connection->Read();
    }
    Accept();
  });
}

}  // namespace frontdesk::testing_support
