// An HTTP/2 server that does what a script says, frame by frame, right or wrong. For tests of
// clients: each connection is served on a thread of its own by a function that reads top to bottom.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

struct nghttp2_hd_deflater;
struct nghttp2_hd_inflater;

namespace frontdesk::testing_support {

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

struct ScriptedRequest {
  int32_t stream = 0;
  HeaderFields fields;
  std::string body;
  bool complete = false;  // END_STREAM came

  std::string Field(std::string_view name) const;  // "" when there is none
};

// One accepted connection. Every function that reads answers SETTINGS and PING on the way, and
// returns nothing once the client has closed or the server is being destroyed.
class ScriptedConnection {
 public:
  explicit ScriptedConnection(int socket);
  ~ScriptedConnection();
  ScriptedConnection(const ScriptedConnection&) = delete;
  ScriptedConnection& operator=(const ScriptedConnection&) = delete;

  // Reads the client's preface; sends SETTINGS with (identifier, value) entries.
  bool Handshake(const std::vector<std::pair<uint16_t, uint32_t>>& settings = {});
  // The next request, when its END_STREAM has come, or as soon as its headers have.
  std::optional<ScriptedRequest> NextRequest();
  std::optional<ScriptedRequest> NextHeaders();
  // The error code of the client's RST_STREAM.
  std::optional<uint32_t> WaitForReset(int32_t stream);
  // Reads until the client closes.
  void WaitForEnd();
  // One frame, whatever it is.
  bool ReadSomething() { return ReadFrame(); }

  void Headers(int32_t stream, const HeaderFields& fields, bool end);
  // In frames of at most 16 KiB, within the client's windows; false when the client reset the
  // stream or closed.
  bool Data(int32_t stream, std::string_view bytes, bool end);
  void Reset(int32_t stream, uint32_t code);
  void Goaway(int32_t last_stream, uint32_t code, std::string_view debug = "");
  void Settings(const std::vector<std::pair<uint16_t, uint32_t>>& entries);
  void Frame(uint8_t type, uint8_t flags, int32_t stream, std::string_view payload);
  void Raw(std::string_view bytes);
  // FIN; or, `hard`, a TCP reset.
  void Close(bool hard = false);

  // The usual answer: headers, one message, grpc-status 0.
  void Answer(int32_t stream, std::string_view message);

  const std::string& preface() const { return preface_; }
  int pings() const { return pings_; }

 private:
  friend class ScriptedH2Server;
  struct StreamState {
    ScriptedRequest request;
    int64_t window = 65535;
    std::optional<uint32_t> reset;
    bool headers_given = false;
    bool given = false;
  };

  bool ReadExactly(char* to, size_t size);
  bool ReadFrame();
  void OnSettings(uint8_t flags, std::string_view payload);
  void OnHeaderBlock(int32_t stream, std::string_view block);
  std::optional<ScriptedRequest> Next(bool whole);

  const int socket_;
  std::string preface_;
  int pings_ = 0;
  int64_t window_ = 65535;
  int64_t initial_window_ = 65535;
  std::map<int32_t, StreamState> streams_;
  nghttp2_hd_deflater* deflater_ = nullptr;
  nghttp2_hd_inflater* inflater_ = nullptr;
};

inline constexpr bool kEnd = true;

// Prefix and message.
std::string GrpcMessage(std::string_view message);
// ":status" 200 and the content type of gRPC.
HeaderFields GrpcHead();

class ScriptedH2Server {
 public:
  // `nth` counts connections from 0. Called on a thread per connection; the connection is closed
  // when it returns.
  using Script = std::function<void(ScriptedConnection& connection, int nth)>;

  explicit ScriptedH2Server(Script script);
  // Breaks what is still open and waits for all scripts.
  ~ScriptedH2Server();

  std::string address() const;
  int connections() const { return accepted_; }

 private:
  void AcceptLoop();

  const Script script_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<int> accepted_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<std::shared_ptr<ScriptedConnection>> open_;
  std::list<std::thread> scripts_;
  std::thread acceptor_;
};

}  // namespace frontdesk::testing_support
