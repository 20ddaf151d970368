// Records of TLS 1.2 as no library writes them: whatever bytes, as whatever kind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/tls_client.h"

namespace frontdesk::testing_support {

// What a client sends after its handshake, with the keys that it and its server agreed on. Nothing
// may be sent by the client itself any more.
class Tls12Records {
 public:
  // ECDHE with AES128-GCM-SHA256, of TLS 1.2, as of Options(), right after the handshake.
  explicit Tls12Records(TlsClient& client);
  static TlsOptions Options();

  enum Kind : uint8_t { kAlert = 21, kHandshake = 22, kData = 23 };
  std::string Seal(Kind kind, std::string_view plain);

 private:
  std::string key_;
  std::string salt_;
  uint64_t sequence_ = 1;  // Finished was the first
};

}  // namespace frontdesk::testing_support
