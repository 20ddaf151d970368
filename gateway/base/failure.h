// Failures are absl::Status values. What HTTP, the log and the retry decision need to know besides
// code and message rides along as payloads; the fields below are read back by transcode/render, the
// access log and upstream/. Built only when something fails, so their cost does not matter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace frontdesk {

// Who made the failure: decides the log level and whether its text may leave the house.
enum class Origin { kClient, kGateway, kUpstream };

// A failure on its way to becoming an absl::Status. Reasons are stable, in upper snake case, and
// stand alike in the answer's ErrorInfo, the log and the metric:
//   return Failure(absl::StatusCode::kInvalidArgument, "JSON_SYNTAX", "line 3: expected ':'");
class Failure {
 public:
  Failure(absl::StatusCode code, std::string_view reason, std::string_view message,
          Origin origin = Origin::kClient);

  // An HTTP status that the code's own mapping does not give, such as 405, 413, 414, 415, 431.
  Failure& Http(int status);
  // A field of the request that is wrong, for BadRequest.field_violations. May be repeated.
  Failure& Field(std::string_view field, std::string_view description);
  // All of them: a serialised google.rpc.BadRequest.
  Failure& Fields(std::string_view bad_request);
  // The call never reached a back end: trying again is always safe.
  Failure& NeverSent();
  // A header that the answer carries, such as Allow or Retry-After. May be repeated.
  Failure& Header(std::string_view name, std::string_view value);
  // An entry of ErrorInfo.metadata: names in lower case. May be repeated.
  Failure& Info(std::string_view name, std::string_view value);
  // A page, or another address, that helps: a link of google.rpc.Help. May be repeated.
  Failure& Help(std::string_view description, std::string_view url);
  // A serialised google.rpc.Status that the back end sent; its details survive untouched.
  Failure& Details(std::string_view status_bytes);

  operator absl::Status() const { return status_; }  // NOLINT(google-explicit-constructor)

 private:
  absl::Status status_;
};

// Adds a google.rpc.BadRequest.FieldViolation to a serialised BadRequest. `reason` names the rule
// that is broken; "" for none.
void AppendViolation(std::string& bad_request, std::string_view field, std::string_view description,
                     std::string_view reason);

// DEADLINE_EXCEEDED that this process found by its own clock: 504.
Failure DeadlineExceeded(std::string_view what);

// Failure::Info() of a failure that exists already, whoever made it.
void AddInfo(absl::Status& status, std::string_view name, std::string_view value);
void ClearInfo(absl::Status& status);

// Reading it back. Each has a sensible answer for a status that no Failure made.
std::string ReasonOf(const absl::Status& status);  // the code's name when there is none
Origin OriginOf(const absl::Status& status);       // kGateway when there is none
int HttpOverrideOf(const absl::Status& status);    // 0 when there is none
bool WasNeverSent(const absl::Status& status);
std::string DetailsOf(const absl::Status& status);  // "" when there are none
// Serialised google.rpc.BadRequest, "" when no field was named.
std::string FieldViolationsOf(const absl::Status& status);
// Entries of ErrorInfo.metadata, serialised as fields 3 of a google.rpc.ErrorInfo.
std::string InfoOf(const absl::Status& status);
// Serialised google.rpc.Help, "" when there is no link.
std::string HelpOf(const absl::Status& status);
// "Name: value\r\n" lines.
std::string HeadersOf(const absl::Status& status);

}  // namespace frontdesk
