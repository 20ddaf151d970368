#include "tests/support/scripted_h2_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace frontdesk::testing_support {
namespace {

constexpr size_t kPrefaceBytes = 24;
constexpr size_t kFrameHeadBytes = 9;
constexpr size_t kMaxFrame = 16384;

uint32_t Number(std::string_view bytes) {
  uint32_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::string Bytes(uint32_t number, int count) {
  std::string out;
  for (int i = count - 1; i >= 0; --i) out.push_back(static_cast<char>(number >> (8 * i)));
  return out;
}

}  // namespace

std::string ScriptedRequest::Field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "";
}

std::string GrpcMessage(std::string_view message) {
  return std::string(1, '\0') + Bytes(static_cast<uint32_t>(message.size()), 4) +
         std::string(message);
}

HeaderFields GrpcHead() { return {{":status", "200"}, {"content-type", "application/grpc"}}; }

ScriptedConnection::ScriptedConnection(int socket) : socket_(socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  nghttp2_hd_deflate_new(&deflater_, 4096);
  nghttp2_hd_inflate_new(&inflater_);
}

ScriptedConnection::~ScriptedConnection() {
  nghttp2_hd_deflate_del(deflater_);
  nghttp2_hd_inflate_del(inflater_);
  ::close(socket_);
}

bool ScriptedConnection::ReadExactly(char* to, size_t size) {
  while (size > 0) {
    const ssize_t count = ::recv(socket_, to, size, 0);
    if (count <= 0) return false;
    to += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

bool ScriptedConnection::Handshake(const std::vector<std::pair<uint16_t, uint32_t>>& settings) {
  preface_.resize(kPrefaceBytes);
  if (!ReadExactly(preface_.data(), kPrefaceBytes)) return false;
  Settings(settings);
  return true;
}

bool ScriptedConnection::ReadFrame() {
  char head[kFrameHeadBytes];
  if (!ReadExactly(head, sizeof head)) return false;
  std::string payload(Number({head, 3}), '\0');
  if (!ReadExactly(payload.data(), payload.size())) return false;
  const auto type = static_cast<uint8_t>(head[3]);
  const auto flags = static_cast<uint8_t>(head[4]);
  const auto stream = static_cast<int32_t>(Number({head + 5, 4}) & 0x7fffffff);
  switch (type) {
    case NGHTTP2_HEADERS:
      OnHeaderBlock(stream, payload);
      break;
    case NGHTTP2_DATA:
      streams_[stream].request.body += payload;
      break;
    case NGHTTP2_RST_STREAM:
      streams_[stream].reset = Number(payload);
      break;
    case NGHTTP2_SETTINGS:
      OnSettings(flags, payload);
      break;
    case NGHTTP2_PING:
      if (!(flags & NGHTTP2_FLAG_ACK)) Frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, payload);
      ++pings_;
      break;
    case NGHTTP2_WINDOW_UPDATE:
      (stream == 0 ? window_ : streams_[stream].window) += Number(payload);
      break;
    default:
      break;
  }
  const bool ends = type == NGHTTP2_HEADERS || type == NGHTTP2_DATA;
  if (ends && (flags & NGHTTP2_FLAG_END_STREAM)) streams_[stream].request.complete = true;
  return true;
}

void ScriptedConnection::OnSettings(uint8_t flags, std::string_view payload) {
  if (flags & NGHTTP2_FLAG_ACK) return;
  for (; payload.size() >= 6; payload.remove_prefix(6)) {
    if (Number(payload.substr(0, 2)) != NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE) continue;
    const int64_t size = Number(payload.substr(2, 4));
    // Streams that are open already grow or shrink with it (RFC 9113, 6.9.2).
    for (auto& [id, state] : streams_) state.window += size - initial_window_;
    initial_window_ = size;
  }
  Frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, "");
}

void ScriptedConnection::OnHeaderBlock(int32_t stream, std::string_view block) {
  StreamState& state = streams_[stream];
  state.request.stream = stream;
  state.window = initial_window_;
  const auto* in = reinterpret_cast<const uint8_t*>(block.data());
  size_t left = block.size();
  while (true) {
    nghttp2_nv field;
    int flags = 0;
    const ssize_t taken = nghttp2_hd_inflate_hd2(inflater_, &field, &flags, in, left, 1);
    if (taken < 0) throw std::runtime_error("the client's header block can't be read");
    in += taken;
    left -= static_cast<size_t>(taken);
    if (flags & NGHTTP2_HD_INFLATE_EMIT) {
      state.request.fields.emplace_back(
          std::string(reinterpret_cast<char*>(field.name), field.namelen),
          std::string(reinterpret_cast<char*>(field.value), field.valuelen));
    }
    if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_);
}

std::optional<ScriptedRequest> ScriptedConnection::Next(bool whole) {
  while (true) {
    for (auto& [id, state] : streams_) {
      bool& given = whole ? state.given : state.headers_given;
      if (given || id == 0 || state.request.fields.empty()) continue;
      if (whole && !state.request.complete) continue;
      given = true;
      return state.request;
    }
    if (!ReadFrame()) return std::nullopt;
  }
}

std::optional<ScriptedRequest> ScriptedConnection::NextRequest() { return Next(true); }
std::optional<ScriptedRequest> ScriptedConnection::NextHeaders() { return Next(false); }

std::optional<uint32_t> ScriptedConnection::WaitForReset(int32_t stream) {
  while (!streams_[stream].reset) {
    if (!ReadFrame()) return std::nullopt;
  }
  return streams_[stream].reset;
}

void ScriptedConnection::WaitForEnd() {
  while (ReadFrame()) {
  }
}

void ScriptedConnection::Headers(int32_t stream, const HeaderFields& fields, bool end) {
  std::vector<nghttp2_nv> list;
  for (const auto& [name, value] : fields) {
    list.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                    reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                    value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  std::string block(nghttp2_hd_deflate_bound(deflater_, list.data(), list.size()), '\0');
  const ssize_t size = nghttp2_hd_deflate_hd(deflater_, reinterpret_cast<uint8_t*>(block.data()),
                                             block.size(), list.data(), list.size());
  block.resize(static_cast<size_t>(size));
  const uint8_t end_stream = end ? NGHTTP2_FLAG_END_STREAM : NGHTTP2_FLAG_NONE;
  std::string_view rest = block;
  uint8_t type = NGHTTP2_HEADERS;
  do {
    const std::string_view piece = rest.substr(0, kMaxFrame);
    rest.remove_prefix(piece.size());
    const uint8_t last = rest.empty() ? NGHTTP2_FLAG_END_HEADERS : NGHTTP2_FLAG_NONE;
    Frame(type, last | (type == NGHTTP2_HEADERS ? end_stream : 0), stream, piece);
    type = NGHTTP2_CONTINUATION;
  } while (!rest.empty());
}

bool ScriptedConnection::Data(int32_t stream, std::string_view bytes, bool end) {
  StreamState& state = streams_[stream];
  do {
    while (!bytes.empty() && (state.window <= 0 || window_ <= 0) && !state.reset) {
      if (!ReadFrame()) return false;
    }
    if (state.reset) return false;
    const int64_t room = std::min({state.window, window_, int64_t{kMaxFrame}});
    const std::string_view piece = bytes.substr(0, static_cast<size_t>(std::max<int64_t>(0, room)));
    bytes.remove_prefix(piece.size());
    state.window -= static_cast<int64_t>(piece.size());
    window_ -= static_cast<int64_t>(piece.size());
    Frame(NGHTTP2_DATA, end && bytes.empty() ? NGHTTP2_FLAG_END_STREAM : 0, stream, piece);
  } while (!bytes.empty());
  return true;
}

void ScriptedConnection::Reset(int32_t stream, uint32_t code) {
  Frame(NGHTTP2_RST_STREAM, 0, stream, Bytes(code, 4));
}

void ScriptedConnection::Goaway(int32_t last_stream, uint32_t code, std::string_view debug) {
  Frame(NGHTTP2_GOAWAY, 0, 0,
        Bytes(static_cast<uint32_t>(last_stream), 4) + Bytes(code, 4) + std::string(debug));
}

void ScriptedConnection::Settings(const std::vector<std::pair<uint16_t, uint32_t>>& entries) {
  std::string payload;
  for (const auto& [identifier, value] : entries) {
    payload += Bytes(identifier, 2) + Bytes(value, 4);
  }
  Frame(NGHTTP2_SETTINGS, 0, 0, payload);
}

void ScriptedConnection::Frame(uint8_t type, uint8_t flags, int32_t stream,
                               std::string_view payload) {
  std::string frame = Bytes(static_cast<uint32_t>(payload.size()), 3);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  frame += Bytes(static_cast<uint32_t>(stream), 4);
  frame += payload;
  Raw(frame);
}

void ScriptedConnection::Raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;  // the client left; reading will tell
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

void ScriptedConnection::Close(bool hard) {
  if (hard) {
    const linger reset{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    return;  // takes effect when the script returns and the socket is closed
  }
  ::shutdown(socket_, SHUT_RDWR);
}

void ScriptedConnection::Answer(int32_t stream, std::string_view message) {
  Headers(stream, GrpcHead(), !kEnd);
  Data(stream, GrpcMessage(message), !kEnd);
  Headers(stream, {{"grpc-status", "0"}}, kEnd);
}

ScriptedH2Server::ScriptedH2Server(Script script) : script_(std::move(script)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { AcceptLoop(); });
}

ScriptedH2Server::~ScriptedH2Server() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& connection : open_) ::shutdown(connection->socket_, SHUT_RDWR);
  }
  for (std::thread& script : scripts_) script.join();
  ::close(listener_);
}

std::string ScriptedH2Server::address() const { return "127.0.0.1:" + std::to_string(port_); }

void ScriptedH2Server::AcceptLoop() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (stopping_ || socket < 0) {
      if (socket >= 0) ::close(socket);
      return;
    }
    const int nth = accepted_++;
    auto connection = std::make_shared<ScriptedConnection>(socket);
    const std::lock_guard lock(mutex_);
    open_.push_back(connection);
    scripts_.emplace_back([this, nth, connection = std::move(connection)]() mutable {
      script_(*connection, nth);
      const std::lock_guard done(mutex_);
      std::erase(open_, connection);
      connection.reset();
    });
  }
}

}  // namespace frontdesk::testing_support
