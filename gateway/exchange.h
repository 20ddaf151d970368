// One request on its way. Lives in Gateway::Handle()'s frame, on the worker's loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/contract/read_mask.h"
#include "gateway/http/message.h"
#include "gateway/limit/store.h"
#include "gateway/policy/in_flight.h"
#include "gateway/route/apis.h"
#include "gateway/route/matcher.h"
#include "gateway/route/route.h"
#include "gateway/upstream/call_context.h"

namespace frontdesk {

struct Exchange {
  Exchange(http::Incoming& incoming, Loop& loop)
      : Exchange(incoming.request, incoming.body, incoming.cancel, loop) {}
  Exchange(const http::Request& from, http::BodySource& with, Cancellation& cancel, Loop& loop)
      : request(from), body(with), call{.loop = loop, .cancel = cancel} {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Gives `other`, which may live longer, a copy of all that the terminal needs. What comes of the
  // client's connection (request, body, cancellation) stays what `other` has. The mask is left out:
  // an answer that is kept is whole, and each request's own mask applies when it is written.
  void CopyTo(Exchange& other) const;

  const http::Request& request;
  http::BodySource& body;

  // The front that it came for; null where there are none, or it is for none.
  const route::Api* api = nullptr;
  // Whose routes it may have, and what that is asked for; null, where it is for no front.
  const route::Matcher* matcher = nullptr;
  std::string_view path;
  // Set by the matcher; without a route it is the pseudo-route `none`.
  route::Match match;
  const route::Route* route = nullptr;

  // Numeric: who has connected, or whom trusted proxies name.
  std::string_view client_address;
  // What is left of the limit that has the least left, of those that were looked at.
  limit::Decision limit;

  // The client's own if it sent a usable one, else made here.
  std::string request_id;
  // What pages of other origins may do with the answer; null for nothing.
  const route::Cors* cors = nullptr;
  bool preflight = false;
  // Who is calling was proved by a cookie; or by whatever else browsers send by themselves, such
  // as a certificate.
  bool by_cookie = false;
  bool by_browser = false;
  // Why a credential was refused: for the log, never for the client. "" when none was.
  std::string refused_credential;
  // Among those that this process works on, and what it holds of their bodies.
  policy::InFlight::Place place;
  policy::InFlight::Bytes body_bytes;
  // Deadline, cancellation, metadata and caller that every call of this request shares.
  upstream::CallContext call;

  // The body as it came, until the request message is decoded from path, query and body; and how
  // much of it came.
  std::string body_text;
  size_t request_bytes = 0;
  std::string message;
  // What the client wants to see of the answer; null for everything.
  std::unique_ptr<const contract::ReadMask> mask;
};

inline void Exchange::CopyTo(Exchange& other) const {
  other.route = route;
  other.request_id = request_id;
  other.call.deadline = call.deadline;
  other.call.priority = call.priority;
  other.call.client_deadline = call.client_deadline;
  other.call.whole = call.whole;
  other.call.metadata = call.metadata;
  other.call.identity = call.identity;
  other.call.request_id = other.request_id;
  other.call.key_scope = call.key_scope;
  other.call.versions = call.versions;
  other.message = message;
}

}  // namespace frontdesk
