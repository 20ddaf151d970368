// What is known of an X.509 certificate once it is parsed: plain values, without OpenSSL.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;

namespace frontdesk::tls {

// The time of the wall, which certificates are dated by.
using WallTime = std::chrono::system_clock::time_point;

struct Certificate {
  std::string subject;      // RFC 2253: "CN=phone-7,O=Shop"
  std::string issuer;       // likewise
  std::string common_name;  // of the subject, "" when it has none
  // Subject alternative names, as they stand there.
  std::vector<std::string> dns;
  std::vector<std::string> uris;  // "spiffe://shop/orders"
  std::vector<std::string> emails;
  std::vector<std::string> addresses;  // numeric
  std::string fingerprint;             // SHA-256 of the whole, 64 lower-case hexadecimal digits
  WallTime not_before;
  WallTime not_after;

  bool is_expired(WallTime now) const { return now > not_after; }
  // What people call it: the first name that it has.
  std::string_view name() const;
  // The names that a server may be asked for: DNS names, or the common name of one that has none.
  std::vector<std::string> server_names() const;
};

Certificate Describe(const x509_st& certificate);

// "2026-11-28 20:15:00 UTC"
std::string TimeText(WallTime time);

}  // namespace frontdesk::tls
