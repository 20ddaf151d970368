#include <gtest/gtest.h>

#include "gateway/policy/authenticate.h"
#include "gateway/policy/forward_headers.h"
#include "gateway/policy/request_id.h"

namespace frontdesk::policy {
namespace {

TEST(RequestId, KeepsAUsableOneAndMakesOneOtherwise) {
  RequestIds ids(1);
  EXPECT_EQ(ids.Choose("abc-123_X.y:z+/="), "abc-123_X.y:z+/=");
  const std::string longest(128, 'a');
  EXPECT_EQ(ids.Choose(longest), longest);
  const std::string_view kBad[] = {"", "a b", "a\r\nb", "\"", "a\x1b[31m", "é", "<script>"};
  for (std::string_view bad : kBad) {
    const std::string made = ids.Choose(bad);
    EXPECT_EQ(made.size(), 32u);
    EXPECT_NE(made, bad);
    EXPECT_TRUE(IsUsableRequestId(made));
  }
  EXPECT_EQ(ids.Choose(longest + "a").size(), 32u);
  EXPECT_NE(ids.Choose(""), ids.Choose(""));
}

class ForwardTest : public ::testing::Test, protected http::BodySource {
 protected:
  Task<absl::StatusOr<std::string_view>> Next(TimePoint) override { co_return std::string_view(); }

  upstream::Metadata Forward(const std::vector<http::Header>& headers,
                             std::vector<std::string> allowed, std::string caller = "",
                             const std::vector<std::string>& identity_keys = {}) {
    http::Request request;
    for (const http::Header& header : headers) request.headers.Add(header.name, header.value);
    struct NoReply final : http::ReplySink {
      void Send(const http::ResponseHead&, std::string_view) override {}
      void Begin(const http::ResponseHead&) override {}
      Task<absl::Status> Write(std::string_view) override { co_return absl::OkStatus(); }
      void End() override {}
      void Abort() override {}
    } reply;
    Cancellation cancel;
    http::Incoming incoming{request, *this, reply, cancel};
    Exchange exchange(incoming, loop_);
    route::Route route;
    route.request_headers = std::move(allowed);
    exchange.route = &route;
    exchange.request_id = "id";
    if (!caller.empty()) {
      auto identity = std::make_shared<identity::Identity>();
      identity->sub = std::move(caller);
      for (const std::string& key : identity_keys) identity->metadata.emplace_back(key, "ours");
      exchange.call.identity = std::move(identity);
    }
    status_ = ForwardRequestHeaders(exchange, identity_keys);
    return exchange.call.metadata;
  }

  Loop loop_;
  absl::Status status_;
};

const std::pair<std::string, std::string> kId{"x-request-id", "id"};

TEST_F(ForwardTest, OnlyWhatTheRouteAllowsCrosses) {
  EXPECT_EQ(Forward({{"x-a", "1"}, {"x-b", "2"}, {"x-a", "3"}}, {"x-a"}),
            (upstream::Metadata{kId, {"x-a", "1"}, {"x-a", "3"}}));
  EXPECT_EQ(Forward({{"x-a", "1"}, {"authorization", "Bearer x"}}, {}), upstream::Metadata{kId});
}

TEST_F(ForwardTest, IdentityComesFromTheCallerAlone) {
  const std::vector<std::string> everything = {
      "x-user-id",   "x_user_id",  "x.user.id",    "x-user-id-bin", "grpc-metadata-x-user-id",
      "te",          "connection", "grpc-timeout", "host",          "transfer-encoding",
      "x-request-id"};
  std::vector<http::Header> headers;
  for (const std::string& name : everything) headers.push_back({name, "evil"});
  EXPECT_EQ(Forward(headers, everything), upstream::Metadata{kId});
  EXPECT_EQ(Forward(headers, everything, "user-7"),
            (upstream::Metadata{kId, {"x-user-id", "user-7"}}));
}

// What else of the caller goes on is protected in the same way.
TEST_F(ForwardTest, ClaimsComeFromTheTokenAlone) {
  const std::vector<std::string> names = {"x-tenant",     "x_tenant",     "x.tenant",
                                          "x-tenant-bin", "x_tenant_bin", "x-tenant-id"};
  std::vector<http::Header> headers;
  for (const std::string& name : names) headers.push_back({name, "evil"});
  EXPECT_EQ(Forward(headers, names, "user-7", {"x-tenant"}),
            (upstream::Metadata{
                kId, {"x-user-id", "user-7"}, {"x-tenant", "ours"}, {"x-tenant-id", "evil"}}));
}

TEST_F(ForwardTest, WhatConnectionNamesStaysHere) {
  EXPECT_EQ(Forward({{"connection", "close, X-A"}, {"x-a", "1"}, {"x-b", "2"}}, {"x-a", "x-b"}),
            (upstream::Metadata{kId, {"x-b", "2"}}));
  EXPECT_EQ(Forward({{"connection", "a"},
                     {"x-b", "1"},
                     {"x-a", "2"},
                     {"connection", "\tX-B "},
                     {"x-b", "3"},
                     {"x-a", "4"}},
                    {"x-a", "x-b"}),
            (upstream::Metadata{kId, {"x-a", "2"}, {"x-a", "4"}}));
}

TEST_F(ForwardTest, ValuesThatMetadataCannotCarryAreSkipped) {
  EXPECT_EQ(Forward({{"x-a", "caf\xc3\xa9"}, {"x-a", "\x7f"}, {"x-a", "ok"}}, {"x-a"}),
            (upstream::Metadata{kId, {"x-a", "ok"}}));
}

TEST_F(ForwardTest, BinaryValuesTravelDecoded) {
  EXPECT_EQ(Forward({{"x-a-bin", "AAE"}, {"x-a-bin", "AAE="}}, {"x-a-bin"}),
            (upstream::Metadata{
                kId, {"x-a-bin", std::string("\0\1", 2)}, {"x-a-bin", std::string("\0\1", 2)}}));
  Forward({{"x-a-bin", "%%%"}}, {"x-a-bin"});
  EXPECT_EQ(status_.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ForwardTest, TheTraceGoesOn) {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_EQ(Forward({{"tracestate", "a=1"}, {"traceparent", good}, {"tracestate", "b=2"}}, {}),
            (upstream::Metadata{
                kId, {"traceparent", good}, {"tracestate", "a=1"}, {"tracestate", "b=2"}}));
  const std::string later = "01" + good.substr(2) + "-more";
  EXPECT_EQ(Forward({{"traceparent", later}}, {}),
            (upstream::Metadata{kId, {"traceparent", later}}));
  const std::string kBad[] = {"",
                              good + "-more",
                              good.substr(1),
                              "ff" + good.substr(2),
                              "01" + good.substr(2) + "x",
                              "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                              "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                              "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                              "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01"};
  for (const std::string& bad : kBad) {
    EXPECT_EQ(Forward({{"traceparent", bad}, {"tracestate", "a=1"}}, {}), upstream::Metadata{kId})
        << bad;
  }
  EXPECT_EQ(Forward({{"traceparent", good}, {"traceparent", good}}, {}), upstream::Metadata{kId});
  // The most that has to go on, and a byte more.
  const std::string half = "a=" + std::string(254, 'x');
  const std::vector<http::Header> most = {
      {"traceparent", good}, {"tracestate", half}, {"tracestate", half}};
  EXPECT_EQ(Forward(most, {}).size(), 4u);
  std::vector<http::Header> more = most;
  more.push_back({"tracestate", "b"});
  EXPECT_EQ(Forward(more, {}), (upstream::Metadata{kId, {"traceparent", good}}));
  EXPECT_EQ(
      Forward({{"traceparent", good}, {"tracestate", "a=1"}, {"connection", "tracestate"}}, {}),
      (upstream::Metadata{kId, {"traceparent", good}}));
  EXPECT_EQ(Forward({{"traceparent", good}, {"connection", "traceparent"}}, {}),
            upstream::Metadata{kId});
}

TEST(ForwardResponse, OnlyWhatTheRouteAllows) {
  route::Route route;
  route.response_headers = {"x-total", "x-raw-bin", "x-user-id", "grpc-status"};
  const upstream::Metadata metadata = {
      {"x-total", "5"},   {"x-secret", "1"},    {"x-raw-bin", std::string("\0\1", 2)},
      {"x-user-id", "u"}, {"grpc-status", "0"}, {"x-total", "a\r\nb: c"}};
  const std::vector<std::pair<std::string, std::string>> want = {{"x-total", "5"},
                                                                 {"x-raw-bin", "AAE"}};
  EXPECT_EQ(ForwardResponseMetadata(route, metadata), want);
}

}  // namespace
}  // namespace frontdesk::policy
