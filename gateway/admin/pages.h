// What the operators' listener answers, without its sockets.
#pragma once

#include <string>
#include <string_view>

#include "gateway/admin/admin.h"

namespace frontdesk::admin {

struct Page {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::string allow;  // the header Allow, when not empty
};

// `host` is the Host header: only names of this machine are served, so that a web page that
// resolves its own name to 127.0.0.1 can't read what operators read.
Page Answer(const Sources& sources, std::string_view method, std::string_view path,
            std::string_view host);

}  // namespace frontdesk::admin
