// Paths that are judged before any route is looked for: bad ones, and those of health checks.
#include <array>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/route/matcher.h"
#include "gateway/route/route.h"

namespace frontdesk::route {
namespace {

absl::Status Invalid(std::string_view what) {
  return Failure(absl::StatusCode::kInvalidArgument, "INVALID_PATH", Cat("path: ", what));
}

// Neither in a URI (RFC 3986, appendix A) nor tolerated.
constexpr std::array<bool, 256> kForbidden = [] {
  std::array<bool, 256> forbidden{};
  forbidden.fill(true);
  for (size_t c = '!'; c <= '~'; ++c) forbidden[c] = c == '\\' || c == '?' || c == '#';
  return forbidden;
}();

// The usual segment, which needs no second look: no escape, nothing that could be a dot segment.
bool IsPlain(std::string_view segment) {
  return segment[0] != '.' && segment.find('%') == std::string_view::npos;
}

std::string_view Fault(std::string_view segment) {
  std::string decoded;
  if (!contract::PercentDecode(segment, decoded)) return "a malformed percent-encoding";
  return contract::SegmentFault(decoded);
}

}  // namespace

absl::Status CheckPath(std::string_view raw) {
  if (raw.empty() || raw[0] != '/') return Invalid("does not start with '/'");
  for (const char c : raw) {
    if (kForbidden[static_cast<unsigned char>(c)])
      return Invalid("a character that must be percent-encoded");
  }
  size_t segments = 0;
  for (std::string_view rest = raw.substr(1); !rest.empty();) {
    const size_t end = rest.find('/');
    const std::string_view segment = rest.substr(0, end);
    if (segment.empty()) return Invalid("an empty segment");
    if (++segments > contract::kMaxPathSegments) return Invalid("too many segments");
    if (!IsPlain(segment)) {
      const std::string_view fault = Fault(segment);
      if (!fault.empty()) return Invalid(fault);
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return absl::OkStatus();
}

std::string_view HealthPath(std::string_view path) {
  constexpr std::array<std::string_view, 3> kPaths = {"/healthz", "/health", "/readyz"};
  constexpr size_t kShortest = 7, kLongest = 8;
  // Most paths are told by one look.
  if (path.size() < kShortest || path.size() > 3 * kLongest) return "";
  if (path[1] != 'h' && path[1] != 'r' && path[1] != '%') return "";
  std::string decoded;
  if (path.find('%') != std::string_view::npos) {
    if (!contract::PercentDecode(path, decoded)) return "";
    path = decoded;
  }
  for (const std::string_view known : kPaths) {
    if (path == known) return known;
  }
  return "";
}

}  // namespace frontdesk::route
