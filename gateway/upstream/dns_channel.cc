#include "gateway/upstream/dns_channel.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

#include "gateway/base/text.h"

namespace frontdesk::upstream {
namespace {

using Descriptor = boost::asio::posix::stream_descriptor;

constexpr int kTries = 2;

int InitializeLibrary() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status;
}

}  // namespace

// A socket that c-ares owns, as long as it is open. Waiting handlers keep this alive behind it.
class DnsChannel::Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(DnsChannel& channel, ares_socket_t fd)
      : channel_(&channel), fd_(fd), descriptor_(channel.loop_.io()) {
    boost::system::error_code error;
    // Where the kernel has no room to watch it, the query runs into its time limit.
    descriptor_.assign(fd, error);
    if (error) channel_ = nullptr;
  }

  void Want(bool read, bool write) {
    read_.wanted = read;
    write_.wanted = write;
    Wait(read_, Descriptor::wait_read);
    Wait(write_, Descriptor::wait_write);
  }
  // c-ares is about to close it.
  void Release() {
    channel_ = nullptr;
    if (descriptor_.is_open()) descriptor_.release();
  }

 private:
  struct Direction {
    bool wanted = false;
    bool waiting = false;
  };

  void Wait(Direction& direction, Descriptor::wait_type type) {
    if (!channel_ || !direction.wanted || direction.waiting) return;
    direction.waiting = true;
    descriptor_.async_wait(type, [self = shared_from_this(), &direction, type](const auto& error) {
      direction.waiting = false;
      if (!error) self->OnReady(direction, type);
    });
  }
  void OnReady(Direction& direction, Descriptor::wait_type type) {
    if (!channel_ || !direction.wanted) return;
    const bool read = type == Descriptor::wait_read;
    channel_->Process(read ? fd_ : ARES_SOCKET_BAD, read ? ARES_SOCKET_BAD : fd_);
    Wait(direction, type);  // unless that closed it
  }

  DnsChannel* channel_;  // null once it is closed
  const ares_socket_t fd_;
  Descriptor descriptor_;
  Direction read_;
  Direction write_;
};

DnsChannel::DnsChannel(Loop& loop, const DnsSettings& settings) : loop_(loop) {
  ares_options options{};
  options.timeout = static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(settings.try_limit).count());
  options.tries = kTries;
  options.sock_state_cb = OnSocketState;
  options.sock_state_cb_data = this;
  const int wanted = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  int status = InitializeLibrary();
  if (status == ARES_SUCCESS) status = ares_init_options(&channel_, &options, wanted);
  if (status == ARES_SUCCESS && !settings.servers.empty()) {
    status = ares_set_servers_ports_csv(channel_, settings.servers.c_str());
  }
  if (status != ARES_SUCCESS) status_ = absl::UnavailableError(Absl(DnsErrorText(status)));
}

DnsChannel::~DnsChannel() {
  if (channel_) ares_destroy(channel_);
  for (const auto& [fd, socket] : sockets_) socket->Release();
}

void DnsChannel::OnSocketState(void* self, ares_socket_t fd, int readable, int writable) {
  DnsChannel& channel = *static_cast<DnsChannel*>(self);
  if (!readable && !writable) {
    const auto at = channel.sockets_.find(fd);
    if (at == channel.sockets_.end()) return;
    at->second->Release();
    channel.sockets_.erase(at);
    return;
  }
  std::shared_ptr<Socket>& socket = channel.sockets_[fd];
  if (!socket) socket = std::make_shared<Socket>(channel, fd);
  socket->Want(readable != 0, writable != 0);
}

void DnsChannel::Process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(channel_, readable, writable);
  Rearm();
}

void DnsChannel::Rearm() {
  timeval left{};
  if (!ares_timeout(channel_, nullptr, &left)) return Disarm();
  loop_.Arm(*this, loop_.Now() + std::chrono::seconds(left.tv_sec) +
                       std::chrono::microseconds(left.tv_usec));
}

std::string DnsErrorText(int ares_status) {
  switch (ares_status) {
    case ARES_ENOTFOUND:
      return "no such name";
    case ARES_ENODATA:
      return "the name has no such records";
    case ARES_ETIMEOUT:
      return "no name server answered in time";
    case ARES_ECONNREFUSED:
      // Also what c-ares makes of SERVFAIL and REFUSED from all of them.
      return "no name server could or would answer";
    default:
      return ares_strerror(ares_status);
  }
}

}  // namespace frontdesk::upstream
