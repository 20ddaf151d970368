#include "gateway/base/failure.h"

#include "absl/strings/cord.h"
#include "gateway/base/text.h"

namespace frontdesk {
namespace {

constexpr char kReason[] = "frontdesk/reason";
constexpr char kOrigin[] = "frontdesk/origin";
constexpr char kHttp[] = "frontdesk/http";
constexpr char kFields[] = "frontdesk/fields";
constexpr char kNeverSent[] = "frontdesk/never-sent";
constexpr char kHeaders[] = "frontdesk/headers";
constexpr char kInfo[] = "frontdesk/info";
constexpr char kHelp[] = "frontdesk/help";
constexpr char kDetails[] = "frontdesk/details";

std::string Payload(const absl::Status& status, const char* url) {
  const absl::optional<absl::Cord> payload = status.GetPayload(url);
  return payload ? std::string(*payload) : std::string();
}

void AppendVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// A length-delimited protobuf field.
void AppendField(std::string& out, int number, std::string_view bytes) {
  AppendVarint(out, static_cast<uint64_t>(number) << 3 | 2);
  AppendVarint(out, bytes.size());
  out.append(bytes);
}

}  // namespace

Failure::Failure(absl::StatusCode code, std::string_view reason, std::string_view message,
                 Origin origin)
    : status_(code, Absl(message)) {
  status_.SetPayload(kReason, absl::Cord(Absl(reason)));
  status_.SetPayload(kOrigin, absl::Cord(Cat(static_cast<int>(origin))));
}

Failure& Failure::Http(int status) {
  status_.SetPayload(kHttp, absl::Cord(Cat(status)));
  return *this;
}

Failure& Failure::Field(std::string_view field, std::string_view description) {
  std::string fields = Payload(status_, kFields);
  AppendViolation(fields, field, description, "");
  return Fields(fields);
}

Failure& Failure::Fields(std::string_view bad_request) {
  status_.SetPayload(kFields, absl::Cord(Absl(bad_request)));
  return *this;
}

Failure& Failure::NeverSent() {
  status_.SetPayload(kNeverSent, absl::Cord("1"));
  return *this;
}

Failure& Failure::Header(std::string_view name, std::string_view value) {
  status_.SetPayload(kHeaders,
                     absl::Cord(Cat(Payload(status_, kHeaders), name, ": ", value, "\r\n")));
  return *this;
}

Failure& Failure::Info(std::string_view name, std::string_view value) {
  AddInfo(status_, name, value);
  return *this;
}

Failure& Failure::Help(std::string_view description, std::string_view url) {
  std::string link;  // google.rpc.Help.Link
  AppendField(link, 1, description);
  AppendField(link, 2, url);
  std::string help = Payload(status_, kHelp);
  AppendField(help, 1, link);
  status_.SetPayload(kHelp, absl::Cord(Absl(help)));
  return *this;
}

Failure& Failure::Details(std::string_view status_bytes) {
  status_.SetPayload(kDetails, absl::Cord(Absl(status_bytes)));
  return *this;
}

void AppendViolation(std::string& bad_request, std::string_view field, std::string_view description,
                     std::string_view reason) {
  std::string violation;
  AppendField(violation, 1, field);
  AppendField(violation, 2, description);
  if (!reason.empty()) AppendField(violation, 3, reason);
  AppendField(bad_request, 1, violation);
}

Failure DeadlineExceeded(std::string_view what) {
  return Failure(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", what, Origin::kGateway);
}

void AddInfo(absl::Status& status, std::string_view name, std::string_view value) {
  std::string entry;  // of map<string, string>
  AppendField(entry, 1, name);
  AppendField(entry, 2, value);
  std::string info = Payload(status, kInfo);
  AppendField(info, 3, entry);
  status.SetPayload(kInfo, absl::Cord(Absl(info)));
}

void ClearInfo(absl::Status& status) { status.ErasePayload(kInfo); }

std::string ReasonOf(const absl::Status& status) {
  std::string reason = Payload(status, kReason);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

Origin OriginOf(const absl::Status& status) {
  const std::string origin = Payload(status, kOrigin);
  return origin.empty() ? Origin::kGateway : static_cast<Origin>(origin[0] - '0');
}

int HttpOverrideOf(const absl::Status& status) {
  const std::string http = Payload(status, kHttp);
  return http.empty() ? 0 : std::stoi(http);
}

bool WasNeverSent(const absl::Status& status) { return !Payload(status, kNeverSent).empty(); }

std::string DetailsOf(const absl::Status& status) { return Payload(status, kDetails); }

std::string FieldViolationsOf(const absl::Status& status) { return Payload(status, kFields); }

std::string InfoOf(const absl::Status& status) { return Payload(status, kInfo); }

std::string HelpOf(const absl::Status& status) { return Payload(status, kHelp); }

std::string HeadersOf(const absl::Status& status) { return Payload(status, kHeaders); }

}  // namespace frontdesk
