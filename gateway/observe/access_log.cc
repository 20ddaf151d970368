#include "gateway/observe/access_log.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "gateway/base/text.h"
#include "gateway/observe/log.h"
#include "gateway/observe/log_sink.h"
#include "gateway/observe/metrics.h"

namespace frontdesk::observe {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// After writing, the thread looks again at this distance before it asks to be woken: under load a
// loop then never spends a system call on the log, and lines are written many at once.
constexpr milliseconds kNap{5};
// How long a sink that takes nothing is waited for before looking around.
constexpr milliseconds kBlocked{100};
// Enough for one write; the rest stays in the rings, which bound what is held.
constexpr size_t kRefill = 256 << 10;

uint64_t CountLines(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

bool AccessLog::Channel::Push(std::string_view line) {
  if (!ring_.Push(line)) {
    dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return false;
  }
  if (log_.asleep_.load(std::memory_order_seq_cst) && log_.asleep_.exchange(false)) log_.Wake();
  return true;
}

absl::StatusOr<std::unique_ptr<AccessLog>> AccessLog::OpenFile(const std::string& path,
                                                               MetricsShard* metrics) {
  auto sink = std::make_unique<LogSink>(path);
  if (absl::Status opened = sink->Open(); !opened.ok()) return opened;
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(sink), metrics));
}

std::unique_ptr<AccessLog> AccessLog::OpenFd(int fd, MetricsShard* metrics) {
  return std::unique_ptr<AccessLog>(new AccessLog(std::make_unique<LogSink>(fd), metrics));
}

AccessLog::AccessLog(std::unique_ptr<LogSink> sink, MetricsShard* metrics)
    : sink_(std::move(sink)),
      metrics_(metrics),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { Run(); }) {}

AccessLog::~AccessLog() {
  Close(milliseconds(500));
  close(wake_fd_);
}

AccessLog::Channel& AccessLog::AddChannel(size_t bytes) {
  std::unique_ptr<Channel> channel(new Channel(*this, bytes));
  MutexLock lock(mutex_);
  return *channels_.emplace_back(std::move(channel));
}

void AccessLog::Wake() {
  // Fails only when the counter is full, and then the reader is awake anyway.
  [[maybe_unused]] const int result = eventfd_write(wake_fd_, 1);
}

void AccessLog::Reopen() {
  reopen_.store(true);
  Wake();
}

void AccessLog::Close(milliseconds patience) {
  if (!thread_.joinable()) return;
  give_up_at_ = steady_clock::now() + patience;
  closing_.store(true);
  Wake();
  thread_.join();
}

void AccessLog::Run() {
  // Signals are the main thread's; SIGPIPE becomes the error that write() returns.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);

  while (true) {
    HandleWake();
    // Read before the rings: what was pushed before Close() is then seen.
    const bool closing = closing_.load();
    if (pending_.empty()) Refill();
    if (!pending_.empty()) {
      WritePending();
    } else if (closing) {
      break;
    } else {
      SleepUntilWork();
    }
    CountLost();
    if (OutOfPatience()) {
      GiveUp();
      break;
    }
  }
  CountLost();
}

void AccessLog::HandleWake() {
  eventfd_t count = 0;
  eventfd_read(wake_fd_, &count);
  if (!reopen_.exchange(false)) return;
  if (absl::Status opened = sink_->Open(); !opened.ok()) LogError(Std(opened.message()));
}

void AccessLog::Refill() {
  MutexLock lock(mutex_);
  for (const auto& channel : channels_) {
    channel->ring_.TakeAll(pending_);
    if (pending_.size() >= kRefill) break;
  }
  // Not always the same one first.
  if (channels_.size() > 1) {
    std::rotate(channels_.begin(), channels_.begin() + 1, channels_.end());
  }
}

void AccessLog::WritePending() {
  if (!sink_->WaitWritable(wake_fd_, kBlocked)) return;
  const uint64_t lost_before = sink_->lost();
  written_ += sink_->Write(std::string_view(pending_).substr(written_));
  if (lost_before == 0 && sink_->lost() > 0) LogError("the access log can't be written");
  if (written_ < pending_.size()) return;
  pending_.clear();
  written_ = 0;
}

void AccessLog::SleepUntilWork() {
  pollfd woken{wake_fd_, POLLIN, 0};
  poll(&woken, 1, static_cast<int>(kNap.count()));
  if (woken.revents != 0 || AnyWaiting()) return;
  asleep_.store(true, std::memory_order_seq_cst);
  // A line pushed before the flag was seen has woken nobody.
  if (!AnyWaiting()) poll(&woken, 1, -1);
  asleep_.store(false, std::memory_order_relaxed);
}

bool AccessLog::AnyWaiting() {
  MutexLock lock(mutex_);
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const auto& channel) { return !channel->ring_.empty(); });
}

void AccessLog::CountLost() {
  uint64_t lost = sink_->lost() + given_up_;
  {
    MutexLock lock(mutex_);
    for (const auto& channel : channels_) lost += channel->dropped();
  }
  const uint64_t before = lost_.load(std::memory_order_relaxed);
  if (lost == before) return;
  lost_.store(lost, std::memory_order_relaxed);
  if (metrics_) metrics_->OnLogDropped(lost - before);
}

bool AccessLog::OutOfPatience() const {
  return closing_.load() && steady_clock::now() >= give_up_at_;
}

void AccessLog::GiveUp() {
  do {
    given_up_ += CountLines(std::string_view(pending_).substr(written_));
    pending_.clear();
    written_ = 0;
    Refill();
  } while (!pending_.empty());
}

}  // namespace frontdesk::observe
