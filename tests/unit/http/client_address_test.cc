#include "gateway/http/client_address.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace frontdesk::http {
namespace {

TEST(ClientAddress, TheNthFromTheRightOrThePeer) {
  constexpr std::string_view kPeer = "10.0.0.9";
  constexpr std::string_view kList = "x-forwarded-for";
  constexpr std::string_view kStandard = "forwarded";
  const std::string thousand = [] {
    std::string list = "6.6.6.6";
    for (int i = 0; i < 1000; ++i) list += ", 7.7.7.7";
    return list + ", 1.2.3.4";
  }();
  struct Row {
    uint32_t hops;
    std::vector<std::pair<std::string_view, std::string>> headers;
    std::string_view client;
  };
  const Row rows[] = {
      {0, {}, kPeer},
      {0, {{kList, "1.2.3.4"}}, kPeer},
      {1, {}, kPeer},
      {1, {{kList, "1.2.3.4"}}, "1.2.3.4"},
      {1, {{kList, "6.6.6.6, 1.2.3.4"}}, "1.2.3.4"},
      {1, {{kList, "6.6.6.6,1.2.3.4\t"}}, "1.2.3.4"},
      {2, {{kList, "6.6.6.6, 1.2.3.4, 10.0.0.1"}}, "1.2.3.4"},
      {2, {{kList, "1.2.3.4"}}, kPeer},
      {3, {{kList, "1.2.3.4, 10.0.0.1"}}, kPeer},
      {1, {{kList, thousand}}, "1.2.3.4"},
      {1002, {{kList, thousand}}, "6.6.6.6"},
      {1003, {{kList, thousand}}, kPeer},
      // Several fields are one list.
      {1, {{kList, "6.6.6.6"}, {"x-other", "8.8.8.8"}, {kList, "1.2.3.4"}}, "1.2.3.4"},
      {2, {{kList, "1.2.3.4"}, {kList, "10.0.0.1"}}, "1.2.3.4"},
      // With ports, in brackets.
      {1, {{kList, "1.2.3.4:80"}}, "1.2.3.4"},
      {1, {{kList, "2001:db8::1"}}, "2001:db8::1"},
      {1, {{kList, "[2001:db8::1]:4711"}}, "2001:db8::1"},
      {1, {{kList, "[2001:db8::1]"}}, "2001:db8::1"},
      {1, {{kList, "::ffff:1.2.3.4"}}, "::ffff:1.2.3.4"},
      // No addresses.
      {1, {{kList, ""}}, kPeer},
      {1, {{kList, "1.2.3.4,"}}, kPeer},
      {1, {{kList, ",,,"}}, kPeer},
      {1, {{kList, "unknown"}}, kPeer},
      {1, {{kList, "1.2.3"}}, kPeer},
      {1, {{kList, "1.2.3.4.5"}}, kPeer},
      {1, {{kList, "01.2.3.4"}}, kPeer},
      {1, {{kList, "1.2.3.4:http"}}, kPeer},
      {1, {{kList, "1.2.3.4:"}}, kPeer},
      {1, {{kList, "1.2.3.4:123456"}}, kPeer},
      {1, {{kList, "[1.2.3.4]"}}, kPeer},
      {1, {{kList, "[2001:db8::1"}}, kPeer},
      {1, {{kList, "[2001:db8::1]x"}}, kPeer},
      {1, {{kList, "fe80::1%eth0"}}, kPeer},
      {1, {{kList, std::string("1.2.3.4\0", 8)}}, kPeer},
      {1, {{kList, std::string(100, ':')}}, kPeer},
      {1, {{kList, "6.6.6.6, garbage"}}, kPeer},
      // RFC 7239.
      {1, {{kStandard, "for=1.2.3.4"}}, "1.2.3.4"},
      {1, {{kStandard, "for=6.6.6.6, FOR=1.2.3.4;proto=https;by=10.0.0.1"}}, "1.2.3.4"},
      {1, {{kStandard, "proto=https; for=\"[2001:db8::1]:4711\""}}, "2001:db8::1"},
      {2, {{kStandard, "for=1.2.3.4, for=10.0.0.1"}}, "1.2.3.4"},
      {1, {{kStandard, "for=unknown"}}, kPeer},
      {1, {{kStandard, "for=_hidden"}}, kPeer},
      {1, {{kStandard, "for=1.2.3.4;for=6.6.6.6"}}, kPeer},
      {1, {{kStandard, "for=\"1.2.3.4"}}, kPeer},
      {1, {{kStandard, "for=\""}}, kPeer},
      {1, {{kStandard, "for=\"1.2.3.\\4\""}}, kPeer},
      {1, {{kStandard, "proto=https"}}, kPeer},
      {1, {{kStandard, "xor=1.2.3.4"}}, kPeer},
      {1, {{kStandard, "for=6.6.6.6;x=\"a, for=1.2.3.4\""}}, kPeer},
      // Both: one of them the client may have written.
      {1, {{kStandard, "for=1.2.3.4"}, {kList, "1.2.3.4"}}, "1.2.3.4"},
      {1, {{kStandard, "for=6.6.6.6"}, {kList, "1.2.3.4"}}, kPeer},
      {1, {{kStandard, "for=1.2.3.4"}, {kList, "6.6.6.6"}}, kPeer},
      {1, {{kStandard, "nonsense"}, {kList, "1.2.3.4"}}, kPeer},
  };
  for (const Row& row : rows) {
    Request request;
    request.peer_address = kPeer;
    std::string text;
    for (const auto& [name, value] : row.headers) {
      request.headers.Add(name, value);
      text += std::string(name) + ": " + value.substr(0, 80) + '\n';
    }
    EXPECT_EQ(ClientAddress(request, row.hops), row.client) << row.hops << '\n' << text;
  }
}

TEST(ClientAddress, BytesOfBothKinds) {
  const AddressBytes v4 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4};
  EXPECT_EQ(ParseAddress("1.2.3.4"), v4);
  EXPECT_EQ(ParseAddress("::ffff:1.2.3.4"), v4);
  EXPECT_EQ(ParseAddress("::1")->back(), 1);
  EXPECT_FALSE(ParseAddress("").has_value());
  EXPECT_FALSE(ParseAddress("1.2.3.4 ").has_value());
  EXPECT_FALSE(ParseAddress(std::string(1000, '1')).has_value());
}

}  // namespace
}  // namespace frontdesk::http
