#include "tests/support/http_answer.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace frontdesk::testing_support {
namespace {

constexpr std::string_view kLine = "\r\n";

bool Number(std::string_view text, int base, size_t& number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && stop == text.data() + text.size();
}

// The value of the field, or nothing.
bool Is(std::string_view line, std::string_view name, std::string_view& value) {
  if (line.size() <= name.size() || line[name.size()] != ':') return false;
  if (strncasecmp(line.data(), name.data(), name.size()) != 0) return false;
  value = line.substr(name.size() + 1);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return true;
}

}  // namespace

void HttpAnswer::Clear() { *this = HttpAnswer(); }

HttpAnswer::State HttpAnswer::Feed(std::string_view bytes) {
  if (whole_ && !bytes.empty()) return State::kBroken;
  in_.append(bytes);
  if (!head_done_) {
    const State state = TakeHead();
    if (state != State::kWhole) return state;
  }
  const State state = chunked_ ? TakeChunks() : TakeBody();
  whole_ = state == State::kWhole;
  return whole_ && !in_.empty() ? State::kBroken : state;
}

HttpAnswer::State HttpAnswer::TakeHead() {
  while (true) {
    const size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return State::kMore;
    const std::string_view head = std::string_view(in_).substr(0, end + 2);
    size_t status = 0;
    if (!head.starts_with("HTTP/1.1 ") || !Number(head.substr(9, 3), 10, status)) {
      return State::kBroken;
    }
    const bool interim = status < 200;
    if (!interim) status_ = static_cast<int>(status);
    size_t at = head.find(kLine) + 2;
    while (at < head.size() && !interim) {
      const size_t stop = head.find(kLine, at);
      if (!OnField(head.substr(at, stop - at))) return State::kBroken;
      at = stop + 2;
    }
    in_.erase(0, end + 4);
    if (interim) continue;
    head_done_ = true;
    return State::kWhole;
  }
}

bool HttpAnswer::OnField(std::string_view line) {
  std::string_view value;
  if (Is(line, "content-length", value)) return Number(value, 10, length_);
  if (Is(line, "transfer-encoding", value)) return chunked_ = value == "chunked";
  if (Is(line, "connection", value)) closes_ = strncasecmp(value.data(), "close", 5) == 0;
  if (Is(line, "retry-after", value)) retry_after_ = true;
  return true;
}

HttpAnswer::State HttpAnswer::TakeBody() {
  if (in_.size() < length_) return State::kMore;
  body_ = in_.substr(0, length_);
  in_.erase(0, length_);
  return State::kWhole;
}

HttpAnswer::State HttpAnswer::TakeChunks() {
  while (true) {
    const size_t line = in_.find(kLine);
    if (line == std::string::npos) return State::kMore;
    size_t size = 0;
    if (!Number(std::string_view(in_).substr(0, line), 16, size)) return State::kBroken;
    if (size == 0) {  // trailers are not kept
      const size_t end = in_.find("\r\n\r\n", line);
      if (end == std::string::npos) return State::kMore;
      in_.erase(0, end + 4);
      return State::kWhole;
    }
    if (in_.size() < line + 2 + size + 2) return State::kMore;
    body_.append(in_, line + 2, size);
    in_.erase(0, line + 2 + size + 2);
  }
}

}  // namespace frontdesk::testing_support
