#include "gateway/http/client_address.h"

#include <arpa/inet.h>

#include <cstring>
#include <utility>

#include "gateway/http/chars.h"

namespace frontdesk::http {
namespace {

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80"; "" for others.
std::string_view WithoutPort(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return "";
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && (rest.front() != ':' || !IsPort(rest.substr(1)))) return "";
    const std::string_view inside = text.substr(1, end - 1);
    return inside.find(':') == std::string_view::npos ? "" : inside;
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return text;
  }
  return IsPort(text.substr(colon + 1)) ? text.substr(0, colon) : "";
}

// The value of `for` in one element of Forwarded, without quotes; "" if there is none, or two, or
// the element can't be read.
std::string_view ForOf(std::string_view element) {
  std::string_view found;
  bool seen = false;
  while (!element.empty()) {
    const size_t end = element.find(';');
    const std::string_view pair = Trim(element.substr(0, end));
    element.remove_prefix(end == std::string_view::npos ? element.size() : end + 1);
    const size_t equals = pair.find('=');
    if (equals != 3) continue;
    const bool is_for =
        (pair[0] | 0x20) == 'f' && (pair[1] | 0x20) == 'o' && (pair[2] | 0x20) == 'r';
    if (!is_for) continue;
    if (std::exchange(seen, true)) return "";
    found = pair.substr(4);
    if (found.starts_with('"')) {
      if (found.size() < 2 || !found.ends_with('"')) return "";
      found = found.substr(1, found.size() - 2);
      if (found.find_first_of("\"\\") != std::string_view::npos) return "";
    }
  }
  return found;
}

// The nth element from the right of a header that may stand several times; nothing if there are
// fewer. A comma inside of quotes splits too: what comes of that is no address.
std::optional<std::string_view> FromRight(const Headers& headers, std::string_view name,
                                          uint32_t nth) {
  const std::vector<Header>& fields = headers.fields();
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
    if (field->name != name) continue;
    std::string_view rest = field->value;
    while (true) {
      const size_t comma = rest.rfind(',');
      if (--nth == 0) {
        return Trim(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
      }
      if (comma == std::string_view::npos) break;
      rest = rest.substr(0, comma);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<AddressBytes> ParseAddress(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.empty() || text.size() >= sizeof terminated ||
      text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::memcpy(terminated, text.data(), text.size());
  AddressBytes bytes{};
  if (inet_pton(AF_INET6, terminated, bytes.data()) == 1) return bytes;
  bytes[10] = bytes[11] = 0xff;
  if (inet_pton(AF_INET, terminated, bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

std::string_view ClientAddress(const Request& request, uint32_t trusted_hops) {
  if (trusted_hops == 0) return request.peer_address;
  const auto by_list = FromRight(request.headers, "x-forwarded-for", trusted_hops);
  const auto by_standard = FromRight(request.headers, "forwarded", trusted_hops);
  const std::string_view listed = by_list ? WithoutPort(*by_list) : std::string_view();
  const std::string_view standard =
      by_standard ? WithoutPort(ForOf(*by_standard)) : std::string_view();
  const bool list_there = request.headers.Find("x-forwarded-for").has_value();
  const bool standard_there = request.headers.Find("forwarded").has_value();
  const std::string_view client = list_there ? listed : standard;
  const auto bytes = ParseAddress(client);
  if (!bytes) return request.peer_address;
  if (list_there && standard_there && ParseAddress(standard) != bytes) return request.peer_address;
  return client;
}

}  // namespace frontdesk::http
