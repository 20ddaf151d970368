#include "tests/support/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>

namespace frontdesk::testing_support {

std::string RawResponse::Header(std::string_view name) const {
  for (const auto& [field, value] : headers) {
    if (field == name) return value;
  }
  return "";
}

size_t RawResponse::Count(std::string_view name) const {
  return static_cast<size_t>(std::count_if(headers.begin(), headers.end(),
                                           [name](const auto& f) { return f.first == name; }));
}

RawClient::RawClient(uint16_t port, std::chrono::seconds patience) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{patience.count(), 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Close();
}

RawClient::~RawClient() { Close(); }

uint16_t RawClient::local_port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

ssize_t RawClient::Receive(char* into, size_t size) { return ::recv(fd_, into, size, 0); }

ssize_t RawClient::Transmit(const char* bytes, size_t size) {
  return ::send(fd_, bytes, size, MSG_NOSIGNAL);
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = Transmit(bytes.data(), bytes.size());
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool RawClient::SendInPieces(std::string_view bytes, size_t size) {
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, size);
    if (!Send(piece)) return false;
    bytes.remove_prefix(piece.size());
  }
  return true;
}

bool RawClient::Fill() {
  if (fd_ < 0) return false;
  char bytes[16384];
  const ssize_t got = Receive(bytes, sizeof bytes);
  if (got < 0) {
    reset_ = errno == ECONNRESET;
    timed_out_ = errno == EAGAIN;
  }
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<size_t>(got));
  return true;
}

std::optional<std::string> RawClient::Line() {
  size_t end;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!Fill()) return std::nullopt;
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

bool RawClient::Take(size_t bytes, std::string& into) {
  while (buffer_.size() < bytes) {
    if (Fill()) continue;
    into.append(std::exchange(buffer_, ""));
    return false;
  }
  into.append(buffer_, 0, bytes);
  buffer_.erase(0, bytes);
  return true;
}

void RawClient::ReadChunks(RawResponse& response) {
  while (true) {
    const std::optional<std::string> line = Line();
    response.cut = !line || line->empty();
    if (response.cut) return;
    const size_t size = std::strtoul(line->c_str(), nullptr, 16);
    response.cut = !Take(size, response.body);
    if (response.cut) return;
    const std::optional<std::string> end = Line();
    response.cut = !end || !end->empty();
    if (response.cut || size == 0) return;
  }
}

std::optional<RawResponse> RawClient::Read(bool head) {
  RawResponse response;
  const std::optional<std::string> status = Line();
  if (!status || status->rfind("HTTP/1.1 ", 0) != 0 || status->size() < 13) return std::nullopt;
  response.status = std::atoi(status->c_str() + 9);
  response.reason = status->substr(13);
  while (true) {
    const std::optional<std::string> line = Line();
    if (!line) return std::nullopt;
    if (line->empty()) break;
    const size_t colon = line->find(": ");
    if (colon == std::string::npos) return std::nullopt;
    std::string name = line->substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    response.headers.emplace_back(std::move(name), line->substr(colon + 2));
  }
  if (head || response.status < 200 || response.status == 204 || response.status == 304) {
    return response;
  }
  if (response.Header("transfer-encoding") == "chunked") {
    ReadChunks(response);
  } else if (response.Count("content-length") > 0) {
    const size_t length = std::strtoul(response.Header("content-length").c_str(), nullptr, 10);
    response.cut = !Take(length, response.body);
  } else {
    response.body = ReadToEnd();
    response.cut = reset_;
  }
  return response;
}

std::string RawClient::ReadToEnd() {
  while (Fill()) {
  }
  return std::exchange(buffer_, "");
}

bool RawClient::AtEnd() { return buffer_.empty() && !Fill() && !timed_out_; }

void RawClient::ShutdownWrite() { ::shutdown(fd_, SHUT_WR); }

void RawClient::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void RawClient::Reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  Close();
}

void RawClient::ReceiveBuffer(int bytes) {
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

}  // namespace frontdesk::testing_support
