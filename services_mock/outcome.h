// How a mock's method ends: a google.rpc.Status, code 0 for success.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "google/rpc/status.pb.h"

namespace frontdesk::mock {

using Outcome = google::rpc::Status;

inline bool Failed(const Outcome& outcome) { return outcome.code() != 0; }

// A plain failure; `code` as in google.rpc.Code. Details: ErrorInfo with `reason`.
Outcome Failure(int code, std::string_view reason, std::string_view message);

// NOT_FOUND with ErrorInfo and ResourceInfo. `type` is the resource's message, such as
// "shop.order.v1.Order".
Outcome NotFound(std::string_view type, std::string_view id);

// FAILED_PRECONDITION with ErrorInfo and PreconditionFailure.
Outcome Precondition(std::string_view type, std::string_view subject, std::string_view description);

// Collects what is wrong with a request's fields.
class Violations {
 public:
  // `field` is a path in the request, such as "items[2].quantity".
  Violations& Add(std::string_view field, std::string_view description);
  Violations& AddIf(bool wrong, std::string_view field, std::string_view description);
  bool empty() const { return fields_.empty(); }
  // INVALID_ARGUMENT with ErrorInfo and BadRequest; success if nothing was added.
  Outcome Finish() const;

 private:
  struct Violation {
    std::string field;
    std::string description;
  };
  std::vector<Violation> fields_;
};

}  // namespace frontdesk::mock
