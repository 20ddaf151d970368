#include "tests/support/jose.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <cstdlib>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/identity/algorithm.h"
#include "gateway/identity/base64url.h"

namespace frontdesk::testing {

using identity::Algorithm;
using identity::Bytes;
using identity::EncodeBase64Url;
using identity::Family;

struct JoseKey::Parts {
  Algorithm algorithm;
  identity::PKey key;
  std::string secret;  // HMAC
  std::string_view curve;
  size_t coordinate = 0;  // bytes
};

namespace {

// A test can't go on without its keys.
void Need(bool good) {
  if (!good) std::abort();
}

std::string Number(EVP_PKEY* key, const char* name, size_t bytes) {
  BIGNUM* number = nullptr;
  Need(EVP_PKEY_get_bn_param(key, name, &number) == 1);
  const identity::Bignum owner(number);
  std::string out(bytes == 0 ? static_cast<size_t>(BN_num_bytes(number)) : bytes, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
  return EncodeBase64Url(out);
}

std::string FromDer(std::string_view der, size_t coordinate) {
  const unsigned char* at = Bytes(der);
  const std::unique_ptr<ECDSA_SIG, identity::Freer<ECDSA_SIG_free>> signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  Need(signature != nullptr);
  std::string raw(2 * coordinate, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(raw.data());
  const int bytes = static_cast<int>(coordinate);
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, bytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + coordinate, bytes);
  return raw;
}

}  // namespace

JoseKey::JoseKey(std::string_view algorithm, std::string_view kid, int bits)
    : algorithm_(algorithm), kid_(kid) {
  auto parts = std::make_shared<Parts>();
  parts->algorithm = identity::ParseAlgorithm(algorithm).value();
  switch (identity::FamilyOf(parts->algorithm)) {
    case Family::kRsa:
    case Family::kRsaPss:
      parts->key.reset(EVP_RSA_gen(static_cast<unsigned>(bits == 0 ? 2048 : bits)));
      break;
    case Family::kEc:
      parts->curve = algorithm == "ES256" ? "P-256" : algorithm == "ES384" ? "P-384" : "P-521";
      parts->coordinate = algorithm == "ES256" ? 32 : algorithm == "ES384" ? 48 : 66;
      parts->key.reset(EVP_EC_gen(parts->curve.data()));
      break;
    case Family::kEd25519:
      parts->curve = "Ed25519";
      parts->key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
      break;
    case Family::kHmac: {
      const int hash = identity::HashBytes(parts->algorithm);
      parts->secret.resize(static_cast<size_t>(bits == 0 ? hash : bits / 8));
      Need(RAND_bytes(reinterpret_cast<unsigned char*>(parts->secret.data()),
                      static_cast<int>(parts->secret.size())) == 1);
      break;
    }
  }
  Need(parts->key != nullptr || !parts->secret.empty());
  parts_ = std::move(parts);
}

std::string JoseKey::Jwk(std::string_view more) const {
  EVP_PKEY* const key = parts_->key.get();
  std::string jwk = Cat(R"({"kid":")", kid_, R"(","alg":")", algorithm_, R"(","kty":")");
  switch (identity::FamilyOf(parts_->algorithm)) {
    case Family::kRsa:
    case Family::kRsaPss:
      jwk += Cat(R"(RSA","n":")", Number(key, OSSL_PKEY_PARAM_RSA_N, 0), R"(","e":")",
                 Number(key, OSSL_PKEY_PARAM_RSA_E, 0));
      break;
    case Family::kEc:
      jwk += Cat(R"(EC","crv":")", parts_->curve, R"(","x":")",
                 Number(key, OSSL_PKEY_PARAM_EC_PUB_X, parts_->coordinate), R"(","y":")",
                 Number(key, OSSL_PKEY_PARAM_EC_PUB_Y, parts_->coordinate));
      break;
    case Family::kEd25519: {
      std::string raw(32, '\0');
      size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(raw.data()), &size);
      jwk += Cat(R"(OKP","crv":"Ed25519","x":")", EncodeBase64Url(raw));
      break;
    }
    case Family::kHmac:
      jwk += Cat(R"(oct","k":")", EncodeBase64Url(parts_->secret));
      break;
  }
  return Cat(jwk, '"', more, '}');
}

identity::PKey JoseKey::PublicKey() const {
  EVP_PKEY* const key = parts_->key.get();
  if (key != nullptr) EVP_PKEY_up_ref(key);
  return identity::PKey(key);
}

std::string JoseKey::Set() const { return Cat(R"({"keys":[)", Jwk(), "]}"); }

std::string JoseKey::Signature(std::string_view input) const {
  const Family family = identity::FamilyOf(parts_->algorithm);
  const EVP_MD* const digest = identity::FetchedDigest(identity::HashBytes(parts_->algorithm));
  std::string out(1100, '\0');
  size_t size = out.size();
  auto* const to = reinterpret_cast<unsigned char*>(out.data());
  if (family == Family::kHmac) {
    unsigned length = 0;
    HMAC(digest, parts_->secret.data(), static_cast<int>(parts_->secret.size()), Bytes(input),
         input.size(), to, &length);
    size = length;
  } else {
    const identity::DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* inner = nullptr;
    Need(EVP_DigestSignInit(context.get(), &inner, family == Family::kEd25519 ? nullptr : digest,
                            nullptr, parts_->key.get()) == 1);
    if (family == Family::kRsaPss) {
      Need(EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    Need(EVP_DigestSign(context.get(), to, &size, Bytes(input), input.size()) == 1);
  }
  out.resize(size);
  return family == Family::kEc ? FromDer(out, parts_->coordinate) : out;
}

std::string JoseKey::Sign(std::string_view header, std::string_view payload) const {
  const std::string input = Cat(EncodeBase64Url(header), '.', EncodeBase64Url(payload));
  return Cat(input, '.', EncodeBase64Url(Signature(input)));
}

std::string JoseKey::Token(std::string_view claims) const {
  return Sign(Cat(R"({"alg":")", algorithm_, R"(","kid":")", kid_, R"("})"), claims);
}

}  // namespace frontdesk::testing
