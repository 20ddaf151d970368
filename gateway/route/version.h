// What is said about a route whose version is on its way out. Made when the snapshot is built.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "frontdesk/v1/options.pb.h"

namespace frontdesk::route {

struct Version {
  // Deprecation, Sunset, and links that are the same for every request.
  std::vector<std::pair<std::string, std::string>> headers;
  // What it was made of, for `explain` and the like.
  frontdesk::v1::Policy::Version policy;
  // Requests are counted, so that somebody sees who still uses it.
  bool deprecated = false;
  // Answered 410 from then on.
  std::optional<std::chrono::sys_seconds> retired_from;
  std::string documentation;  // its address, or ""

  // The address of what to use instead: texts with values of the request's own path after them.
  struct Piece {
    std::string text;
    int capture = -1;  // which variable of the route follows; -1 for none
  };
  std::vector<Piece> successor;    // empty: nothing follows
  std::string successor_method;    // of HTTP
  bool successor_is_open = false;  // the address has variables that only the client can fill
};

}  // namespace frontdesk::route
