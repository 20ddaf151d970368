// What a back end says about another attempt, and what it is told about earlier ones.
#include "gateway/upstream/pushback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "gateway/base/failure.h"
#include "gateway/contract/wire.h"
#include "gateway/upstream/grpc_transport.h"
#include "gateway/upstream/grpc_wire.h"
#include "gateway/upstream/h2_reply.h"
#include "gateway/upstream/h2_transport.h"
#include "tests/unit/upstream/grpc_server.h"
#include "tests/unit/upstream/transport_driver.h"

namespace frontdesk::upstream {
namespace {

using contract::AppendTag;
using contract::AppendVarint;
using contract::WireType;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kNever = Duration::max();
constexpr char kRetryInfo[] = "type.googleapis.com/google.rpc.RetryInfo";

std::string Varint(uint32_t number, uint64_t value) {
  std::string bytes;
  AppendTag(bytes, number, WireType::kVarint);
  AppendVarint(bytes, value);
  return bytes;
}

std::string Bytes(uint32_t number, std::string_view value) {
  std::string bytes;
  AppendTag(bytes, number, WireType::kBytes);
  AppendVarint(bytes, value.size());
  return bytes.append(value);
}

// A field of google.rpc.Status.
std::string Detail(std::string_view url, std::string_view value) {
  return Bytes(3, Bytes(1, url) + Bytes(2, value));
}

std::string RetryInfo(int64_t whole, int64_t nanoseconds) {
  const std::string delay =
      Varint(1, static_cast<uint64_t>(whole)) + Varint(2, static_cast<uint64_t>(nanoseconds));
  return Detail(kRetryInfo, Bytes(1, delay));
}

TEST(Pushback, IsReadFromTheHeader) {
  const struct {
    std::string_view text;
    Duration expected;
  } rows[] = {{"0", Duration::zero()},
              {"1", milliseconds(1)},
              {"250", milliseconds(250)},
              {"0000000000000000000000250", milliseconds(250)},
              {"86400000", std::chrono::hours(24)},
              {"-0", Duration::zero()},
              {"-1", kNever},
              {"-9223372036854775808", kNever},
              {"9223372036854775807", kNever},
              {"9223372036854775808", kNever},
              {"31536000000", kNever},
              {"31535999999", milliseconds(31535999999)},
              {"", kNever},
              {" 1", kNever},
              {"1 ", kNever},
              {"+1", kNever},
              {"1.5", kNever},
              {"1e3", kNever},
              {"0x10", kNever},
              {"1,2", kNever},
              {"soon", kNever},
              {std::string_view("1\0", 2), kNever}};
  for (const auto& row : rows) {
    absl::Status status = absl::UnavailableError("later");
    SetPushback(status, row.text);
    EXPECT_EQ(PushbackOf(status), row.expected) << row.text;
  }
  EXPECT_EQ(PushbackOf(absl::UnavailableError("later")), std::nullopt);
  EXPECT_EQ(PushbackOf(absl::OkStatus()), std::nullopt);
}

TEST(Pushback, IsReadFromRetryInfo) {
  const std::string other = Detail("type.googleapis.com/google.rpc.ErrorInfo", Bytes(1, "X"));
  const std::string cut = RetryInfo(2, 0);
  const struct {
    const char* name;
    std::string details;
    std::optional<Duration> expected;
  } rows[] = {
      {"seconds", RetryInfo(2, 0), seconds(2)},
      {"both", RetryInfo(2, 500'000'000), milliseconds(2500)},
      {"nothing said is no delay", Detail(kRetryInfo, ""), Duration::zero()},
      {"empty delay", Detail(kRetryInfo, Bytes(1, "")), Duration::zero()},
      {"among others", Varint(1, 14) + Bytes(2, "busy") + other + RetryInfo(0, 1) + other,
       std::chrono::nanoseconds(1)},
      {"another host", Detail("example.com/google.rpc.RetryInfo", Bytes(1, Varint(1, 3))),
       seconds(3)},
      {"unknown fields", Varint(9, 1) + Detail(kRetryInfo, Bytes(7, "x") + Bytes(1, Varint(1, 3))),
       seconds(3)},
      {"the last word counts", Detail(kRetryInfo, Bytes(1, Varint(1, 3) + Varint(1, 4))),
       seconds(4)},
      {"negative", RetryInfo(-1, 0), kNever},
      {"negative nanoseconds", RetryInfo(0, -1), kNever},
      {"signs differ", RetryInfo(1, -1), kNever},
      {"too many nanoseconds", RetryInfo(0, 1'000'000'000), kNever},
      {"beyond the clock", RetryInfo(std::numeric_limits<int64_t>::max(), 0), kNever},
      {"the lowest", RetryInfo(std::numeric_limits<int64_t>::min(), 0), kNever},
      {"a year", RetryInfo(365 * 86400, 0), kNever},
      {"delay is cut off", Detail(kRetryInfo, Bytes(1, "\x08")), kNever},
      {"info is cut off", Detail(kRetryInfo, "\x0a\x05\x08"), kNever},
      {"group inside", Detail(kRetryInfo, "\x0b"), kNever},
      {"wrong type of field", Detail(kRetryInfo, Varint(1, 5)), Duration::zero()},
      {"not a status", "detail", std::nullopt},
      {"noise", std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11), std::nullopt},
      {"status is cut off", cut.substr(0, cut.size() - 1), std::nullopt},
      {"other details", other, std::nullopt},
      {"other name", Detail("type.googleapis.com/google.rpc.RetryInfos", Bytes(1, Varint(1, 3))),
       std::nullopt},
      {"no name", Detail("", Bytes(1, Varint(1, 3))), std::nullopt},
      {"bare name", Detail("google.rpc.RetryInfo", Bytes(1, Varint(1, 3))), std::nullopt},
      {"a number in its place", Varint(3, 7), std::nullopt},
      {"none", "", std::nullopt},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(PushbackOf(BackendStatus(14, "busy", row.details)), row.expected) << row.name;
  }
}

TEST(Pushback, TheHeaderWins) {
  absl::Status status = BackendStatus(14, "busy", RetryInfo(2, 0));
  SetPushback(status, "7");
  EXPECT_EQ(PushbackOf(status), milliseconds(7));
  SetPushback(status, "no");
  EXPECT_EQ(PushbackOf(status), kNever);
}

TEST(Pushback, IsTakenFromTheBlockThatHasTheStatus) {
  const struct {
    std::vector<std::string_view> head, trailers;
    std::optional<Duration> expected;
  } rows[] = {{{}, {}, std::nullopt},    {{}, {"5"}, milliseconds(5)},
              {{"5"}, {}, std::nullopt}, {{"5"}, {"6"}, milliseconds(6)},
              {{}, {"5", "6"}, kNever},  {{}, {"", "6"}, kNever}};
  for (const auto& row : rows) {
    H2Reply reply(100);
    reply.BeginFields();
    reply.OnField(":status", "200");
    reply.OnField("content-type", "application/grpc");
    for (const std::string_view value : row.head) reply.OnField(kRetryPushback, value);
    ASSERT_TRUE(reply.EndFields(false).ok());
    reply.BeginFields();
    for (const std::string_view value : row.trailers) reply.OnField(kRetryPushback, value);
    reply.OnField("grpc-status", "14");
    ASSERT_TRUE(reply.EndFields(true).ok());
    EXPECT_EQ(PushbackOf(reply.Finish()), row.expected);
    EXPECT_TRUE(reply.TakeTrailers().empty());
  }
}

class PushbackOverTheWire : public ::testing::Test {
 protected:
  PushbackOverTheWire()
      : server_([this](const ServedCall& call) {
          seen_ = call.metadata;
          ServedAnswer answer;
          answer.status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "busy", details_);
          if (!pushback_.empty()) answer.trailers = {{std::string(kRetryPushback), pushback_}};
          return answer;
        }) {}

  absl::Status CallOnce(Transport& transport, uint32_t attempts = 0) {
    EXPECT_EQ(WaitForRoom(loop_, transport), Readiness::kReady);
    CallSpec spec;
    spec.path = "/s.S/M";
    spec.previous_attempts = attempts;
    Record record;
    const auto call = transport.Start(spec, record);
    call->Send("request", true);
    loop_.Post([] {});  // the loop waits for events, and this was none
    loop_.RunUntil([&] { return record.done; });
    EXPECT_EQ(record.status.message(), "busy");
    return record.status;
  }

  std::string pushback_;
  std::string details_;  // a google.rpc.Status
  std::multimap<std::string, std::string> seen_;
  GrpcServer server_;
  Loop loop_;
  const UpstreamSettings settings_;
  const Random random_ = [] { return 0.5; };
  CountingOwner owner_;
  H2Transport h2_{loop_, settings_, TargetOf(server_.address()), random_, owner_};
  GrpcTransport grpc_{loop_, settings_, TargetOf(server_.address()), owner_};
};

TEST_F(PushbackOverTheWire, IsHeardByBothTransports) {
  for (Transport* transport : std::initializer_list<Transport*>{&h2_, &grpc_}) {
    const bool is_h2 = transport == &h2_;
    pushback_ = "";
    EXPECT_EQ(PushbackOf(CallOnce(*transport)), std::nullopt) << is_h2;
    pushback_ = "1500";
    EXPECT_EQ(PushbackOf(CallOnce(*transport)), milliseconds(1500)) << is_h2;
    pushback_ = "-1";
    EXPECT_EQ(PushbackOf(CallOnce(*transport)), kNever) << is_h2;
    // RetryInfo among the details, where no header says it.
    pushback_ = "";
    details_ = Varint(1, 14) + Bytes(2, "busy") + RetryInfo(2, 500'000'000);
    EXPECT_EQ(PushbackOf(CallOnce(*transport)), milliseconds(2500)) << is_h2;
    details_ = "";
  }
}

TEST_F(PushbackOverTheWire, TheNumberOfAttemptsIsTold) {
  const std::string name(kPreviousAttempts);
  EXPECT_FALSE(CallOnce(h2_).ok());
  EXPECT_FALSE(seen_.contains(name));
  for (const uint32_t attempts : {1u, 2'000'000'000u}) {
    EXPECT_FALSE(CallOnce(h2_, attempts).ok());
    ASSERT_TRUE(seen_.contains(name));
    EXPECT_EQ(seen_.find(name)->second, std::to_string(attempts));
  }
}

}  // namespace
}  // namespace frontdesk::upstream
