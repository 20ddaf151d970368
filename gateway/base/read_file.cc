#include "gateway/base/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "gateway/base/text.h"

namespace frontdesk {
namespace {

constexpr size_t kMostSecret = 4 << 10;
constexpr size_t kMiB = 1 << 20;

absl::Status Wrong(std::string_view text) { return absl::UnavailableError(Absl(text)); }

std::string SizeText(size_t bytes) {
  return bytes % kMiB == 0 ? Cat(bytes / kMiB, " MiB") : Cat(bytes, " bytes");
}

// To the end, which need not be where the file's size says.
absl::Status ReadAll(int fd, size_t most, std::string& bytes) {
  struct stat is {};
  if (::fstat(fd, &is) != 0) return Wrong(std::strerror(errno));
  if (!S_ISREG(is.st_mode)) return Wrong("is no file");
  size_t size = 0;
  while (true) {
    const size_t room = std::max(static_cast<size_t>(is.st_size), size) + 1;
    bytes.resize(std::min(room, most + 1));
    if (size > most) return Wrong(Cat("is larger than ", SizeText(most)));
    const ssize_t got = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Wrong(std::strerror(errno));
    size += static_cast<size_t>(got);
    if (got == 0) break;
  }
  bytes.resize(size);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t most) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Wrong(std::strerror(errno));
  std::string bytes;
  const absl::Status status = ReadAll(fd, most, bytes);
  ::close(fd);
  if (!status.ok()) return status;
  return bytes;
}

absl::StatusOr<std::string> ReadInput(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Wrong(std::strerror(errno));
  std::string bytes;
  std::array<char, 64 << 10> piece;
  absl::Status status;
  while (status.ok()) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got == 0) break;
    if (got > 0) {
      bytes.append(piece.data(), static_cast<size_t>(got));
    } else if (errno != EINTR) {
      status = Wrong(std::strerror(errno));
    }
  }
  ::close(fd);
  if (!status.ok()) return status;
  if (bytes.empty()) return Wrong("is empty");
  return bytes;
}

absl::StatusOr<std::string> ReadSecret(const std::string& path) {
  absl::StatusOr<std::string> secret = ReadFile(path, kMostSecret);
  while (secret.ok() && (secret->ends_with('\n') || secret->ends_with('\r'))) secret->pop_back();
  return secret;
}

}  // namespace frontdesk
