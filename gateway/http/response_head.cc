#include "gateway/http/response_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/http/chars.h"

namespace frontdesk::http {
namespace {

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 508:
      return "Loop Detected";
    default:
      return "";  // the phrase may be empty (RFC 9112 section 4)
  }
}

bool BelongsToProtocol(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {
      "content-length", "transfer-encoding", "connection", "date",
      "keep-alive",     "upgrade",           "trailer"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [name](std::string_view ours) { return EqualsLower(name, ours); });
}

bool IsWritable(std::string_view name, std::string_view value) {
  const auto token = [](char c) { return Is(kTokenLower, c); };
  const auto content = [](char c) { return Is(kFieldChar, c); };
  return !name.empty() && std::all_of(name.begin(), name.end(), token) &&
         (IsPrintable(value) || std::all_of(value.begin(), value.end(), content)) &&
         !BelongsToProtocol(name);
}

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

void WriteHttpDate(std::time_t second, char (&text)[kHttpDateSize]) {
  std::tm parts{};
  gmtime_r(&second, &parts);
  // Not strftime's %a and %b, which speak the process's locale.
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[parts.tm_wday],
                parts.tm_mday % 100, kMonths[parts.tm_mon], (parts.tm_year + 1900) % 10000,
                parts.tm_hour % 100, parts.tm_min % 100, parts.tm_sec % 100);
}

std::string_view DateCache::At(TimePoint now) {
  if (now >= look_again_) {
    look_again_ = now + std::chrono::milliseconds(250);
    const std::time_t second = wall_clock_();
    if (second != second_) WriteHttpDate(second_ = second, text_);
  }
  return {text_, kHttpDateSize - 1};
}

bool HasNoBody(int status) { return status < 200 || status == 204 || status == 304; }

void AppendResponseHead(std::string& out, const ResponseHead& head, const ResponseFraming& framing,
                        std::string_view date) {
  const int status = head.status >= 200 && head.status <= 999 ? head.status : 500;
  if (status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
  } else {
    out.append("HTTP/1.1 ");
    AppendTo(out, status);
    out.append(" ").append(ReasonPhrase(status)).append("\r\n");
  }
  AppendField(out, "Date", date);
  for (const auto& [name, value] : head.headers) {
    if (IsWritable(name, value)) AppendField(out, name, value);
  }
  if (head.common) out.append(head.common->lines());
  if (framing.content_length) {
    out.append("Content-Length: ");
    AppendTo(out, *framing.content_length);
    out.append("\r\n");
  }
  if (framing.chunked) AppendField(out, "Transfer-Encoding", "chunked");
  if (!framing.connection.empty()) AppendField(out, "Connection", framing.connection);
  out.append("\r\n");
}

void AppendChunk(std::string& out, std::string_view piece) {
  char digits[16];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, piece.size(), 16).ptr);
  out.append("\r\n").append(piece).append("\r\n");
}

}  // namespace frontdesk::http
