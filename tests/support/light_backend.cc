#include "tests/support/light_backend.h"

#include <fcntl.h>

#include <utility>

#include "tests/support/light_connection.h"

namespace frontdesk::testing_support {

using boost::asio::ip::tcp;
using boost::system::error_code;

LightBackend::LightBackend(Loop& loop, const LightBackendOptions& options)
    : loop_(loop),
      options_(options),
      behaviour_(options.behaviour),
      port_(options.port),
      acceptor_(loop.io()) {
  Listen();
}

LightBackend::~LightBackend() {
  while (!connections_.empty()) (*connections_.begin())->Close();
}

size_t LightBackend::open_streams() const {
  size_t count = 0;
  for (const auto& connection : connections_) count += connection->streams();
  return count;
}

void LightBackend::Forget() {
  calls_ = 0;
  accepted_ = 0;
  unprocessed_ = 0;
  seen_.clear();
}

void LightBackend::Behave(const LightBehaviour& behaviour) {
  const bool announce = behaviour.max_concurrent_streams != behaviour_.max_concurrent_streams;
  behaviour_ = behaviour;
  // Who was kept in silence notices that times have changed.
  if (behaviour_.accept != LightBehaviour::Accept::kSilent) silent_.clear();
  if (!announce) return;
  for (const auto& connection : connections_)
    connection->Announce(behaviour_.max_concurrent_streams);
}

void LightBackend::Refuse() {
  error_code ignored;
  acceptor_.close(ignored);
}

void LightBackend::Listen() {
  if (acceptor_.is_open()) return;
  const tcp::endpoint at(boost::asio::ip::make_address(options_.address), port_);
  acceptor_.open(at.protocol());
  // A program that is started meanwhile would keep it open.
  ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.bind(at);
  acceptor_.listen();
  port_ = acceptor_.local_endpoint().port();
  if (dropping_) SetDropping(acceptor_.native_handle(), true);
  Accept();
}

void LightBackend::ResetAll() {
  while (!connections_.empty()) (*connections_.begin())->Reset();
}

void LightBackend::Goaway(Duration notice) {
  for (const auto& connection : connections_) connection->Goaway(notice);
}

void LightBackend::GoawayBelow() {
  for (const auto& connection : connections_) connection->GoawayBelow();
}

bool LightBackend::Drop(bool on) {
  if (std::exchange(dropping_, on) == on) return true;
  bool done = !acceptor_.is_open() || SetDropping(acceptor_.native_handle(), on);
  for (const auto& connection : connections_) done = connection->Drop(on) && done;
  return done;
}

void LightBackend::Pause(bool on) {
  paused_ = on;
  for (const auto& connection : connections_) connection->Pause(on);
}

void LightBackend::Accept() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (error == boost::asio::error::operation_aborted) return;
    if (!error) Admit(std::move(socket));
    Accept();
  });
}

void LightBackend::Admit(tcp::socket socket) {
  ++accepted_;
  switch (behaviour_.accept) {
    case LightBehaviour::Accept::kReset:
      socket.set_option(tcp::socket::linger(true, 0));
      return;
    case LightBehaviour::Accept::kSilent:
      silent_.push_back(std::move(socket));
      return;
    case LightBehaviour::Accept::kServe:
      break;
  }
  auto connection = std::make_shared<Connection>(*this, std::move(socket));
  connections_.insert(connection);
  connection->Pause(paused_);
}

void LightBackend::Start(const std::shared_ptr<Stream>& stream) {
  stream->badly = ++calls_ % behaviour_.one_in == 0;
  if (stream->badly && behaviour_.answer == LightBehaviour::Answer::kRefuseStream) {
    return stream->connection->Refuse(*stream);
  }
  if (options_.remember) {
    LightCalls& calls = seen_[stream->request_id];
    ++calls.count;
    calls.arrived = Clock::now();
  }
  if (behaviour_.slots > 0 && busy_.size() >= behaviour_.slots) {
    queue_.push_back(stream);
  } else {
    Work(stream);
  }
}

void LightBackend::Work(const std::shared_ptr<Stream>& stream) {
  if (behaviour_.relay) return Relay(stream);
  if (behaviour_.delay <= Duration::zero()) return stream->connection->Answer(*stream);
  busy_.emplace(stream.get(), stream);
  loop_.Arm(*stream, loop_.Now() + behaviour_.delay);
}

void LightBackend::Relay(const std::shared_ptr<Stream>& stream) {
  behaviour_.relay(stream->request_id, stream->Message(), [stream](int status) {
    if (!stream->connection) return;
    if (status == 0) return stream->connection->Answer(*stream);
    stream->connection->AnswerStatus(*stream, status);
  });
}

// Who gave up keeps the slot to the end, and is passed over in the queue.
void LightBackend::OnWorked(Stream& stream) {
  const auto node = busy_.extract(&stream);  // keeps it for as long as this takes
  if (stream.connection) stream.connection->Answer(stream);
  while (!queue_.empty() && (behaviour_.slots == 0 || busy_.size() < behaviour_.slots)) {
    const std::shared_ptr<Stream> next = std::move(queue_.front());
    queue_.pop_front();
    if (next->connection) Work(next);
  }
}

}  // namespace frontdesk::testing_support
