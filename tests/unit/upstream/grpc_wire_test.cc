#include "gateway/upstream/grpc_wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/base/failure.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/message_reader.h"

namespace frontdesk::upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(GrpcWire, TimeoutsFitEightDigits) {
  using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
  const std::pair<Duration, const char*> rows[] = {
      {-5s, "1n"},
      {0s, "1n"},
      {1ns, "1n"},
      {999999ns, "999999n"},
      {1ms, "1m"},
      {1999us, "1m"},
      {15s, "15000m"},
      {99999999ms, "99999999m"},
      {100000000ms, "100000S"},
      {std::chrono::hours(24 * 365), "31536000S"},
      {std::chrono::hours(24 * 365 * 10), "5256000M"},
      {Duration::max(), "2562047H"},
  };
  for (const auto& [left, text] : rows) EXPECT_EQ(TimeoutText(left).view(), text);
}

TEST(GrpcWire, KnowsItsContentType) {
  for (const char* yes : {"application/grpc", "application/grpc+proto", "application/grpc+json",
                          "application/grpc;charset=utf-8"}) {
    EXPECT_TRUE(IsGrpcContentType(yes)) << yes;
  }
  for (const char* no : {"", "application/grp", "application/grpc-web", "application/grpcx",
                         "text/html", "application/json"}) {
    EXPECT_FALSE(IsGrpcContentType(no)) << no;
  }
}

TEST(GrpcWire, PercentDecodes) {
  const std::pair<const char*, const char*> rows[] = {
      {"", ""},         {"plain", "plain"}, {"%41", "A"},     {"%e2%82%AC", "\xe2\x82\xac"},
      {"%", "%"},       {"%4", "%4"},       {"%zz", "%zz"},   {"%%41", "%A"},
      {"a%20b", "a b"}, {"100%", "100%"},   {"%4%41", "%4A"},
  };
  for (const auto& [text, decoded] : rows) EXPECT_EQ(PercentDecode(text), decoded) << text;
}

TEST(GrpcWire, DecodesBinaryMetadata) {
  Metadata metadata;
  AddReceivedMetadata("x", "a,b", metadata);
  AddReceivedMetadata("one-bin", "AAH/", metadata);
  AddReceivedMetadata("two-bin", "AA,AQ==", metadata);
  AddReceivedMetadata("bad-bin", "*", metadata);
  AddReceivedMetadata("empty-bin", "", metadata);
  EXPECT_THAT(metadata, ElementsAre(Pair("x", "a,b"), Pair("one-bin", std::string("\0\1\xff", 3)),
                                    Pair("two-bin", std::string(1, '\0')), Pair("two-bin", "\1"),
                                    Pair("empty-bin", "")));
  EXPECT_EQ(Base64Encode(std::string(1, '\0')), "AA");
}

TEST(GrpcWire, SendsNoMetadataThatBreaksTheRequest) {
  EXPECT_TRUE(IsSendableMetadata("x-request-id", "r 1"));
  EXPECT_TRUE(IsSendableMetadata("a_b.c-1", ""));
  EXPECT_TRUE(IsSendableMetadata("x-bin", std::string("\0\n", 2)));
  for (const char* name : {"", ":path", "Upper", "sp ace", "new\nline", "te", "host", "connection",
                           "grpc-timeout", "content-type", "user-agent", "transfer-encoding",
                           "content-length", "keep-alive", "upgrade", "proxy-connection"}) {
    EXPECT_FALSE(IsSendableMetadata(name, "v")) << name;
  }
  for (const char* value : {"new\nline", "cr\r", "\x7f", "\xc3\xa9"}) {
    EXPECT_FALSE(IsSendableMetadata("x", value)) << value;
  }
}

// What the reader gives for all of `bytes`, fed in pieces of `piece` bytes.
std::vector<std::string> ReadAll(std::string_view bytes, size_t piece, size_t limit,
                                 MessageReader::Step* last) {
  MessageReader reader(limit);
  std::vector<std::string> messages;
  *last = MessageReader::Step::kNeedMore;
  while (!bytes.empty()) {
    std::string_view data = bytes.substr(0, piece);
    bytes.remove_prefix(data.size());
    while (!data.empty()) {
      std::string message;
      *last = reader.Next(data, message);
      if (*last == MessageReader::Step::kMessage) {
        messages.push_back(message);
      } else if (*last != MessageReader::Step::kNeedMore) {
        return messages;
      }
    }
  }
  return messages;
}

TEST(MessageReader, ReadsInPiecesOfAnySize) {
  std::string bytes;
  for (const char* message : {"one", "", "a longer one", ""}) AppendFramed(message, bytes);
  AppendFramed(std::string(200000, 'x'), bytes);
  for (const size_t piece :
       {size_t{1}, size_t{2}, size_t{5}, size_t{7}, size_t{70000}, bytes.size()}) {
    MessageReader::Step last;
    EXPECT_THAT(ReadAll(bytes, piece, 1 << 20, &last),
                ElementsAre("one", "", "a longer one", "", std::string(200000, 'x')))
        << piece;
    EXPECT_EQ(last, MessageReader::Step::kMessage);
  }
}

TEST(MessageReader, RefusesAtThePrefix) {
  MessageReader::Step last;
  ReadAll(std::string("\1\0\0\0\1x", 6), 1, 10, &last);
  EXPECT_EQ(last, MessageReader::Step::kCompressed);
  ReadAll(std::string("\x80\0\0\0\1x", 6), 6, 10, &last);
  EXPECT_EQ(last, MessageReader::Step::kBadFlag);
  ReadAll(std::string("\0\0\0\0\x0b", 5), 5, 10, &last);
  EXPECT_EQ(last, MessageReader::Step::kTooLarge);
  ReadAll(std::string("\0\0\0\0\x0a", 5), 5, 10, &last);
  EXPECT_EQ(last, MessageReader::Step::kNeedMore);
  ReadAll("\xff\xff\xff\xff\xff", 1, 10, &last);
  EXPECT_EQ(last, MessageReader::Step::kBadFlag);
}

TEST(Endpoint, IsHostAndPort) {
  const struct {
    const char* text;
    const char* host;
    int port;
    bool numeric;
  } good[] = {{"127.0.0.1:50051", "127.0.0.1", 50051, true},
              {"[::1]:1", "::1", 1, true},
              {"orders.internal:65535", "orders.internal", 65535, false},
              {"localhost:80", "localhost", 80, false}};
  for (const auto& row : good) {
    const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(row.text);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(endpoint->host, row.host);
    EXPECT_EQ(endpoint->port, row.port);
    EXPECT_EQ(endpoint->address.has_value(), row.numeric) << row.text;
  }
  for (const char* bad : {"", ":", "host", "host:", ":80", "host:0", "host:65536", "host:80x",
                          "host:-1", "::1:80", "[::1", "[host]:80", "ho st:80", "http://host:80",
                          "a..b:80", ".a:80", ".:80", "xn--h\xc3\xb6st:80"}) {
    EXPECT_FALSE(ParseEndpoint(bad).ok()) << bad;
  }
  EXPECT_TRUE(ParseEndpoint(std::string(63, 'a') + ".b.:80").ok());
  EXPECT_FALSE(ParseEndpoint(std::string(64, 'a') + ".b:80").ok());
}

TEST(Endpoint, IsTheNameOfSrvRecords) {
  for (const std::string name : {"_grpc._tcp.orders.internal", "_grpclb._tcp.o", "_a._b.c.",
                                 "orders.service.consul", "orders"}) {
    const absl::StatusOr<Endpoint> endpoint = ParseEndpoint("srv://" + name);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_TRUE(endpoint->srv);
    EXPECT_EQ(endpoint->host, name);
    EXPECT_EQ(endpoint->port, 0);
    EXPECT_FALSE(endpoint->address) << name;
  }
  for (const std::string bad :
       {"srv://", "srv:///", "srv://.", "srv://_grpc._tcp..", "srv://_grpc._tcp.a:50051",
        "srv://_grpc._tcp.a/b", "srv://127.0.0.1:80", "srv://[::1]", "SRV://_grpc._tcp.a",
        "srv:_grpc._tcp.a", "srv://_grpc._tcp.a b", "srv://._tcp.a", "srv://srv://a"}) {
    const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(bad);
    EXPECT_FALSE(endpoint.ok()) << bad;
    EXPECT_NE(endpoint.status().message().find(bad), absl::string_view::npos) << bad;
  }
}

}  // namespace
}  // namespace frontdesk::upstream
