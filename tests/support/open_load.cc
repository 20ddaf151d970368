#include "tests/support/open_load.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "gateway/base/text.h"
#include "tests/support/http_answer.h"

namespace frontdesk::testing_support {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

// So that all numbers are equally long, and none is the beginning of another.
constexpr uint64_t kFirst = 100000000;

// "" when there is none.
std::string ReasonIn(std::string_view body) {
  constexpr std::string_view kReason = "\"reason\":\"";
  const size_t at = body.find(kReason);
  if (at == std::string_view::npos) return "";
  body.remove_prefix(at + kReason.size());
  return std::string(body.substr(0, body.find('"')));
}

std::string WithId(std::string_view text, std::string_view id) {
  constexpr std::string_view kId = "{id}";
  const size_t at = text.find(kId);
  if (at == std::string_view::npos) return std::string(text);
  return Cat(text.substr(0, at), id, text.substr(at + kId.size()));
}

float Milliseconds(Duration time) { return std::chrono::duration<float, std::milli>(time).count(); }

}  // namespace

struct OpenLoad::Request {
  size_t route;
  TimePoint due;
  TimePoint sent;  // or when it began to connect
  std::string id;
};

class OpenLoad::Connection final : public std::enable_shared_from_this<Connection>, private Timer {
 public:
  explicit Connection(OpenLoad& load) : load_(&load), socket_(load.loop_.io()) {}

  void Send(std::unique_ptr<Request> request);
  // Whatever is under way is not counted any more.
  void Close();

 private:
  void Connect();
  void Write();
  void Read();
  void OnRead(size_t size);
  void OnTimer() override;  // the client's patience is over, or it leaves
  void Fail();

  OpenLoad* load_;  // null once closed
  tcp::socket socket_;
  bool connected_ = false;
  bool leaves_ = false;
  bool writing_ = false;
  std::unique_ptr<Request> request_;
  std::string out_;
  HttpAnswer answer_;
  std::array<char, 8192> in_;
};

void OpenLoad::Connection::Send(std::unique_ptr<Request> request) {
  request_ = std::move(request);
  request_->sent = Clock::now();
  const LoadPlan& plan = load_->plan_;
  const LoadRoute& route = plan.routes[request_->route];
  const std::string body = WithId(route.body, request_->id);
  out_ = Cat(route.method, ' ', WithId(route.target, request_->id),
             " HTTP/1.1\r\nhost: 127.0.0.1\r\nx-request-id: ", request_->id, "\r\n", route.headers);
  if (!body.empty()) out_ += Cat("content-length: ", body.size(), "\r\n");
  out_ += Cat("\r\n", body);
  leaves_ = route.leaves_after > Duration::zero();
  load_->loop_.Arm(*this,
                   leaves_ ? request_->sent + route.leaves_after : request_->due + plan.patience);
  if (connected_) {
    Write();
  } else {
    Connect();
  }
}

void OpenLoad::Connection::Connect() {
  const tcp::endpoint server(boost::asio::ip::address_v4::loopback(), load_->plan_.port);
  socket_.async_connect(server, [self = shared_from_this()](const error_code& error) {
    if (!self->load_) return;
    if (error) return self->Fail();
    self->connected_ = true;
    self->socket_.non_blocking(true);
    self->socket_.set_option(tcp::no_delay(true));
    self->Read();
    self->Write();
  });
}

void OpenLoad::Connection::Write() {
  error_code error;
  out_.erase(0, socket_.write_some(boost::asio::buffer(out_), error));
  if (error && error != boost::asio::error::would_block) return Fail();
  if (out_.empty()) return;
  writing_ = true;
  boost::asio::async_write(
      socket_, boost::asio::buffer(out_),
      [self = shared_from_this()](const error_code&, size_t) { self->writing_ = false; });
}

void OpenLoad::Connection::Read() {
  socket_.async_read_some(boost::asio::buffer(in_),
                          [self = shared_from_this()](const error_code& error, size_t size) {
                            if (!self->load_) return;
                            if (error) return self->Fail();
                            self->OnRead(size);
                          });
}

void OpenLoad::Connection::OnRead(size_t size) {
  const HttpAnswer::State state = answer_.Feed({in_.data(), size});
  if (!request_ || state == HttpAnswer::State::kBroken) return Fail();
  if (state == HttpAnswer::State::kMore) return Read();
  Disarm();
  load_->End(*std::exchange(request_, nullptr), static_cast<int16_t>(answer_.status()),
             answer_.retry_after(), answer_.body());
  const bool closes = answer_.closes() || writing_;
  answer_.Clear();
  if (closes) return Close();
  Read();
  load_->OnFree(*this);
}

void OpenLoad::Connection::OnTimer() {
  if (!leaves_) return Fail();
  load_->report_.left.emplace(request_->id, Clock::now());
  load_->End(*std::exchange(request_, nullptr), LoadSample::kLeft);
  Close();
}

void OpenLoad::Connection::Fail() {
  if (request_) load_->End(*std::exchange(request_, nullptr), LoadSample::kLost);
  Close();
}

void OpenLoad::Connection::Close() {
  if (!load_) return;
  error_code ignored;
  socket_.close(ignored);
  Disarm();
  std::exchange(load_, nullptr)->OnGone(*this);
}

OpenLoad::OpenLoad(Loop& loop, LoadPlan plan)
    : loop_(loop), plan_(std::move(plan)), random_(plan_.seed), timer_(loop.io()) {
  for (const LoadRoute& route : plan_.routes) by_route_.push_back(&report_.routes[route.name]);
  report_.seconds = std::chrono::duration<double>(plan_.length).count();
}

OpenLoad::~OpenLoad() {
  ended_ = true;
  waiting_.clear();
  while (!connections_.empty()) (*connections_.begin())->Close();
}

void OpenLoad::Start() {
  start_ = next_ = report_.start = Clock::now() + plan_.after;
  if (!closed_loop()) return Tick();
  for (size_t i = 0; i < plan_.connections; ++i) Begin(start_);
}

void OpenLoad::Tick() {
  const TimePoint now = Clock::now();
  const TimePoint end = start_ + plan_.length;
  for (; next_ <= now && next_ < end; next_ += Gap()) Begin(next_);
  if (next_ >= end) {
    ended_ = true;
    return;
  }
  timer_.expires_at(next_);
  timer_.async_wait([this](const error_code& error) {
    if (!error) Tick();
  });
}

Duration OpenLoad::Gap() {
  const double mean = 1 / plan_.rate;
  const double seconds =
      plan_.poisson ? std::exponential_distribution<double>(plan_.rate)(random_) : mean;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

void OpenLoad::Begin(TimePoint due) {
  auto request = std::make_unique<Request>();
  request->route = numbered_ % plan_.routes.size();
  request->due = due;
  request->id = Cat(plan_.ids, '-', plan_.routes[request->route].name, '-', kFirst + numbered_++);
  ++open_;
  Dispatch(std::move(request));
}

void OpenLoad::Dispatch(std::unique_ptr<Request> request) {
  if (!idle_.empty()) {
    Connection* connection = idle_.back();
    idle_.pop_back();
    return connection->Send(std::move(request));
  }
  if (connections_.size() >= plan_.connections) {
    waiting_.push_back(std::move(request));
    return;
  }
  const auto connection = std::make_shared<Connection>(*this);
  connections_.insert(connection);
  report_.most_connections = std::max(report_.most_connections, connections_.size());
  connection->Send(std::move(request));
}

void OpenLoad::OnFree(Connection& connection) {
  if (closed_loop()) {
    const TimePoint now = Clock::now();
    ended_ = ended_ || now >= start_ + plan_.length;
    idle_.push_back(&connection);
    if (!ended_) Begin(now);
    return;
  }
  idle_.push_back(&connection);
  while (!idle_.empty()) {
    std::unique_ptr<Request> request = NextWaiting();
    if (!request) return;
    Dispatch(std::move(request));
  }
}

std::unique_ptr<OpenLoad::Request> OpenLoad::NextWaiting() {
  const TimePoint now = Clock::now();
  while (!waiting_.empty()) {
    std::unique_ptr<Request> request = std::move(waiting_.front());
    waiting_.pop_front();
    if (now <= request->due + plan_.patience) return request;
    End(*request, LoadSample::kLost);
  }
  return nullptr;
}

void OpenLoad::OnGone(Connection& connection) {
  std::erase(idle_, &connection);
  connections_.erase(connection.shared_from_this());
  if (waiting_.empty() && (ended_ || !closed_loop())) return;
  // In a turn of its own: a server that refuses would be asked again and again in this one.
  loop_.Post([self = std::weak_ptr<OpenLoad*>(self_)] {
    if (const auto load = self.lock()) (*load)->OnRoom();
  });
}

void OpenLoad::OnRoom() {
  if (closed_loop()) {
    const TimePoint now = Clock::now();
    ended_ = ended_ || now >= start_ + plan_.length;
    if (!ended_) Begin(now);
  } else if (std::unique_ptr<Request> request = NextWaiting()) {
    Dispatch(std::move(request));
  }
}

void OpenLoad::End(const Request& request, int16_t status, bool retry_after,
                   std::string_view body) {
  --open_;
  RouteReport& route = *by_route_[request.route];
  const LoadSample sample{Milliseconds(request.due - start_),
                          Milliseconds(Clock::now() - request.due), status, retry_after,
                          Milliseconds(std::max(request.sent, request.due) - request.due)};
  route.samples.push_back(sample);
  if (IsGood(sample)) {
    const bool mine = body.find(request.id) != std::string_view::npos;
    if (plan_.routes[request.route].echoes_id && !mine) ++route.crossed;
  } else if (status > 0) {
    ++route.reasons[ReasonIn(body)];
  }
}

LoadReport RunLoad(Loop& loop, const LoadPlan& plan) {
  OpenLoad load(loop, plan);
  load.Start();
  loop.RunUntil([&] { return load.done(); });
  return load.report();
}

}  // namespace frontdesk::testing_support
