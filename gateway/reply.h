// What comes back through the chain: a message or a failure, not yet HTTP.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gateway/compose/runtime.h"
#include "gateway/upstream/call_context.h"

namespace frontdesk {

struct Reply {
  Reply() = default;
  explicit Reply(absl::Status failure) : status(std::move(failure)) {}

  // Not OK: everything below is empty, and the answer is an error.
  absl::Status status;
  // The method's output, as wire bytes.
  std::string message;
  // Parts of a composition that are missing.
  std::vector<compose::Missing> incomplete;
  // The back end's headers and trailers; those on the route's list become response headers.
  upstream::Metadata metadata;
  // Undos of a composition, if it had to start any; they may still run.
  std::shared_ptr<compose::Compensation> compensation;
  // Given before, to an earlier request with the same idempotency key.
  bool replayed = false;
};

}  // namespace frontdesk
