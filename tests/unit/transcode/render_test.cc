#include "gateway/transcode/render.h"

#include <gtest/gtest.h>

#include "gateway/base/failure.h"
#include "gateway/contract/wire.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace frontdesk::transcode {
namespace {

class RenderTest : public ::testing::Test {
 protected:
  RenderTest() {
    types_.Add(google::rpc::ErrorInfo::descriptor());
    types_.Add(google::rpc::BadRequest::descriptor());
    types_.Add(google::rpc::RequestInfo::descriptor());
    types_.Add(google::rpc::RetryInfo::descriptor());
    types_.Add(google::rpc::ResourceInfo::descriptor());
    types_.Add(google::rpc::Help::descriptor());
  }

  const Rendered& Render(const absl::Status& failure, std::string_view accept = "*/*") {
    RenderFailure(failure, "id-1", accept, types_, out_);
    return out_;
  }

  contract::MessageTables types_;
  Rendered out_;
};

constexpr char kOurDetails[] =
    R"({"@type":"type.googleapis.com/google.rpc.RequestInfo","requestId":"id-1"}]})";

TEST_F(RenderTest, InfoIsMetadataOfOurErrorInfo) {
  absl::Status failure =
      Failure(absl::StatusCode::kAborted, "ABORTED", "no", Origin::kUpstream).Info("undone", "a,b");
  AddInfo(failure, "not_undone", "c\"d");
  EXPECT_EQ(Render(failure).body,
            std::string(R"({"code":10,"message":"no","details":[{"@type":"type.googleapis.com/)"
                        R"(google.rpc.ErrorInfo","reason":"ABORTED","domain":"frontdesk",)"
                        R"("metadata":{"not_undone":"c\"d","undone":"a,b"}},)") +
                kOurDetails);
  EXPECT_EQ(Render(failure, "application/problem+json").body,
            R"({"type":"about:blank","status":409,"title":"ABORTED","detail":"no",)"
            R"("reason":"ABORTED","requestId":"id-1",)"
            R"("metadata":{"undone":"a,b","not_undone":"c\"d"}})");
  ClearInfo(failure);
  EXPECT_EQ(InfoOf(failure), "");
}

TEST_F(RenderTest, HelpIsTheLastDetail) {
  const Failure failure = Failure(absl::StatusCode::kFailedPrecondition, "METHOD_RETIRED", "gone")
                              .Http(410)
                              .Help("what to use instead", "/v2")
                              .Help("how to move on", "https://a/");
  const Rendered& out = Render(failure);
  EXPECT_EQ(out.head.status, 410);
  EXPECT_TRUE(out.body.ends_with(
      R"("requestId":"id-1"},{"@type":"type.googleapis.com/google.rpc.Help","links":[)"
      R"({"description":"what to use instead","url":"/v2"},)"
      R"({"description":"how to move on","url":"https://a/"}]}]})"))
      << out.body;
}

TEST_F(RenderTest, AFailureOfOurs) {
  Failure failure(absl::StatusCode::kUnimplemented, "METHOD_NOT_ALLOWED", "not \"that\" method");
  failure.Http(405).Header("Allow", "GET, HEAD");
  const Rendered& out = Render(failure);
  EXPECT_EQ(out.head.status, 405);
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"Allow", "GET, HEAD"}, {"Content-Type", "application/json"}};
  EXPECT_EQ(out.head.headers, headers);
  EXPECT_EQ(out.body, std::string(R"({"code":12,"message":"not \"that\" method","details":[)"
                                  R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo",)"
                                  R"("reason":"METHOD_NOT_ALLOWED","domain":"frontdesk"},)") +
                          kOurDetails);
}

TEST_F(RenderTest, FieldViolations) {
  Failure failure(absl::StatusCode::kInvalidArgument, "INVALID_VALUE", "bad");
  failure.Field("a.b", "too long");
  EXPECT_NE(Render(failure).body.find(
                R"({"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":)"
                R"([{"field":"a.b","description":"too long"}]})"),
            std::string::npos);
}

std::string UpstreamDetails() {
  google::rpc::Status status;
  google::rpc::ResourceInfo resource;
  resource.set_resource_name("order-9");
  status.add_details()->PackFrom(resource);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  status.add_details()->PackFrom(retry);
  auto* unknown = status.add_details();
  unknown->set_type_url("type.googleapis.com/no.Such");
  unknown->set_value("\x01");
  return status.SerializeAsString();
}

TEST_F(RenderTest, ABackEndsDetailsSurviveFor4xx) {
  Failure failure(absl::StatusCode::kNotFound, "NOT_FOUND", "no order-9", Origin::kUpstream);
  failure.Details(UpstreamDetails());
  const std::string body = Render(failure).body;
  EXPECT_EQ(out_.head.status, 404);
  EXPECT_NE(body.find("no order-9"), std::string::npos);
  EXPECT_NE(body.find(R"("resourceName":"order-9")"), std::string::npos);
  EXPECT_NE(body.find(R"({"@type":"type.googleapis.com/no.Such","value":"AQ=="})"),
            std::string::npos);
}

TEST_F(RenderTest, ABackEndsWordsStayInsideFor5xx) {
  Failure failure(absl::StatusCode::kInternal, "INTERNAL", "10.1.2.3 stack trace",
                  Origin::kUpstream);
  failure.Details(UpstreamDetails());
  for (const char* accept : {"*/*", "application/problem+json"}) {
    const std::string body = Render(failure, accept).body;
    EXPECT_EQ(out_.head.status, 500);
    EXPECT_EQ(body.find("10.1.2.3"), std::string::npos) << body;
    EXPECT_EQ(body.find("order-9"), std::string::npos) << body;
  }
  EXPECT_NE(Render(failure).body.find(R"("retryDelay":"2s")"), std::string::npos);
}

TEST_F(RenderTest, BrokenDetailsDoNotBreakTheAnswer) {
  Failure failure(absl::StatusCode::kNotFound, "NOT_FOUND", "x", Origin::kUpstream);
  failure.Details("\x1a\x05\x0a\x03\xff\xff\xff");
  const std::string body = Render(failure).body;
  EXPECT_EQ(out_.head.status, 404);
  EXPECT_EQ(body.substr(0, 10), R"({"code":5,)");
}

// Whatever a message or a name holds, the client gets a status it can read.
TEST_F(RenderTest, TextThatIsNotUtf8DoesNotEmptyTheAnswer) {
  const absl::Status failures[] = {
      Failure(absl::StatusCode::kInvalidArgument, "UNKNOWN_PARAMETER", "query parameter \xff"),
      Failure(absl::StatusCode::kInvalidArgument, "UNKNOWN_PARAMETER", "no").Field("\xff", "no"),
      Failure(absl::StatusCode::kInvalidArgument, "UNKNOWN_PARAMETER", "no").Field("a", "\xc3"),
  };
  for (const absl::Status& failure : failures) {
    EXPECT_EQ(Render(failure).body,
              std::string(R"({"code":3,"message":"the request failed","details":[)"
                          R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo",)"
                          R"("reason":"UNKNOWN_PARAMETER","domain":"frontdesk"},)") +
                  kOurDetails);
    const std::string problem = Render(failure, "application/problem+json").body;
    EXPECT_TRUE(contract::IsValidUtf8(problem)) << problem;
    EXPECT_NE(problem.find(R"("reason":"UNKNOWN_PARAMETER")"), std::string::npos) << problem;
  }
}

std::string RetryIn(int64_t seconds, int32_t nanos) {
  google::rpc::Status status;
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(seconds);
  retry.mutable_retry_delay()->set_nanos(nanos);
  status.add_details()->PackFrom(google::rpc::ResourceInfo());
  status.add_details()->PackFrom(retry);
  return status.SerializeAsString();
}

// The header's value; "" when there is none, and "twice" when there are two.
std::string HeaderOf(const Rendered& out, std::string_view name) {
  std::string value;
  for (const auto& header : out.head.headers) {
    if (header.first == name) value = value.empty() ? header.second : "twice";
  }
  return value;
}

TEST_F(RenderTest, RetryInfoBecomesRetryAfter) {
  using Code = absl::StatusCode;
  struct Row {
    Code code;
    int64_t seconds;
    int32_t nanos;
    const char* header;
  };
  constexpr Row kRows[] = {
      {Code::kResourceExhausted, 2, 0, "2"}, {Code::kResourceExhausted, 2, 1, "3"},
      {Code::kResourceExhausted, 0, 1, "1"}, {Code::kUnavailable, 7, 500000000, "8"},
      {Code::kResourceExhausted, 0, 0, ""},  {Code::kResourceExhausted, -2, 0, ""},
      {Code::kResourceExhausted, 0, -1, ""}, {Code::kResourceExhausted, INT64_MAX, 1, ""},
      {Code::kInvalidArgument, 2, 0, ""},    {Code::kInternal, 2, 0, ""},
  };
  for (const Row& row : kRows) {
    Failure failure(row.code, "BUSY", "x", Origin::kUpstream);
    failure.Details(RetryIn(row.seconds, row.nanos));
    EXPECT_EQ(HeaderOf(Render(failure), "Retry-After"), row.header) << row.seconds << row.nanos;
  }
  Failure own(Code::kResourceExhausted, "BUSY", "x");
  EXPECT_EQ(HeaderOf(Render(own), "Retry-After"), "");
  own.Details(RetryIn(2, 0)).Header("Retry-After", "9");
  EXPECT_EQ(HeaderOf(Render(own), "Retry-After"), "9");
}

TEST_F(RenderTest, A401HasAChallenge) {
  Failure failure(absl::StatusCode::kUnauthenticated, "UNAUTHENTICATED", "x", Origin::kUpstream);
  EXPECT_EQ(HeaderOf(Render(failure), "WWW-Authenticate"), "Bearer");
  failure.Header("WWW-Authenticate", "Bearer error=\"invalid_token\"");
  EXPECT_EQ(HeaderOf(Render(failure), "WWW-Authenticate"), "Bearer error=\"invalid_token\"");
  const Failure denied(absl::StatusCode::kPermissionDenied, "DENIED", "x");
  EXPECT_EQ(HeaderOf(Render(denied), "WWW-Authenticate"), "");
}

TEST_F(RenderTest, ProblemDetailsUnlessRuledOut) {
  const std::pair<const char*, bool> kRows[] = {
      {"application/problem+json", true},
      {"application/problem+json;q=0.001, */*", true},
      {"application/problem+json;v=1, text/html;q=0", true},
      {"application/problem+json;q=0", false},
      {"text/html, application/problem+json; q=0.000, */*", false},
      {"application/problem+json;q=0, application/problem+json;q=1", true},
      {"application/json", false},
      {"", false},
  };
  const Failure failure(absl::StatusCode::kNotFound, "NO_ROUTE", "x");
  for (const auto& [accept, problem] : kRows) {
    EXPECT_EQ(HeaderOf(Render(failure, accept), "Content-Type"),
              problem ? "application/problem+json" : "application/json")
        << accept;
  }
}

TEST_F(RenderTest, ProblemDetailsWhenAskedFor) {
  Failure failure(absl::StatusCode::kInvalidArgument, "INVALID_VALUE", "bad");
  failure.Field("a", "x").Field("b", "y");
  const Rendered& out = Render(failure, "text/html, application/problem+json;q=0.9");
  EXPECT_EQ(out.head.headers.back().second, "application/problem+json");
  EXPECT_EQ(out.body,
            R"({"type":"about:blank","status":400,"title":"INVALID_ARGUMENT","detail":"bad",)"
            R"("reason":"INVALID_VALUE","requestId":"id-1",)"
            R"("errors":[{"field":"a","description":"x"},{"field":"b","description":"y"}]})");
}

TEST(HttpStatusOf, FollowsTheTable) {
  const std::pair<int, int> kRows[] = {{1, 499},  {2, 500},  {3, 400},  {4, 504},  {5, 404},
                                       {6, 409},  {7, 403},  {8, 429},  {9, 400},  {10, 409},
                                       {11, 400}, {12, 501}, {13, 500}, {14, 503}, {15, 500},
                                       {16, 401}, {17, 500}, {999, 500}};
  for (const auto& [code, http] : kRows) {
    EXPECT_EQ(HttpStatusOf(absl::Status(static_cast<absl::StatusCode>(code), "x")), http) << code;
  }
}

}  // namespace
}  // namespace frontdesk::transcode
