// Requests as text.
#pragma once

#include <string>
#include <string_view>

namespace frontdesk::http {

inline std::string Repeat(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out.append(text);
  return out;
}

// `fields` are lines with their ends.
inline std::string Get(std::string_view target, std::string_view fields = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

inline std::string Post(std::string_view target, std::string_view fields, std::string_view body) {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" +
         std::string(body);
}

inline std::string Sized(std::string_view target, std::string_view body) {
  return Post(target, "Content-Length: " + std::to_string(body.size()) + "\r\n", body);
}

inline std::string Chunked(std::string_view target, std::string_view body) {
  return Post(target, "Transfer-Encoding: chunked\r\n", body);
}

}  // namespace frontdesk::http
