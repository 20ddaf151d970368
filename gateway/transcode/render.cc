#include "gateway/transcode/render.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/contract/wire.h"
#include "gateway/observe/grpc_code.h"
#include "gateway/observe/json_text.h"
#include "gateway/transcode/encode.h"
#include "google/rpc/status.pb.h"

namespace frontdesk::transcode {
namespace {

using contract::AppendTag;
using contract::AppendVarint;
using contract::WireField;
using contract::WireReader;
using contract::WireType;

// Index: google.rpc.Code. The only such table in the program.
constexpr std::array<int, 17> kHttpStatus = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                                             400, 409, 400, 501, 500, 503, 500, 401};

constexpr std::string_view kProblemType = "application/problem+json";
constexpr std::string_view kTypes = "type.googleapis.com/google.rpc.";
constexpr std::string_view kDomain = "frontdesk";

// Clients may take a longer wait for "never": a day.
constexpr int64_t kMostRetryAfter = 24 * 60 * 60;

void AppendBytes(std::string& out, uint32_t number, std::string_view bytes) {
  AppendTag(out, number, WireType::kBytes);
  AppendVarint(out, bytes.size());
  out.append(bytes);
}

// A detail of google.rpc.Status: an Any in its field 3.
void AppendDetail(std::string& status, std::string_view type, std::string_view message) {
  std::string any;
  AppendBytes(any, 1, Cat(kTypes, type));
  AppendBytes(any, 2, message);
  AppendBytes(status, 3, any);
}

// What may be told to the client of the failure.
struct Told {
  int code = 0;
  std::string message;
  std::string details;  // google.rpc.Status fields 3 of the back end, framed as they were
};

// Details of a 5xx stay inside, but for the one that tells a client when to come back.
bool IsRetryInfo(std::string_view any) {
  WireReader reader(any);
  while (reader.Next()) {
    if (reader.field().number == 1) return reader.field().bytes.ends_with("/google.rpc.RetryInfo");
  }
  return false;
}

// Last value of the field; "" or 0 when there is none.
WireField Find(std::string_view message, uint32_t number, WireType type) {
  WireField found;
  for (WireReader reader(message); reader.Next();) {
    const WireField& field = reader.field();
    if (field.number == number && field.type == type) found = field;
  }
  return found;
}

// Seconds, rounded up, that a back end asks its callers to wait; 0 when it does not.
int64_t RetryAfter(std::string_view details) {
  for (WireReader reader(details); reader.Next();) {
    const std::string_view any = reader.field().bytes;
    if (!IsRetryInfo(any)) continue;
    const std::string_view info = Find(any, 2, WireType::kBytes).bytes;
    const std::string_view delay = Find(info, 1, WireType::kBytes).bytes;
    const auto seconds = static_cast<int64_t>(Find(delay, 1, WireType::kVarint).varint);
    const auto nanos = static_cast<int32_t>(Find(delay, 2, WireType::kVarint).varint);
    if (seconds < 0 || seconds > kMostRetryAfter || nanos < 0) return 0;
    return seconds + (nanos > 0 ? 1 : 0);
  }
  return 0;
}

Told WhatToTell(const absl::Status& failure, int http) {
  Told told{static_cast<int>(failure.code()), std::string(failure.message()), ""};
  const bool secret = http >= 500 && OriginOf(failure) == Origin::kUpstream;
  if (secret) told.message = "a back end failed";
  const std::string status = DetailsOf(failure);
  for (WireReader reader(status); reader.Next();) {
    const WireField& field = reader.field();
    if (field.number != 3 || field.type != WireType::kBytes) continue;
    if (!secret || IsRetryInfo(field.bytes)) AppendBytes(told.details, 3, field.bytes);
  }
  return told;
}

std::string StatusMessage(const absl::Status& failure, const Told& told,
                          std::string_view violations, std::string_view request_id) {
  std::string status;
  AppendTag(status, 1, WireType::kVarint);
  AppendVarint(status, static_cast<uint64_t>(told.code));
  AppendBytes(status, 2, told.message);
  status += told.details;

  if (!violations.empty()) AppendDetail(status, "BadRequest", violations);
  std::string info;
  AppendBytes(info, 1, ReasonOf(failure));
  AppendBytes(info, 2, kDomain);
  info += InfoOf(failure);
  AppendDetail(status, "ErrorInfo", info);
  std::string request;
  AppendBytes(request, 1, request_id);
  AppendDetail(status, "RequestInfo", request);
  const std::string help = HelpOf(failure);
  if (!help.empty()) AppendDetail(status, "Help", help);
  return status;
}

const contract::MessageTable& StatusTable() {
  static const contract::MessageTable* const table = [] {
    static contract::MessageTables tables;
    return tables.Add(google::rpc::Status::descriptor());
  }();
  return *table;
}

// ErrorInfo.metadata as a member of problem details: "metadata":{"not_undone":"charge"}.
void AppendInfo(const absl::Status& failure, std::string& out) {
  const std::string info = InfoOf(failure);
  std::string members;
  for (WireReader reader(info); reader.Next();) {
    if (!members.empty()) members += ',';
    for (WireReader entry(reader.field().bytes); entry.Next();) {
      if (entry.field().number == 2) members += ':';
      observe::AppendJsonString(members, entry.field().bytes);
    }
  }
  if (!members.empty()) out += Cat(",\"metadata\":{", members, '}');
}

// RFC 9457.
void AppendProblem(const absl::Status& failure, const Told& told, int http,
                   std::string_view request_id, std::string& out) {
  const auto member = [&out](std::string_view name, std::string_view value) {
    AppendTo(out, ",\"");
    AppendTo(out, name);
    AppendTo(out, "\":");
    observe::AppendJsonString(out, value);
  };
  out += R"({"type":"about:blank","status":)";
  AppendTo(out, http);
  member("title", observe::kGrpcCodeNames[observe::GrpcCodeIndex(told.code)]);
  member("detail", told.message);
  member("reason", ReasonOf(failure));
  member("requestId", request_id);
  AppendInfo(failure, out);
  std::string errors;
  const std::string violations = FieldViolationsOf(failure);
  for (WireReader reader(violations); reader.Next();) {
    errors += errors.empty() ? "{" : ",{";
    for (WireReader inner(reader.field().bytes); inner.Next();) {
      constexpr const char* kKeys[] = {"\"field\":", ",\"description\":", ",\"reason\":"};
      errors += kKeys[inner.field().number - 1];  // no others: AppendViolation()
      observe::AppendJsonString(errors, inner.field().bytes);
    }
    errors += '}';
  }
  if (!errors.empty()) out += Cat(",\"errors\":[", errors, ']');
  out += '}';
}

bool Has(const http::ResponseHead& head, std::string_view name) {
  return std::any_of(head.headers.begin(), head.headers.end(),
                     [name](const auto& header) { return header.first == name; });
}

// What the failure says itself, and what HTTP wants of a status beyond that.
void AddHeaders(const absl::Status& failure, const Told& told, http::ResponseHead& head) {
  const std::string lines = HeadersOf(failure);
  std::string_view rest = lines;
  while (!rest.empty()) {
    const size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    const size_t colon = line.find(": ");
    head.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    rest.remove_prefix(end + 2);
  }
  const bool busy = head.status == 429 || head.status == 503;
  const int64_t seconds = busy && !Has(head, "Retry-After") ? RetryAfter(told.details) : 0;
  if (seconds > 0) head.headers.emplace_back("Retry-After", Cat(seconds));
  if (head.status == 401 && !Has(head, "WWW-Authenticate")) {
    head.headers.emplace_back("WWW-Authenticate", "Bearer");
  }
}

// Accept names problem details and does not rule them out by a weight of 0 (RFC 9110, 12.5.1).
bool WantsProblem(std::string_view accept) {
  for (size_t at; (at = accept.find(kProblemType)) != std::string_view::npos;) {
    accept.remove_prefix(at + kProblemType.size());
    std::string_view parameters = accept.substr(0, accept.find(','));
    const size_t weight = parameters.find("q=");
    if (weight == std::string_view::npos) return true;
    parameters.remove_prefix(weight + 2);
    parameters = parameters.substr(0, parameters.find_first_not_of("0123456789."));
    if (parameters.find_first_not_of("0.") != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

void Rendered::Clear() {
  head.status = 200;
  head.headers.clear();
  head.common = nullptr;
  body.clear();
}

int HttpStatusOf(const absl::Status& failure) {
  if (const int own = HttpOverrideOf(failure)) return own;
  const size_t code = static_cast<size_t>(failure.raw_code());
  return code < kHttpStatus.size() ? kHttpStatus[code] : 500;
}

void RenderFailure(const absl::Status& failure, std::string_view request_id,
                   std::string_view accept, const contract::MessageTables& types, Rendered& out) {
  out.Clear();
  const int http = HttpStatusOf(failure);
  const Told told = WhatToTell(failure, http);
  out.head.status = http;
  AddHeaders(failure, told, out.head);
  if (WantsProblem(accept)) {
    out.head.headers.emplace_back("Content-Type", kProblemType);
    AppendProblem(failure, told, http, request_id, out.body);
    return;
  }
  out.head.headers.emplace_back("Content-Type", "application/json");
  const auto encode = [&](const Told& what, std::string_view violations) {
    return EncodeJson(StatusTable(), StatusMessage(failure, what, violations, request_id),
                      PrintOptions(), types, out.body);
  };
  if (encode(told, FieldViolationsOf(failure)).ok()) return;
  // The back end's details, or what is quoted of the client, are broken; what is left is ours.
  const bool theirs = OriginOf(failure) == Origin::kUpstream;
  const Told ours{told.code, theirs ? "a back end failed" : "the request failed", ""};
  const absl::Status encoded = encode(ours, "");
  assert(encoded.ok());
  static_cast<void>(encoded);
}

}  // namespace frontdesk::transcode
