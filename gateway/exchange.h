// One request on its way. Lives in Gateway::Handle()'s frame, on the worker's loop.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/http/message.h"
#include "gateway/route/matcher.h"
#include "gateway/route/route.h"
#include "gateway/upstream/call_context.h"

namespace frontdesk {

struct Exchange {
  Exchange(http::Incoming& incoming, Loop& loop)
      : request(incoming.request),
        body(incoming.body),
        call{.loop = loop, .cancel = incoming.cancel} {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const http::Request& request;
  http::BodySource& body;

  // Set by the matcher; without a route it is the pseudo-route `none`.
  route::Match match;
  const route::Route* route = nullptr;

  // The client's own if it sent a usable one, else made here.
  std::string request_id;
  // Deadline, cancellation, metadata and caller that every call of this request shares.
  upstream::CallContext call;

  // The body as it came, and the request message decoded from path, query and body.
  std::string body_text;
  std::string message;
};

}  // namespace frontdesk
