// An HTTP/1.1 back end that costs as little as possible, for the peers of a bench that speak JSON
// to their back ends: every request without a body is answered with the same document.
//
//   light_http PORT FILE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

class LightHttp {
 public:
  LightHttp(int listener, const std::string& document)
      : listener_(listener),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        answer_("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                std::to_string(document.size()) + "\r\n\r\n" + document) {
    Watch(listener_);
  }

  [[noreturn]] void Run() {
    std::array<epoll_event, 256> events;
    while (true) {
      const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < n; ++i) {
        if (events[i].data.fd == listener_) {
          Accept();
        } else {
          Serve(events[i].data.fd);
        }
      }
    }
  }

 private:
  void Watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void Accept() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    Watch(fd);
  }

  // As many answers as heads have arrived. They are small and the client reads: a send that does
  // not take all of them ends the connection.
  void Serve(int fd) {
    char bytes[16384];
    const ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return Close(fd);
    std::string& head = heads_[fd];
    head.append(bytes, static_cast<size_t>(n));
    size_t done = 0;
    out_.clear();
    for (size_t end; (end = head.find("\r\n\r\n", done)) != std::string::npos; done = end + 4) {
      out_ += answer_;
    }
    head.erase(0, done);
    if (!out_.empty() &&
        send(fd, out_.data(), out_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out_.size())) {
      Close(fd);
    }
  }

  void Close(int fd) {
    heads_.erase(fd);
    close(fd);
  }

  const int listener_;
  const int epoll_;
  const std::string answer_;
  std::string out_;
  std::unordered_map<int, std::string> heads_;
};

int Listen(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
                     listen(fd, 4096) == 0;
  return bound ? fd : -1;
}

}  // namespace

int main(int argc, char** argv) {
  std::ifstream file(argc == 3 ? argv[2] : "", std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "usage: light_http PORT FILE\n");
    return 2;
  }
  const std::string document(std::istreambuf_iterator<char>(file), {});
  const int listener = Listen(static_cast<uint16_t>(std::strtoul(argv[1], nullptr, 10)));
  if (listener < 0) {
    std::perror("light_http");
    return 1;
  }
  LightHttp(listener, document).Run();
}
