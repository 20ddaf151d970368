// Which front a request is for. Input: "NAME HOST PREFIX" lines ("-" for none), an empty line, then
// "HOST PATH" lines. What must hold for any input: another spelling of the same host and path, if a
// request can have them, finds the same front, whose host and prefix they have, and which says most
// about them.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/contract/path_text.h"
#include "gateway/http/authority.h"
#include "gateway/route/apis.h"
#include "tests/fuzz/fuzz.h"

namespace frontdesk {
namespace {

std::string_view TakeWord(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

// Every byte that may be is written out, and what was is encoded anew.
std::string Respelled(std::string_view path) {
  std::string out, decoded;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    FUZZ_CHECK(contract::PercentDecode(path.substr(1, end - 1), decoded));
    out += Cat('/', contract::PercentEncode(decoded));
    path.remove_prefix(end);
  }
  return out;
}

std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty() && path != "/") {
    const size_t end = std::min(path.find('/', 1), path.size());
    contract::PercentDecode(path.substr(1, end - 1), segments.emplace_back());
    path.remove_prefix(end);
  }
  return segments;
}

// How much of a host a front's says: 0 for any, -1 for another one.
int Says(const route::Api& api, std::string_view host) {
  if (api.hosts.empty()) return 0;
  const std::string_view own = api.hosts[0];
  if (own == host) return 1000;
  const std::string_view suffix = own.substr(1);
  const bool below = own.starts_with("*.") && host.size() > suffix.size() && host.ends_with(suffix);
  return below ? static_cast<int>(suffix.size()) : -1;
}

bool Begins(const std::vector<std::string>& segments, const std::vector<std::string>& prefix) {
  return segments.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), segments.begin());
}

void Check(const route::Apis& apis, std::string_view authority, std::string_view path) {
  const route::Apis::Found found = apis.Find(authority, path);
  // Nothing else comes as far as that.
  if (!authority.empty() && !http::IsAuthority(authority)) return;
  if (!route::CheckPath(path).ok()) return;
  std::array<char, 256> room;
  const std::string host(route::CanonicalHost(authority, room));
  std::string upper = host;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (upper.find('[') == std::string::npos) upper += ".:80";
  FUZZ_CHECK(apis.Find(upper, Respelled(path)).api == found.api);
  const std::vector<std::string> segments = Segments(path);
  const route::Api* best = nullptr;
  for (const auto& api : apis.all()) {
    if (Says(*api, host) < 0 || !Begins(segments, api->prefix)) continue;
    const auto rank = [&](const route::Api& one) {
      return std::pair(Says(one, host), one.prefix.size());
    };
    if (!best || rank(*api) > rank(*best)) best = api.get();
  }
  FUZZ_CHECK(found.api == best);
  if (!best) return;
  FUZZ_CHECK(found.path.starts_with('/'));
  FUZZ_CHECK(Segments(found.path).size() ==
             segments.size() - (best->strip_prefix ? best->prefix.size() : 0));
}

void Run(std::string_view input) {
  route::Apis apis;
  std::vector<std::pair<std::string, std::string>> taken;
  while (!input.empty() && apis.all().size() < 32) {
    std::string_view line = fuzz::TakeLine(input);
    if (line.empty()) break;
    auto api = std::make_unique<route::Api>();
    api->name = TakeWord(line);
    const std::string_view host = TakeWord(line);
    std::array<char, 256> room;
    if (host != "-") api->hosts.emplace_back(route::CanonicalHost(host, room));
    // What the configuration takes: a name without empty labels, and a prefix of plain segments.
    const std::string& own = api->hosts.empty() ? "a" : api->hosts[0];
    if (own.empty() || own.starts_with('.') || own.find("..") != std::string::npos ||
        own.find('*', 1) != std::string::npos || (own[0] == '*' && !own.starts_with("*."))) {
      continue;
    }
    if (own == "*.") continue;
    if (line.starts_with('/') && route::CheckPath(line).ok()) api->prefix = Segments(line);
    api->strip_prefix = api->name.size() % 2 == 0;
    std::string prefix = api->PrefixText();
    const std::pair key(api->hosts.empty() ? "" : own, std::move(prefix));
    if (std::find(taken.begin(), taken.end(), key) != taken.end()) continue;
    taken.push_back(key);
    apis.Add(std::move(api));
  }
  while (!input.empty()) {
    std::string_view line = fuzz::TakeLine(input);
    const std::string_view host = TakeWord(line);
    Check(apis, host == "-" ? "" : host, line);
  }
}

}  // namespace
}  // namespace frontdesk

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  frontdesk::Run(frontdesk::fuzz::Text(data, size));
  return 0;
}
