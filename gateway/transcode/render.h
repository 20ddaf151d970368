// A reply or a failure becomes HTTP here and nowhere else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gateway/contract/message_table.h"
#include "gateway/http/message.h"

namespace frontdesk::transcode {

// What goes to the client.
struct Rendered {
  http::ResponseHead head;
  std::string body;

  void Clear();
};

// HTTP status of a failure: its own (405, 413, ...) or that of its gRPC code.
int HttpStatusOf(const absl::Status& failure);

// google.rpc.Status as JSON with an ErrorInfo (reason, domain "frontdesk") and a RequestInfo, or
// RFC 9457 problem details if `accept` asks for them. What a back end said (its message and
// details) stays for 4xx and is left out for 5xx: no internals leave the house. Adds what HTTP
// wants of a status: Retry-After from a back end's RetryInfo, a challenge to a 401 that has none.
void RenderFailure(const absl::Status& failure, std::string_view request_id,
                   std::string_view accept, const contract::MessageTables& types, Rendered& out);

}  // namespace frontdesk::transcode
