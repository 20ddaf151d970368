#include "gateway/upstream/pushback.h"

#include <charconv>
#include <chrono>
#include <cstdint>

#include "absl/strings/cord.h"
#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/contract/wire.h"

namespace frontdesk::upstream {
namespace {

using contract::WireReader;
using contract::WireType;

constexpr char kPayload[] = "frontdesk/pushback";
constexpr Duration kNever = Duration::max();
// Nobody waits for so long; more would not fit the clock's nanoseconds.
constexpr std::chrono::hours kLongest{24 * 365};

Duration OfHeader(std::string_view text) {
  int64_t milliseconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, milliseconds);
  if (error != std::errc() || stop != end || milliseconds < 0) return kNever;
  const std::chrono::milliseconds delay(milliseconds);
  return delay < kLongest ? Duration(delay) : kNever;
}

// Of a google.protobuf.Duration.
struct Delay {
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
};

bool ReadDelay(std::string_view bytes, Delay& delay) {
  WireReader reader(bytes);
  while (reader.Next()) {
    const contract::WireField& field = reader.field();
    if (field.type != WireType::kVarint) continue;
    if (field.number == 1) delay.seconds = static_cast<int64_t>(field.varint);
    if (field.number == 2) delay.nanoseconds = static_cast<int32_t>(field.varint);
  }
  return !reader.failed();
}

Duration OfRetryInfo(std::string_view bytes) {
  Delay delay;
  WireReader reader(bytes);
  while (reader.Next()) {
    const contract::WireField& field = reader.field();
    if (field.number != 1 || field.type != WireType::kBytes) continue;
    if (!ReadDelay(field.bytes, delay)) return kNever;
  }
  if (reader.failed()) return kNever;
  if (delay.nanoseconds < 0 || delay.nanoseconds > 999'999'999) return kNever;
  constexpr int64_t kMostSeconds = std::chrono::seconds(kLongest).count();
  if (delay.seconds < 0 || delay.seconds >= kMostSeconds) return kNever;
  return std::chrono::seconds(delay.seconds) + std::chrono::nanoseconds(delay.nanoseconds);
}

// Of a google.protobuf.Any, when that is what it holds.
std::optional<Duration> OfDetail(std::string_view bytes) {
  std::string_view url;
  std::string_view value;
  WireReader reader(bytes);
  while (reader.Next()) {
    const contract::WireField& field = reader.field();
    if (field.type != WireType::kBytes) continue;
    if (field.number == 1) url = field.bytes;
    if (field.number == 2) value = field.bytes;
  }
  if (reader.failed() || !url.ends_with("/google.rpc.RetryInfo")) return std::nullopt;
  return OfRetryInfo(value);
}

std::optional<Duration> OfDetails(std::string_view status) {
  std::optional<Duration> found;
  WireReader reader(status);
  while (!found && reader.Next()) {
    const contract::WireField& field = reader.field();
    if (field.number == 3 && field.type == WireType::kBytes) found = OfDetail(field.bytes);
  }
  return found;
}

}  // namespace

void SetPushback(absl::Status& status, std::string_view value) {
  status.SetPayload(kPayload, absl::Cord(Absl(value)));
}

std::optional<Duration> PushbackOf(const absl::Status& status) {
  const absl::optional<absl::Cord> header = status.GetPayload(kPayload);
  if (header) return OfHeader(std::string(*header));
  return OfDetails(DetailsOf(status));
}

}  // namespace frontdesk::upstream
