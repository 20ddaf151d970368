#include "gateway/observe/access_record.h"

#include <ctime>

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

void AppendFraction(std::string& out, int64_t micros) {
  char digits[8] = {'.', '0', '0', '0', '0', '0', '0', 'Z'};
  for (int i = 6; i > 0; --i, micros /= 10) digits[i] = static_cast<char>('0' + micros % 10);
  out.append(digits, sizeof digits);
}

}  // namespace

void AppendRfc3339(std::string& out, std::chrono::system_clock::time_point time) {
  const Instant instant = Split(time);
  out += SecondText(instant.second);
  AppendFraction(out, instant.micros);
}

void AccessFormatter::AppendTime(std::chrono::system_clock::time_point time) {
  const Instant instant = Split(time);
  if (instant.second != second_) {
    second_ = instant.second;
    second_text_ = SecondText(second_);
  }
  line_ += second_text_;
  AppendFraction(line_, instant.micros);
}

// `key` comes with everything that stands before the value: `,"name":`.
void AccessFormatter::AppendText(std::string_view key, std::string_view value, size_t limit) {
  if (value.empty()) return;
  line_ += key;
  AppendJsonString(line_, value, limit);
}

void AccessFormatter::AppendNumber(std::string_view key, int64_t value) {
  line_ += key;
  AppendTo(line_, value);
}

std::string_view AccessFormatter::Format(const AccessRecord& record) {
  line_.assign(R"({"time":")");
  AppendTime(record.time);
  line_ += R"(","kind":"access")";
  AppendText(R"(,"request_id":)", record.request_id, kTextLimit);
  AppendText(R"(,"method":)", record.method, kTextLimit);
  AppendText(R"(,"target":)", record.target, kTargetLimit);
  AppendText(R"(,"protocol":)", record.protocol, kTextLimit);
  AppendText(R"(,"route":)", record.route, kTextLimit);
  AppendText(R"(,"rpc":)", record.rpc, kTextLimit);
  AppendNumber(R"(,"status":)", record.status);
  if (record.grpc_code >= 0) {
    AppendText(R"(,"grpc_code":)", kGrpcCodeNames[GrpcCodeIndex(record.grpc_code)], kTextLimit);
  }
  AppendText(R"(,"reason":)", record.reason, kTextLimit);
  AppendNumber(R"(,"duration_us":)", record.duration.count() / 1000);
  AppendNumber(R"(,"request_bytes":)", static_cast<int64_t>(record.request_bytes));
  AppendNumber(R"(,"response_bytes":)", static_cast<int64_t>(record.response_bytes));
  AppendText(R"(,"peer":)", record.peer, kTextLimit);
  AppendText(R"(,"user_agent":)", record.user_agent, kTextLimit);
  AppendText(R"(,"caller":)", record.caller, kTextLimit);
  AppendNumber(R"(,"upstream_calls":)", record.upstream_calls);
  AppendText(R"(,"incomplete":)", record.incomplete, kTextLimit);
  line_ += "}\n";
  return line_;
}

}  // namespace frontdesk::observe
