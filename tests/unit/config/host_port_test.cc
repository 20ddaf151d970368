#include "gateway/config/host_port.h"

#include <gtest/gtest.h>

namespace frontdesk::config {
namespace {

TEST(HostPort, TakesAddressesAndNames) {
  const struct {
    std::string_view text;
    std::string_view host;
    int port;
    bool numeric;
    bool loopback;
  } rows[] = {
      {"127.0.0.1:8080", "127.0.0.1", 8080, true, true},
      {"127.9.9.9:1", "127.9.9.9", 1, true, true},
      {"0.0.0.0:80", "0.0.0.0", 80, true, false},
      {"10.1.2.3:0", "10.1.2.3", 0, true, false},
      {"[::1]:8080", "::1", 8080, true, true},
      {"[::]:65535", "::", 65535, true, false},
      {"[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, true, true},
      {"[::ffff:10.0.0.1]:1", "::ffff:10.0.0.1", 1, true, false},
      {"[2001:db8::1]:443", "2001:db8::1", 443, true, false},
      {"localhost:1", "localhost", 1, false, false},
      {"orders.internal:50051", "orders.internal", 50051, false, false},
      {"orders.internal.:50051", "orders.internal.", 50051, false, false},
      {"my_orders-2:50051", "my_orders-2", 50051, false, false},
      {"1a.2b:5", "1a.2b", 5, false, false},
  };
  for (const auto& row : rows) {
    const auto got = ParseHostPort(row.text);
    ASSERT_TRUE(got) << row.text;
    EXPECT_EQ(got->host, row.host);
    EXPECT_EQ(got->port, row.port) << row.text;
    EXPECT_EQ(got->numeric, row.numeric) << row.text;
    EXPECT_EQ(got->loopback, row.loopback) << row.text;
  }
}

TEST(HostPort, RefusesEverythingElse) {
  using namespace std::string_view_literals;
  const std::string_view rows[] = {"",
                                   ":",
                                   ":80",
                                   "80",
                                   "host",
                                   "host:",
                                   "host:x",
                                   "host:-1",
                                   "host:+1",
                                   "host:65536",
                                   "host:080",
                                   "host: 80",
                                   " host:80",
                                   "host:80 ",
                                   "ho st:80",
                                   "::1:80",
                                   "[::1]",
                                   "[::1]80",
                                   "[::1",
                                   "::1]:80",
                                   "[]:80",
                                   "[1.2.3.4]:80",
                                   "[fe80::1%eth0]:80",
                                   "1.2.3:80",
                                   "1.2.3.4.5:80",
                                   "256.0.0.1:80",
                                   "01.2.3.4:80",
                                   "a..b:80",
                                   ".a:80",
                                   "-a:80",
                                   "a-:80",
                                   "a/b:80",
                                   "http://a:80",
                                   "a@b:80",
                                   "a:b:80",
                                   "h\xc3\xb6st:80",
                                   "host\n:80",
                                   "a\0b:80"sv,
                                   "127.0.0.1\0x:80"sv};
  for (const std::string_view text : rows) {
    EXPECT_FALSE(ParseHostPort(text)) << text;
  }
  EXPECT_FALSE(ParseHostPort(std::string(64, 'a') + ":80"));
  EXPECT_TRUE(ParseHostPort(std::string(63, 'a') + ":80"));
  std::string name = "a";
  while (name.size() < 253) name += ".a";
  EXPECT_TRUE(ParseHostPort(name + ":80"));
  EXPECT_FALSE(ParseHostPort(name + ".a:80"));
}

TEST(HostPort, WhichCannotBothBeListenedOn) {
  const struct {
    std::string_view a;
    std::string_view b;
    bool collide;
  } rows[] = {
      {"127.0.0.1:80", "127.0.0.1:80", true},
      {"127.0.0.1:80", "127.0.0.1:81", false},
      {"127.0.0.1:0", "127.0.0.1:0", false},
      {"127.0.0.1:80", "127.0.0.2:80", false},
      {"0.0.0.0:80", "127.0.0.1:80", true},
      {"0.0.0.0:0", "127.0.0.1:0", false},
      {"0.0.0.0:80", "[::1]:80", false},
      {"[::]:80", "[::1]:80", true},
      {"[::]:80", "127.0.0.1:80", true},
      {"[::]:80", "0.0.0.0:80", true},
      {"[::1]:80", "[0:0:0:0:0:0:0:1]:80", true},
      {"[::1]:80", "127.0.0.1:80", false},
      {"[::ffff:127.0.0.1]:80", "127.0.0.1:80", true},
      {"[::ffff:0.0.0.0]:80", "127.0.0.1:80", true},
  };
  for (const auto& row : rows) {
    const HostPort a = *ParseHostPort(row.a), b = *ParseHostPort(row.b);
    EXPECT_EQ(Collide(a, b), row.collide) << row.a << ' ' << row.b;
    EXPECT_EQ(Collide(b, a), row.collide) << row.a << ' ' << row.b;
  }
}

}  // namespace
}  // namespace frontdesk::config
