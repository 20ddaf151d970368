// A blocking HTTP/1.1 client that sends exactly the bytes it is told, in the pieces it is told, and
// reads answers without forgiving anything.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace frontdesk::testing_support {

struct RawResponse {
  int status = 0;
  std::string reason;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  bool cut = false;  // the connection ended before the answer did

  // First value of the lower-case name, or "".
  std::string Header(std::string_view name) const;
  size_t Count(std::string_view name) const;
};

class RawClient {
 public:
  // Connects to 127.0.0.1. Whatever waits longer than `patience` fails.
  explicit RawClient(uint16_t port, std::chrono::seconds patience = std::chrono::seconds(20));
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  virtual ~RawClient();

  bool connected() const { return fd_ >= 0; }
  uint16_t local_port() const;

  // False when the server does not take it.
  bool Send(std::string_view bytes);
  // Every piece of `size` bytes by a call of its own, without Nagle's algorithm.
  bool SendInPieces(std::string_view bytes, size_t size);

  // The next answer; a 1xx is an answer of its own. Nothing at the end of the connection, or when
  // what comes is not HTTP/1.1. `head`: the answer to HEAD, which has no body.
  std::optional<RawResponse> Read(bool head = false);
  // All bytes up to the end of the connection.
  std::string ReadToEnd();
  // Waits for the end of the connection; false when bytes come first, or nothing does in time.
  bool AtEnd();
  // The connection ended with a reset.
  bool was_reset() const { return reset_; }

  void ShutdownWrite();
  void Close();
  // Closes with a reset.
  void Reset();
  // Bytes that the kernel keeps for us unread; set before anything is sent to keep it small.
  void ReceiveBuffer(int bytes);

 protected:
  // As recv() and send(); what stands between the bytes and the socket may be put here.
  virtual ssize_t Receive(char* into, size_t size);
  virtual ssize_t Transmit(const char* bytes, size_t size);
  int fd() const { return fd_; }

 private:
  bool Fill();  // more bytes into buffer_; false at the end
  std::optional<std::string> Line();
  bool Take(size_t bytes, std::string& into);
  void ReadChunks(RawResponse& response);

  int fd_ = -1;
  bool reset_ = false;
  bool timed_out_ = false;
  std::string buffer_;
};

}  // namespace frontdesk::testing_support
