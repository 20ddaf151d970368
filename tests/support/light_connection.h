// A connection of LightBackend, and a call on it.
#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/support/light_backend.h"

namespace frontdesk::testing_support {

// Packets to `socket` get lost in the kernel while `on`: they are not acknowledged. False when the
// kernel does not take it.
bool SetDropping(int socket, bool on);

struct LightBackend::Stream final : Timer {
  Stream(LightBackend& owner, Connection& on, int32_t stream_id)
      : backend(owner), connection(&on), id(stream_id) {}
  void OnTimer() override { backend.OnWorked(*this); }
  // The request's, without its prefix.
  std::string_view Message() const {
    return std::string_view(request).substr(std::min<size_t>(5, request.size()));
  }

  LightBackend& backend;
  Connection* connection;  // null once the stream has ended
  const int32_t id;
  std::string request_id;
  std::string request;
  std::string answer;
  size_t sent = 0;
  bool badly = false;  // the behaviour's answer is meant for it
};

class LightBackend::Connection final : public std::enable_shared_from_this<Connection>,
                                       private Flushable {
 public:
  Connection(LightBackend& backend, boost::asio::ip::tcp::socket socket);
  ~Connection() override;

  // Reads nothing before it is told here whether it is.
  void Pause(bool on);
  void Close();
  void Reset();
  void Announce(uint32_t max_concurrent_streams);
  void Goaway(Duration notice);
  void GoawayBelow();
  bool Drop(bool on);
  void Answer(Stream& stream);
  void AnswerStatus(const Stream& stream, int status);
  void Refuse(const Stream& stream);
  size_t streams() const { return streams_.size(); }

 private:
  struct LastGoaway final : Timer {
    explicit LastGoaway(Connection& owner) : connection(owner) {}
    void OnTimer() override;
    Connection& connection;
  };

  static Connection& Self(void* user) { return *static_cast<Connection*>(user); }
  static nghttp2_session_callbacks* MakeCallbacks();
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* user);
  static int OnData(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size,
                    void* user);
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int OnClose(nghttp2_session*, int32_t id, uint32_t error, void* user);
  static ssize_t ReadAnswer(nghttp2_session* session, int32_t id, uint8_t* to, size_t size,
                            uint32_t* flags, nghttp2_data_source* source, void* user);

  const std::shared_ptr<Stream>& StreamOf(int32_t id);
  void Read();
  void OnPing();
  void OnRequest(int32_t id);
  void LeaveUnprocessed();
  void OnRead(const boost::system::error_code& error, size_t size);
  void Flush() override;

  LightBackend* backend_;  // null once closed
  Loop& loop_;
  boost::asio::ip::tcp::socket socket_;
  std::vector<char> in_;
  std::string out_;
  bool writing_ = false;
  bool dropping_ = false;
  bool paused_ = true;
  bool reading_ = false;
  bool reset_when_flushed_ = false;
  LastGoaway last_goaway_;
  std::optional<int32_t> last_taken_;  // calls above it are not processed
  bool left_unprocessed_ = false;      // there was one, and GOAWAY says so
  nghttp2_session* session_ = nullptr;
  std::unordered_map<int32_t, std::shared_ptr<Stream>> streams_;
};

}  // namespace frontdesk::testing_support
