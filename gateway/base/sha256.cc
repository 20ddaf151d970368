#include "gateway/base/sha256.h"

#include <openssl/sha.h>

namespace frontdesk {

Sha256Digest Sha256(std::initializer_list<std::string_view> parts) {
  // Lengths of 8 bytes, little end first, so that the digest is the same on every machine.
  std::string text;
  for (const std::string_view part : parts) {
    uint64_t size = part.size();
    for (int i = 0; i < 8; ++i, size >>= 8) text.push_back(static_cast<char>(size & 0xff));
    text.append(part);
  }
  Sha256Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

std::string ToHex(const Sha256Digest& digest, size_t bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes);
  for (size_t i = 0; i < bytes; ++i) {
    hex.push_back(kDigits[digest[i] >> 4]);
    hex.push_back(kDigits[digest[i] & 15]);
  }
  return hex;
}

}  // namespace frontdesk
