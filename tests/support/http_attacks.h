// What an HTTP/1.1 server must not take: bytes that another reader could understand otherwise, and
// what is too much. Judged at the parser, cut in every way, and through a whole gateway.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace frontdesk::testing_support {

struct HttpAttack {
  std::string_view name;
  std::string bytes;
  int status;  // of the only answer, after which the connection is closed
};

// For the default limits. Those that only a reader of the body notices go to `target` by POST.
std::vector<HttpAttack> HttpAttacks(std::string_view target);

}  // namespace frontdesk::testing_support
