// Signature algorithms of tokens (RFC 7518, RFC 8037).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace frontdesk::identity {

enum class Algorithm : uint8_t {
  kRs256,
  kRs384,
  kRs512,  // RSASSA-PKCS1-v1_5
  kPs256,
  kPs384,
  kPs512,  // RSASSA-PSS, a salt as long as the hash
  kEs256,
  kEs384,
  kEs512,  // ECDSA with P-256, P-384, P-521
  kEdDsa,  // Ed25519
  kHs256,
  kHs384,
  kHs512,  // HMAC: whoever can verify can sign
};
inline constexpr int kAlgorithms = static_cast<int>(Algorithm::kHs512) + 1;

enum class Family : uint8_t { kRsa, kRsaPss, kEc, kEd25519, kHmac };

// By the registered name, in its own case. "none" is none of them.
std::optional<Algorithm> ParseAlgorithm(std::string_view name);
std::string_view NameOf(Algorithm algorithm);
Family FamilyOf(Algorithm algorithm);
// Bytes of the hash; 64 for EdDSA, which has its own.
int HashBytes(Algorithm algorithm);

class AlgorithmSet {
 public:
  constexpr AlgorithmSet() = default;
  constexpr AlgorithmSet(std::initializer_list<Algorithm> algorithms) {
    for (const Algorithm each : algorithms) Add(each);
  }
  constexpr void Add(Algorithm algorithm) { bits_ |= Bit(algorithm); }
  constexpr bool Has(Algorithm algorithm) const { return (bits_ & Bit(algorithm)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr AlgorithmSet operator&(AlgorithmSet other) const {
    other.bits_ &= bits_;
    return other;
  }
  // All that sign with a private key.
  static constexpr AlgorithmSet Asymmetric() {
    AlgorithmSet set;
    for (int i = 0; i <= static_cast<int>(Algorithm::kEdDsa); ++i) {
      set.Add(static_cast<Algorithm>(i));
    }
    return set;
  }
  static constexpr AlgorithmSet Symmetric() {
    return {Algorithm::kHs256, Algorithm::kHs384, Algorithm::kHs512};
  }

 private:
  static constexpr uint32_t Bit(Algorithm algorithm) {
    return uint32_t{1} << static_cast<int>(algorithm);
  }
  uint32_t bits_ = 0;
};

}  // namespace frontdesk::identity
