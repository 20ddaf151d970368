#include "gateway/http/poller.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace frontdesk::http {
namespace {

int MakeEpoll() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return fd;
}

}  // namespace

Poller::Poller(Loop& loop) : loop_(loop), epoll_(loop.io(), MakeEpoll()) { Wait(); }

Poller::~Poller() { loop_.WhenIdle(nullptr); }

void Poller::Measure(Lateness& lateness) {
  probe_.emplace(loop_);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = static_cast<Watched*>(&*probe_);
  const int fd = probe_->queue().fd();
  if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
  lateness_ = &lateness;
}

bool Poller::Watch(int fd, Watched& watched) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watched;
  return ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::Forget(const Watched& watched) {
  for (size_t i = next_; i < count_; ++i) {
    if (ready_[i].data.ptr == &watched) ready_[i].data.ptr = nullptr;
  }
}

void Poller::Wait() {
  epoll_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                    [this](const boost::system::error_code& error) {
                      if (error) return;  // destroyed
                      Look();
                    });
}

void Poller::Look() {
  loop_.FlushSoon(*this);
  Dispatch();
}

void Poller::Flush() {
  // Longer than that nobody's leaving goes unnoticed.
  constexpr std::chrono::milliseconds kLongestPause{10};
  const TimePoint now = loop_.Now();
  if (lateness_ && lateness_->level(now) == Lateness::Level::kVeryLate) {
    loop_.WhenIdle(this);
    // Nor does what ages meanwhile, of which no look can tell.
    loop_.Arm(*this, now + std::min<Duration>(kLongestPause, lateness_->limit() / 2));
  } else {
    Wait();
  }
}

void Poller::OnIdle() {
  Disarm();
  Look();
}

void Poller::OnTimer() {
  loop_.WhenIdle(nullptr);
  Look();
}

void Poller::TellAge() {
  const TimePoint now = loop_.Now();
  QueueProbe& queue = probe_->queue();
  if (count_ == ready_.size()) {
    queue.Join(now);
  } else {
    queue.Clear();
  }
  lateness_->Observe(std::max(loop_.lag(), queue.Age(now)), now);
}

void Poller::Dispatch() {
  const int count =
      ::epoll_wait(epoll_.native_handle(), ready_.data(), static_cast<int>(ready_.size()), 0);
  count_ = count > 0 ? static_cast<size_t>(count) : 0;
  if (lateness_) TellAge();
  for (next_ = 0; next_ < count_;) {
    const epoll_event& event = ready_[next_++];
    if (event.data.ptr) static_cast<Watched*>(event.data.ptr)->OnReady(event.events);
  }
  next_ = count_ = 0;
}

}  // namespace frontdesk::http
