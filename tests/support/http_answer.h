// Takes an HTTP/1.1 answer apart as it comes, without forgiving anything. For load generators: no
// header but those that decide about the connection and a retry is kept.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace frontdesk::testing_support {

class HttpAnswer {
 public:
  enum class State { kMore, kWhole, kBroken };

  // Bytes of the connection. After kWhole the answer is to be looked at, then Clear() starts the
  // next one. Bytes behind an answer are kBroken: nobody asked for another one yet.
  State Feed(std::string_view bytes);
  void Clear();

  int status() const { return status_; }
  const std::string& body() const { return body_; }
  bool closes() const { return closes_; }
  bool retry_after() const { return retry_after_; }

 private:
  State TakeHead();
  State TakeBody();
  State TakeChunks();
  bool OnField(std::string_view line);

  std::string in_;  // what has not been taken yet
  std::string body_;
  int status_ = 0;
  bool head_done_ = false;
  bool whole_ = false;
  bool chunked_ = false;
  bool closes_ = false;
  bool retry_after_ = false;
  size_t length_ = 0;
};

}  // namespace frontdesk::testing_support
