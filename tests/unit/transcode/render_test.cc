#include "gateway/transcode/render.h"

#include <gtest/gtest.h>

#include "gateway/base/failure.h"
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
