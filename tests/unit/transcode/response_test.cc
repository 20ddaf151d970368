// EncodeResponse(): a whole message, one field of it, or raw bytes.
#include <gtest/gtest.h>

#include "gateway/transcode/encode.h"
#include "gateway/transcode/render.h"
#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::testing {
namespace {

constexpr std::string_view kAnswers = R"(
message Answer { string text = 1; repeated int32 numbers = 2; google.api.HttpBody file = 3;
                 Answer inner = 4; repeated google.api.HttpBody files = 5; }
)";

MessageTypes& Types() {
  static auto* const types = new MessageTypes(kAnswers);
  return *types;
}

// "Content-Type|body", or "<REASON>".
std::string Respond(const char* type, const char* field, const std::string& wire) {
  const auto& table = Types().Table(type);
  transcode::Rendered out;
  out.body = "old";
  const absl::Status status = transcode::EncodeResponse(
      table, field == nullptr ? nullptr : table.FindName(field), wire, {}, Types().tables(), out);
  if (!status.ok()) return "<" + ReasonOf(status) + ">";
  EXPECT_EQ(out.head.headers.size(), 1u);
  EXPECT_EQ(out.head.headers[0].first, "Content-Type");
  return out.head.headers[0].second + "|" + out.body;
}

TEST(EncodeResponse, MessageOrField) {
  const std::string wire = Types().Wire("Answer", "text: 'a' numbers: [1, 2] inner { text: 'b' }");
  EXPECT_EQ(Respond("Answer", nullptr, wire),
            R"(application/json|{"text":"a","numbers":[1,2],"inner":{"text":"b"}})");
  EXPECT_EQ(Respond("Answer", "text", wire), R"(application/json|"a")");
  EXPECT_EQ(Respond("Answer", "numbers", wire), "application/json|[1,2]");
  EXPECT_EQ(Respond("Answer", "inner", wire), R"(application/json|{"text":"b"})");
  EXPECT_EQ(Respond("Answer", "text", ""), R"(application/json|"")");
  EXPECT_EQ(Respond("Answer", "inner", ""), "application/json|null");
  EXPECT_EQ(Respond("Answer", "numbers", ""), "application/json|[]");
  EXPECT_EQ(Respond("Answer", nullptr, "\x0a"), "<MALFORMED_MESSAGE>");
  EXPECT_EQ(Respond("Answer", "numbers", "\x0a"), "<MALFORMED_MESSAGE>");
}

TEST(EncodeResponse, HttpBodyIsItsBytes) {
  const auto body = [](const char* text) { return Types().Wire("google.api.HttpBody", text); };
  constexpr const char* kType = "google.api.HttpBody";
  EXPECT_EQ(Respond(kType, nullptr, body("content_type: 'text/html' data: '<p>'")),
            "text/html|<p>");
  EXPECT_EQ(Respond(kType, nullptr, body("data: '\\xff\\x00'")).substr(0, 26),
            "application/octet-stream|\xff");
  EXPECT_EQ(Respond(kType, nullptr, ""), "application/octet-stream|");
  EXPECT_EQ(Respond(kType, nullptr, body("content_type: 'a/b\\r\\nSet-Cookie: x'")),
            "<MALFORMED_MESSAGE>");
  EXPECT_EQ(Respond(kType, nullptr, body("content_type: 'a/\\303\\251'")), "<MALFORMED_MESSAGE>");
  EXPECT_EQ(Respond(kType, nullptr,
                    "\x0a\x03"
                    "a\xff"
                    "b"),
            "<INVALID_UTF8>");
  EXPECT_EQ(Respond(kType, nullptr, "\x12\x05x"), "<MALFORMED_MESSAGE>");
  EXPECT_EQ(Respond("Answer", "file",
                    Types().Wire("Answer", "file { content_type: 'a/b' data: 'x' } text: 'a'")),
            "a/b|x");
  EXPECT_EQ(Respond("Answer", "file",
                    Types().Wire("Answer", "file { content_type: 'a/b' data: 'x' }") +
                        Types().Wire("Answer", "file { data: 'y' }")),
            "a/b|y");
  EXPECT_EQ(Respond("Answer", "files", Types().Wire("Answer", "files { data: 'x' }")),
            R"(application/json|[{"data":"eA=="}])");
  EXPECT_EQ(Respond("Answer", nullptr, Types().Wire("Answer", "file { data: 'x' }")),
            R"(application/json|{"file":{"data":"eA=="}})");
}

}  // namespace
}  // namespace frontdesk::testing
