#include "gateway/upstream/grpc_wire.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "absl/strings/escaping.h"
#include "gateway/base/text.h"
#include "gateway/base/words.h"
#include "gateway/contract/header_names.h"

namespace frontdesk::upstream {
namespace {

constexpr int64_t kMaxTimeout = 99'999'999;

struct Unit {
  char name;
  int64_t nanoseconds;
};
constexpr std::array<Unit, 6> kUnits = {{{'n', 1},
                                         {'u', 1'000},
                                         {'m', 1'000'000},
                                         {'S', 1'000'000'000},
                                         {'M', 60'000'000'000},
                                         {'H', 3'600'000'000'000}}};

// Belong to the connection, to HTTP/2's framing or to the transport.
bool IsReservedName(std::string_view name) {
  switch (name[0]) {
    case 'c':
      return name == "connection" || name == "content-type" || name == "content-length";
    case 'g':
      return name.starts_with("grpc-");
    case 'h':
      return name == "host" || name == "http2-settings";
    case 'k':
      return name == "keep-alive";
    case 'p':
      return name == "proxy-connection";
    case 't':
      return name == "te" || name == "transfer-encoding" || name == "trailer";
    case 'u':
      return name == "upgrade" || name == "user-agent";
    default:
      return false;
  }
}

}  // namespace

TimeoutText::TimeoutText(Duration left) {
  const int64_t nanoseconds =
      std::max<int64_t>(1, std::chrono::duration_cast<std::chrono::nanoseconds>(left).count());
  // The coarsest unit that a back end can use is the finest that fits, and milliseconds are fine
  // enough: shorter text, and the same one for many calls.
  const Unit* unit = nanoseconds >= 1'000'000 ? &kUnits[2] : &kUnits[0];
  while (nanoseconds / unit->nanoseconds > kMaxTimeout && unit != &kUnits.back()) ++unit;
  const int64_t count = std::min(kMaxTimeout, nanoseconds / unit->nanoseconds);
  char* end = std::to_chars(text_, text_ + sizeof text_ - 1, count).ptr;
  *end++ = unit->name;
  size_ = static_cast<size_t>(end - text_);
}

bool IsGrpcContentType(std::string_view value) {
  constexpr std::string_view kGrpc = "application/grpc";
  if (!value.starts_with(kGrpc)) return false;
  return value.size() == kGrpc.size() || value[kGrpc.size()] == '+' || value[kGrpc.size()] == ';';
}

std::string Base64Encode(std::string_view bytes) {
  std::string text;
  absl::Base64Escape(Absl(bytes), &text);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

std::optional<std::string> Base64Decode(std::string_view text) {
  std::string bytes;
  if (!absl::Base64Unescape(Absl(text), &bytes)) return std::nullopt;
  return bytes;
}

std::string PercentDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    out.push_back(text[i]);
  }
  return out;
}

bool IsSendableMetadata(std::string_view name, std::string_view value) {
  if (!contract::IsMetadataKey(name) || IsReservedName(name)) return false;
  return name.ends_with("-bin") || IsPrintable(value);
}

void AddReceivedMetadata(std::string_view name, std::string_view value, Metadata& metadata) {
  if (!name.ends_with("-bin")) {
    metadata.emplace_back(name, value);
    return;
  }
  while (true) {
    const size_t comma = value.find(',');
    if (auto bytes = Base64Decode(value.substr(0, comma))) {
      metadata.emplace_back(name, std::move(*bytes));
    }
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

absl::StatusCode CodeOfHttpStatus(int status) {
  switch (status) {
    case 400:
      return absl::StatusCode::kInternal;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kUnknown;
  }
}

absl::StatusCode CodeOfReset(uint32_t http2_error) {
  switch (http2_error) {
    case 0x7:  // REFUSED_STREAM
      return absl::StatusCode::kUnavailable;
    case 0x8:  // CANCEL
      return absl::StatusCode::kCancelled;
    case 0xb:  // ENHANCE_YOUR_CALM
      return absl::StatusCode::kResourceExhausted;
    case 0xc:  // INADEQUATE_SECURITY
      return absl::StatusCode::kPermissionDenied;
    default:
      return absl::StatusCode::kInternal;
  }
}

std::string_view NameOfHttp2Error(uint32_t http2_error) {
  constexpr std::array<std::string_view, 14> kNames = {"NO_ERROR",
                                                       "PROTOCOL_ERROR",
                                                       "INTERNAL_ERROR",
                                                       "FLOW_CONTROL_ERROR",
                                                       "SETTINGS_TIMEOUT",
                                                       "STREAM_CLOSED",
                                                       "FRAME_SIZE_ERROR",
                                                       "REFUSED_STREAM",
                                                       "CANCEL",
                                                       "COMPRESSION_ERROR",
                                                       "CONNECT_ERROR",
                                                       "ENHANCE_YOUR_CALM",
                                                       "INADEQUATE_SECURITY",
                                                       "HTTP_1_1_REQUIRED"};
  return http2_error < kNames.size() ? kNames[http2_error] : "an unknown error code";
}

absl::Status BackendStatus(int number, std::string_view message, std::string_view details) {
  if (number == 0) return absl::OkStatus();
  const auto code = number > 0 && number <= 16 ? static_cast<absl::StatusCode>(number)
                                               : absl::StatusCode::kUnknown;
  Failure failure(code, absl::StatusCodeToString(code), message, Origin::kUpstream);
  if (!details.empty()) failure.Details(details);
  return failure;
}

Failure Unreachable(std::string_view what) {
  return Failure(absl::StatusCode::kUnavailable, "UPSTREAM_UNREACHABLE", what, Origin::kUpstream)
      .NeverSent();
}

Failure Overloaded(std::string_view what) {
  return Failure(absl::StatusCode::kUnavailable, "UPSTREAM_OVERLOADED", what, Origin::kUpstream)
      .NeverSent()
      .Header("Retry-After", "1");
}

Failure Reset(absl::StatusCode code, std::string_view what) {
  return Failure(code, "UPSTREAM_RESET", what, Origin::kUpstream).Http(502);
}

Failure ProtocolError(absl::StatusCode code, std::string_view what) {
  return Failure(code, "UPSTREAM_PROTOCOL", what, Origin::kUpstream).Http(502);
}

Failure MessageTooLarge(uint64_t size, size_t limit) {
  return Failure(absl::StatusCode::kResourceExhausted, "UPSTREAM_MESSAGE_TOO_LARGE",
                 Cat("a message of ", size, " bytes is above the limit of ", limit),
                 Origin::kUpstream)
      .Http(502);
}

}  // namespace frontdesk::upstream
