// What a call needs to know about where it comes from. Does not know HTTP or Exchange, so that
// generated clients use it without the gateway.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/cancel.h"
#include "gateway/base/clock.h"
#include "gateway/base/loop.h"
#include "gateway/base/mechanism/priority.h"
#include "gateway/identity/identity.h"

namespace frontdesk::upstream {

// Lower-case keys, values as they are ("-bin" values decoded), order kept.
using Metadata = std::vector<std::pair<std::string, std::string>>;

class Canary;  // canary.h

// What of a request says to which version of an upstream its calls go.
struct VersionHints {
  std::string address;  // of the client, as whatever shares one counts; "" when it is not known
  Metadata headers;     // those of VersionHeaders() that it has
};

// To which version of each upstream the calls of a request go.
struct VersionChoices {
  // Nothing in a client without a gateway before it.
  std::optional<VersionHints> hints;
  std::vector<std::pair<const Canary*, size_t>> made;  // so far
};

// Lives in the request's frame, on its loop, longer than all of its calls.
struct CallContext {
  Loop& loop;
  Cancellation& cancel;
  TimePoint deadline = TimePoint::max();
  // Sent with every call.
  Metadata metadata;
  // Who is calling, verified; null when nobody is.
  identity::IdentityPointer identity;
  std::string_view request_id;
  // What the idempotency keys of its calls are made of (idempotency_key.h); empty when they have
  // none.
  std::string key_scope;
  // Calls made so far, for the log.
  uint32_t calls = 0;
  // Of the request.
  Priority priority = Priority::kNormal;
  // The deadline is the client's own wish, shorter than what is configured.
  bool client_deadline = false;
  // What was left until the deadline at the beginning, or would have been had the client wished for
  // no less; zero when nobody has said so. A call that gets little of it says nothing about whom it
  // calls.
  Duration whole{};
  // Attempts beyond the first of each call, retries and hedges, for the log.
  uint32_t retries = 0;
  // One for all calls that are made for the request, in steps and undos too. Null where no upstream
  // has versions, and in a client until it calls the first that has.
  std::shared_ptr<VersionChoices> versions;

  // "" when nobody is calling.
  const std::string& caller_sub() const {
    static const std::string nobody;
    return identity ? identity->sub : nobody;
  }
  // Of the calls of which this one is made, that end with `ends`: nothing is counted yet.
  CallContext ForCalls(Cancellation& ends) const;
};

inline CallContext CallContext::ForCalls(Cancellation& ends) const {
  return {.loop = loop,
          .cancel = ends,
          .deadline = deadline,
          .metadata = metadata,
          .identity = identity,
          .request_id = request_id,
          .key_scope = key_scope,
          .priority = priority,
          .client_deadline = client_deadline,
          .whole = whole,
          .versions = versions};
}

}  // namespace frontdesk::upstream
