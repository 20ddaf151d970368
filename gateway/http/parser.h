// The head of an HTTP/1.1 request (RFC 9112). Strict: what is not exactly right is refused, never
// repaired. One pass, resumable at any byte, no allocation in the steady state, views into the
// caller's buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/http/message.h"
#include "gateway/http/refusal.h"
#include "gateway/http/server_limits.h"

namespace frontdesk::http {

// Where the body of a message ends.
enum class Framing : uint8_t { kNone, kLength, kChunked };

class RequestParser {
 public:
  enum class Progress { kMore, kDone, kRefused };

  explicit RequestParser(const ServerLimits& limits) : limits_(limits) {}

  // For the next head.
  void Reset();
  // `data` is everything since the first byte of this head, what earlier calls saw included; it may
  // have moved meanwhile. Field names are put into lower case in place.
  Progress Parse(char* data, size_t size);

  // A byte of the request line has come; blank lines before it do not count.
  bool started() const { return state_ != State::kStart && state_ != State::kStartLf; }
  // Bytes of the head, valid after kDone.
  size_t consumed() const { return at_; }
  // Valid after kRefused.
  const Refusal& refusal() const { return *refusal_; }

  // After kDone: fills everything that the head tells. Before that and after kRefused: method and
  // target as far as they were understood, for the log, and the fields if it is the head as a whole
  // that was refused, for the answer. `data` as in the last Parse().
  void Fill(const char* data, Request& request) const;

  // Valid after kDone.
  bool http11() const { return minor_version_ == 1; }
  bool keep_alive() const { return keep_alive_; }
  bool expects_continue() const { return expects_continue_; }
  Framing framing() const { return framing_; }
  uint64_t content_length() const { return content_length_; }

 private:
  enum class State : uint8_t {
    kStart,
    kStartLf,
    kMethod,
    kTarget,
    kVersion,
    kField,
    kName,
    kValueSpace,
    kValue,
    kValueLf,
    kEndLf,
    kDone
  };
  struct Span {
    uint32_t at = 0;
    uint32_t size = 0;
    std::string_view In(const char* data) const { return {data + at, size}; }
  };
  struct Field {
    Span name;
    Span value;
  };

  // Each looks at one element, or at what there is of it, which is at least a byte, and returns
  // where to go on, or null when it is refused.
  char* StepRequestLine(char* data, char* at, const char* end);
  char* StepVersion(char* data, const char* end);
  char* StepField(char* data, char* at, const char* end);
  char* Wrong(const Refusal& refusal);
  const Refusal* BeginField(const char* data, const char* at);
  Progress Stop(const char* at, const char* data);
  Progress Refuse(const Refusal& refusal);
  const Refusal* EndMethod(const char* data, size_t end);
  const Refusal* ReadVersion(const char* at, size_t available);
  const Refusal* EndField(const char* data, size_t end);
  // What a request must be as a whole, once its syntax is right: section numbers of RFC 9112.
  const Refusal* Judge(const char* data);
  const Refusal* JudgeTarget(const char* data);  // 3.2
  const Refusal* JudgeAbsolute(const char* data, std::string_view target);
  const Refusal* JudgeHost(const char* data);     // 3.2, RFC 9110 section 7.2
  const Refusal* JudgeFraming(const char* data);  // 6
  const Refusal* JudgeConnection(const char* data);
  std::string_view Value(const char* data, size_t field) const;

  const ServerLimits& limits_;
  const Refusal* refusal_ = nullptr;
  uint64_t content_length_ = 0;
  uint32_t at_ = 0;         // the next byte to look at
  uint32_t mark_ = 0;       // where the current element began
  uint32_t fields_at_ = 0;  // where the field lines began
  Span method_, target_, authority_, path_, query_;
  State state_ = State::kStart;
  uint8_t minor_version_ = 1;
  bool complete_ = false;
  uint8_t blank_lines_ = 0;
  bool keep_alive_ = true;
  bool expects_continue_ = false;
  Framing framing_ = Framing::kNone;
  // How often the fields that may come once came, and where the last one stands in fields_.
  uint32_t hosts_ = 0, lengths_ = 0, codings_ = 0, types_ = 0;
  uint32_t host_ = 0, length_ = 0, coding_ = 0;
  bool has_connection_ = false, has_expect_ = false;
  std::vector<Field> fields_;
};

}  // namespace frontdesk::http
