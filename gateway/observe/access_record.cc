#include "gateway/observe/access_record.h"

#include <charconv>
#include <cstring>
#include <ctime>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"
#include "gateway/observe/grpc_code.h"
#include "gateway/observe/json_text.h"

namespace frontdesk::observe {
namespace {

// Longest text that is logged, in bytes before escaping: what a client sends must not be able to
// fill the log.
constexpr size_t kTargetLimit = 2048;
constexpr size_t kTextLimit = 256;

struct Instant {
  int64_t second;
  int64_t micros;
};

Instant Split(std::chrono::system_clock::time_point time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::floor<std::chrono::microseconds>(time - second);
  return {second.time_since_epoch().count(), rest.count()};
}

std::string SecondText(int64_t second) {
  const std::time_t seconds = second;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc)};
}

// ".123456Z"
constexpr size_t kFractionSize = 8;
void WriteFraction(char* to, int64_t micros) {
  to[0] = '.';
  for (int i = 6; i > 0; --i, micros /= 10) to[i] = static_cast<char>('0' + micros % 10);
  to[7] = 'Z';
}

// Texts other than the target, with room for one more; everything else is names and numbers.
constexpr size_t kTexts = 15;
constexpr size_t kRoom =
    JsonStringRoom(kTargetLimit) + kTexts * JsonStringRoom(kTextLimit) + size_t{1024};

}  // namespace

std::string_view CauseOf(const absl::Status& failure, int http) {
  if (failure.ok() || http < 502 || http > 504) return "";
  // A status that a back end gave has its code's name for a reason.
  const bool told = OriginOf(failure) == Origin::kUpstream &&
                    ReasonOf(failure) == Std(absl::StatusCodeToString(failure.code()));
  return told ? std::string_view() : Std(failure.message());
}

void AppendRfc3339(std::string& out, std::chrono::system_clock::time_point time) {
  const Instant instant = Split(time);
  out += SecondText(instant.second);
  char fraction[kFractionSize];
  WriteFraction(fraction, instant.micros);
  out.append(fraction, sizeof fraction);
}

AccessFormatter::AccessFormatter() : line_(new char[kRoom]) {}

// Inlined where names are constants, which are then no calls but a few moves.
[[gnu::always_inline]] inline void AccessFormatter::Raw(std::string_view text) {
  std::memcpy(at_, text.data(), text.size());
  at_ += text.size();
}

[[gnu::always_inline]] inline void AccessFormatter::Text(std::string_view key,
                                                         std::string_view value, size_t limit) {
  if (value.empty()) return;
  Raw(key);
  at_ = WriteJsonString(at_, value, limit);
}

[[gnu::always_inline]] inline void AccessFormatter::Number(std::string_view key, int64_t value) {
  Raw(key);
  at_ = std::to_chars(at_, at_ + 20, value).ptr;
}

void AccessFormatter::Time(std::chrono::system_clock::time_point time) {
  const Instant instant = Split(time);
  if (instant.second != second_) {
    second_ = instant.second;
    second_text_ = SecondText(second_);
  }
  Raw(second_text_);
  WriteFraction(at_, instant.micros);
  at_ += kFractionSize;
}

std::string_view AccessFormatter::Format(const AccessRecord& record) {
  at_ = line_.get();
  Raw(R"({"time":")");
  Time(record.time);
  Raw(R"(","kind":"access")");
  Text(R"(,"request_id":)", record.request_id, kTextLimit);
  Text(R"(,"method":)", record.method, kTextLimit);
  Text(R"(,"target":)", record.target, kTargetLimit);
  Text(R"(,"protocol":)", record.protocol, kTextLimit);
  Text(R"(,"route":)", record.route, kTextLimit);
  Text(R"(,"rpc":)", record.rpc, kTextLimit);
  if (record.deprecated) Raw(R"(,"deprecated":true)");
  Text(R"(,"api":)", record.api, kTextLimit);
  Number(R"(,"status":)", record.status);
  if (record.grpc_code >= 0) {
    Text(R"(,"grpc_code":)", kGrpcCodeNames[GrpcCodeIndex(record.grpc_code)], kTextLimit);
  }
  Text(R"(,"reason":)", record.reason, kTextLimit);
  Text(R"(,"cause":)", record.cause, kTextLimit);
  Number(R"(,"duration_us":)", record.duration.count() / 1000);
  Number(R"(,"request_bytes":)", static_cast<int64_t>(record.request_bytes));
  Number(R"(,"response_bytes":)", static_cast<int64_t>(record.response_bytes));
  Text(R"(,"peer":)", record.peer, kTextLimit);
  Text(R"(,"user_agent":)", record.user_agent, kTextLimit);
  Text(R"(,"caller":)", record.caller, kTextLimit);
  Number(R"(,"upstream_calls":)", record.upstream_calls);
  if (record.upstream_retries != 0) {
    Number(R"(,"upstream_retries":)", record.upstream_retries);
  }
  Text(R"(,"upstream_versions":)", record.upstream_versions, kTextLimit);
  Text(R"(,"incomplete":)", record.incomplete, kTextLimit);
  Raw("}\n");
  return {line_.get(), static_cast<size_t>(at_ - line_.get())};
}

}  // namespace frontdesk::observe
