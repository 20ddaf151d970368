// Holds keep-alive connections open, each after one answered request, to see what an idle one costs
// the server.
//
//   idle_connections PORT PATH COUNT
//
// Prints "open COUNT" when all are idle and holds them until a signal ends it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

int Connect(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return -1;
  }
  return fd;
}

// The bytes of the whole answer once its head is there; 0 before.
size_t AnswerSize(std::string_view bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  for (size_t at = bytes.find("\r\n") + 2; at < end; at = bytes.find("\r\n", at) + 2) {
    constexpr std::string_view kName = "content-length:";
    if (strncasecmp(bytes.data() + at, kName.data(), kName.size()) == 0) {
      return end + 4 + std::strtoul(bytes.data() + at + kName.size(), nullptr, 10);
    }
  }
  return end + 4;
}

bool Ask(int fd, std::string_view request, std::string& answer) {
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return false;
  }
  answer.clear();
  size_t whole = 0;
  while (whole == 0 || answer.size() < whole) {
    char part[16384];
    const ssize_t n = recv(fd, part, sizeof(part), 0);
    if (n <= 0) return false;
    answer.append(part, static_cast<size_t>(n));
    whole = AnswerSize(answer);
  }
  return answer.starts_with("HTTP/1.1 200 ");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s PORT PATH COUNT\n", argv[0]);
    return 2;
  }
  const auto port = static_cast<uint16_t>(std::strtoul(argv[1], nullptr, 10));
  const std::string request =
      std::string("GET ") + argv[2] + " HTTP/1.1\r\nHost: 127.0.0.1:" + argv[1] + "\r\n\r\n";
  const unsigned long count = std::strtoul(argv[3], nullptr, 10);
  std::string answer;
  for (unsigned long i = 0; i < count; ++i) {
    const int fd = Connect(port);
    if (fd < 0 || !Ask(fd, request, answer)) {
      std::fprintf(stderr, "connection %lu: %s\n%s\n", i + 1, std::strerror(errno), answer.c_str());
      return 1;
    }
  }
  std::printf("open %lu\n", count);
  std::fflush(stdout);
  pause();
}
