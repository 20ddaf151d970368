#include "gateway/policy/client_deadline.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"

namespace frontdesk::policy {
namespace {

using std::chrono::nanoseconds;

constexpr std::string_view kXRequestTimeout = "x-request-timeout";
constexpr std::string_view kGrpcTimeout = "grpc-timeout";
// Longer than any route allows; sums with a point in time stay in range.
constexpr nanoseconds kLongest = std::chrono::hours(24 * 365);

constexpr std::string_view kDigits = "0123456789";
constexpr size_t kMostDigits = 9;

// `digits` and nothing else, up to 9 of them.
std::optional<int64_t> Number(std::string_view digits) {
  if (digits.empty() || digits.size() > kMostDigits) return std::nullopt;
  if (digits.find_first_not_of(kDigits) != std::string_view::npos) return std::nullopt;
  int64_t value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

Duration Times(int64_t count, int64_t unit_nanos) {
  if (count > kLongest.count() / unit_nanos) return kLongest;
  return nanoseconds(count * unit_nanos);
}

// doc/PROTOCOL-HTTP2.md of gRPC: TimeoutValue TimeoutUnit.
std::optional<Duration> ReadGrpcTimeout(std::string_view text) {
  constexpr std::pair<char, int64_t> kUnits[] = {
      {'H', 3'600'000'000'000}, {'M', 60'000'000'000}, {'S', 1'000'000'000},
      {'m', 1'000'000},         {'u', 1'000},          {'n', 1}};
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  const std::optional<int64_t> count = Number(text.substr(0, text.size() - 1));
  const auto* unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                  [&](const auto& each) { return each.first == text.back(); });
  if (!count || unit == std::end(kUnits)) return std::nullopt;
  return Times(*count, unit->second);
}

// Some print fractions with all digits that a floating point number has; what is finer than a
// nanosecond is cut off.
std::optional<Duration> ReadXRequestTimeout(std::string_view text) {
  int64_t unit = 1'000'000'000;
  if (text.ends_with("ms")) {
    unit = 1'000'000;
    text.remove_suffix(2);
  } else if (text.ends_with('s')) {
    text.remove_suffix(1);
  }
  const size_t dot = text.find('.');
  const std::optional<int64_t> whole = Number(text.substr(0, dot));
  if (!whole) return std::nullopt;
  Duration timeout = Times(*whole, unit);
  if (dot == std::string_view::npos) return timeout;
  std::string_view digits = text.substr(dot + 1);
  if (digits.find_first_not_of(kDigits) != std::string_view::npos) return std::nullopt;
  digits = digits.substr(0, kMostDigits);
  const std::optional<int64_t> fraction = Number(digits);
  if (!fraction) return std::nullopt;
  int64_t scale = 1;
  for (size_t i = 0; i < digits.size(); ++i) scale *= 10;
  // Both factors are below 2^30, so nothing overflows.
  return timeout + nanoseconds(*fraction * unit / scale);
}

absl::Status HasPassed() {
  return DeadlineExceeded("the time that the client allows has passed").NeverSent();
}

absl::Status BadTimeout(std::string_view name, std::string_view what) {
  return Failure(absl::StatusCode::kInvalidArgument, "INVALID_HEADER",
                 Cat("header ", name, ' ', what));
}

}  // namespace

absl::StatusOr<std::optional<Duration>> ReadClientTimeout(const http::Headers& headers) {
  std::optional<Duration> shortest;
  for (const std::string_view name : {kXRequestTimeout, kGrpcTimeout}) {
    const std::optional<std::string_view> text = headers.Find(name);
    if (!text) continue;
    if (headers.Count(name) > 1) return BadTimeout(name, "stands there more than once");
    const std::optional<Duration> timeout =
        name == kGrpcTimeout ? ReadGrpcTimeout(*text) : ReadXRequestTimeout(*text);
    if (!timeout) {
      return BadTimeout(name, name == kGrpcTimeout
                                  ? "is no time such as 250m or 2S"
                                  : "is no time such as 0.25, 250ms or 2s, of at most 9 digits "
                                    "and a fraction");
    }
    shortest = std::min(*timeout, shortest.value_or(*timeout));
  }
  return shortest;
}

absl::Status TakeClientDeadline(Exchange& exchange) {
  const absl::StatusOr<std::optional<Duration>> timeout =
      ReadClientTimeout(exchange.request.headers);
  if (!timeout.ok()) return timeout.status();
  if (!timeout->has_value()) return absl::OkStatus();
  exchange.call.deadline = exchange.request.received + **timeout;
  exchange.call.client_deadline = true;
  if (exchange.call.deadline > exchange.call.loop.Now()) return absl::OkStatus();
  return HasPassed();
}

absl::Status TakeRouteDeadline(Exchange& exchange) {
  upstream::CallContext& call = exchange.call;
  const TimePoint now = call.loop.Now();
  const TimePoint latest = now + exchange.route->timeout;
  if (call.client_deadline && call.deadline <= now) return HasPassed();
  call.client_deadline = call.client_deadline && call.deadline < latest;
  if (!call.client_deadline) call.deadline = latest;
  // Back ends are judged by what the route gives, not by what a client wishes.
  call.whole = exchange.route->timeout;
  return absl::OkStatus();
}

}  // namespace frontdesk::policy
