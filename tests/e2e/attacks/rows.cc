#include "tests/e2e/attacks/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "gateway/base/text.h"

namespace frontdesk::e2e {
namespace {

void Judge(Echo& echo, const Attack& attack) {
  const int before = echo.calls();
  RawClient client(echo.port());
  client.Send(attack.request);
  const std::optional<RawResponse> response = client.Read();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, attack.status) << response->body.substr(0, 500);
  EXPECT_EQ(response->Count("set-cookie"), 0u);
  const bool old = attack.request.find("HTTP/1.0") != std::string::npos;
  EXPECT_EQ(response->Header("connection"), !attack.stays ? "close" : old ? "keep-alive" : "");
  if (attack.status == 200) {
    EXPECT_EQ(echo.calls(), before + 1);
    EXPECT_EQ(Foreign(echo.last()), "");
    EXPECT_EQ(echo.last().Field(":authority"), echo.backend());
    if (!attack.text.empty()) {
      EXPECT_EQ(Json(*response)["text"], attack.text) << response->body;
    }
    if (!attack.answer.empty()) {
      EXPECT_EQ(response->body, attack.answer);
    }
  } else {
    EXPECT_EQ(echo.calls(), before) << "the back end was called";
    if (attack.status != 204) {
      EXPECT_EQ(ReasonOf(*response), attack.reason) << response->body;
      EXPECT_FALSE(response->Header("x-request-id").empty());
    }
  }
  if (attack.status == 405) {
    EXPECT_FALSE(response->Header("allow").empty());
  }
  if (!attack.stays) {
    EXPECT_TRUE(client.AtEnd());
    return;
  }
  client.Send(Get("/query?text=next"));
  const std::optional<RawResponse> next = client.Read();
  ASSERT_TRUE(next);
  EXPECT_EQ(Json(*next)["text"], "next");
}

}  // namespace

void Judge(Echo& echo, const std::vector<Attack>& attacks) {
  for (const Attack& attack : attacks) {
    SCOPED_TRACE(attack.name);
    Judge(echo, attack);
  }
}

std::string Foreign(const testing_support::ScriptedRequest& call) {
  constexpr std::array<std::string_view, 9> kOurs = {
      ":method", ":scheme",      ":path",      ":authority",  "content-type",
      "te",      "grpc-timeout", "user-agent", "x-request-id"};
  std::string foreign;
  for (const auto& [name, value] : call.fields) {
    if (std::find(kOurs.begin(), kOurs.end(), name) == kOurs.end()) foreign += name + ' ';
  }
  return foreign;
}

std::string Ask(std::string_view method, std::string_view target, std::string_view fields) {
  return Cat(method, ' ', target, " HTTP/1.1\r\nhost: localhost\r\n", fields, "\r\n");
}

std::string Get(std::string_view target, std::string_view fields) {
  return Ask("GET", target, fields);
}

std::string Post(std::string_view target, std::string_view body, std::string_view type,
                 std::string_view fields) {
  const std::string type_field = type.empty() ? "" : Cat("content-type: ", type, "\r\n");
  return Cat(Ask("POST", target, Cat(type_field, fields, "content-length: ", body.size(), "\r\n")),
             body);
}

std::string Chunked(std::string_view target, std::string_view chunks) {
  return Cat(
      Ask("POST", target, "content-type: application/json\r\ntransfer-encoding: chunked\r\n"),
      chunks);
}

std::string Repeated(size_t times, std::string_view piece) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += piece;
  return out;
}

}  // namespace frontdesk::e2e
