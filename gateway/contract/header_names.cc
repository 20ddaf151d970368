#include "gateway/contract/header_names.h"

#include <algorithm>
#include <array>

namespace frontdesk::contract {
namespace {

constexpr std::array<std::string_view, 15> kReserved = {"connection",
                                                        "content-length",
                                                        "content-type",
                                                        "expect",
                                                        "host",
                                                        "http2-settings",
                                                        "keep-alive",
                                                        "proxy-authenticate",
                                                        "proxy-connection",
                                                        "proxy-authorization",
                                                        "te",
                                                        "trailer",
                                                        "transfer-encoding",
                                                        "upgrade",
                                                        "user-agent"};

}  // namespace

bool IsMetadataKey(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

bool NeverForwarded(std::string_view name) {
  if (name.starts_with("grpc-") || name.starts_with(":")) return true;
  if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) return true;
  // Aliases that some back end's framework would read as the header itself.
  std::string plain(name);
  std::replace_if(
      plain.begin(), plain.end(), [](char c) { return c == '_' || c == '.'; }, '-');
  std::string_view view = plain;
  if (view.ends_with("-bin")) view.remove_suffix(4);
  return view == "x-user-id" || view == "x-request-id";
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace frontdesk::contract
