#include "gateway/contract/header_names.h"

#include <algorithm>
#include <array>

namespace frontdesk::contract {
namespace {

constexpr std::array<std::string_view, 18> kReserved = {"connection",
                                                        "content-encoding",
                                                        "content-length",
                                                        "content-type",
                                                        "expect",
                                                        "host",
                                                        "http2-settings",
                                                        "keep-alive",
                                                        "proxy-authenticate",
                                                        "proxy-authentication-info",
                                                        "proxy-connection",
                                                        "proxy-authorization",
                                                        "te",
                                                        "trailer",
                                                        "transfer-encoding",
                                                        "upgrade",
                                                        "user-agent",
                                                        "via"};

constexpr auto kKeyCharacters = [] {
  std::array<bool, 256> allowed{};
  for (char c = 'a'; c <= 'z'; ++c) allowed[static_cast<size_t>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) allowed[static_cast<size_t>(c)] = true;
  allowed['-'] = allowed['_'] = allowed['.'] = true;
  return allowed;
}();

// One spelling for all that some back end's framework would read as the same header.
std::string Plain(std::string_view name) {
  std::string plain(name);
  std::replace_if(
      plain.begin(), plain.end(), [](char c) { return c == '_' || c == '.'; }, '-');
  if (plain.ends_with("-bin")) plain.resize(plain.size() - 4);
  return plain;
}

}  // namespace

bool IsMetadataKey(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return kKeyCharacters[static_cast<unsigned char>(c)];
  });
}

bool NeverForwarded(std::string_view name) {
  if (name.starts_with("grpc-") || name.starts_with(":")) return true;
  if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) return true;
  const std::string plain = Plain(name);
  return plain == "x-user-id" || plain == "x-request-id";
}

bool IsAliasOf(std::string_view name, const std::vector<std::string>& keys) {
  if (keys.empty()) return false;
  const std::string plain = Plain(name);
  return std::any_of(keys.begin(), keys.end(),
                     [&](const std::string& key) { return Plain(key) == plain; });
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace frontdesk::contract
