#include "gateway/identity/signing_key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include <array>
#include <utility>
#include <vector>

#include "gateway/base/sha256.h"
#include "gateway/base/text.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/json_value.h"
#include "gateway/identity/openssl.h"
#include "gateway/observe/json_text.h"

namespace frontdesk::identity {

struct SigningKey::Parts {
  PKey key;
  std::string id, x, y, d;  // base64url
};

namespace {

constexpr int kBytes = 32;  // of a number of P-256

absl::Status Failed(std::string_view text) {
  ERR_clear_error();
  return absl::InvalidArgumentError(Absl(text));
}

std::string ToBytes(const BIGNUM* number) {
  std::string bytes(kBytes, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), kBytes);
  return bytes;
}

std::string Quote(std::string_view text) {
  std::string quoted;
  observe::AppendJsonString(quoted, text);
  return quoted;
}

std::string NumberOf(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  const Bignum owner(number);
  return number == nullptr ? "" : EncodeBase64Url(ToBytes(number));
}

}  // namespace

absl::StatusOr<SigningKey> SigningKey::Make() {
  auto parts = std::make_shared<Parts>();
  parts->key.reset(EVP_EC_gen("P-256"));
  if (!parts->key) return Failed("no key could be made");
  parts->x = NumberOf(parts->key.get(), OSSL_PKEY_PARAM_EC_PUB_X);
  parts->y = NumberOf(parts->key.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
  parts->d = NumberOf(parts->key.get(), OSSL_PKEY_PARAM_PRIV_KEY);
  parts->id = ToHex(Sha256({parts->x, parts->y}), 8);
  return SigningKey(std::move(parts));
}

absl::StatusOr<SigningKey> SigningKey::FromJwk(std::string_view text) {
  const absl::StatusOr<JsonValue> jwk = ParseJson(text);
  if (!jwk.ok()) return jwk.status();
  const auto member = [&](std::string_view name) {
    const std::string* const value = jwk->FindText(name);
    return value == nullptr ? std::string() : *value;
  };
  if (member("kty") != "EC" || member("crv") != "P-256" || member("kid").empty()) {
    return Failed("is no private key of kty EC and crv P-256 with a kid");
  }
  auto parts = std::make_shared<Parts>();
  parts->id = member("kid");
  parts->x = member("x");
  parts->y = member("y");
  parts->d = member("d");
  const auto x = DecodeBase64Url(parts->x), y = DecodeBase64Url(parts->y);
  const auto d = DecodeBase64Url(parts->d);
  if (!x || !y || !d || x->size() != kBytes || y->size() != kBytes || d->size() != kBytes) {
    return Failed("lacks one of x, y and d of 32 bytes each");
  }
  const std::string point = Cat('\x04', *x, *y);
  const Bignum secret(BN_bin2bn(Bytes(*d), kBytes, nullptr));
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get());
  parts->key = KeyFromParams("EC", EVP_PKEY_KEYPAIR, builder.get());
  if (!parts->key) return Failed("is no key of its curve");
  return SigningKey(std::move(parts));
}

std::string SigningKey::Jwk(bool with_private) const {
  std::string jwk = Cat(R"({"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":)",
                        Quote(parts_->id), R"(,"x":")", parts_->x, R"(","y":")", parts_->y, '"');
  if (with_private) jwk += Cat(R"(,"d":")", parts_->d, '"');
  return jwk + '}';
}

std::string SigningKey::ToJwk() const { return Jwk(true); }

std::string SigningKey::ToPublicKeySet() const { return Cat(R"({"keys":[)", Jwk(false), "]}"); }

absl::StatusOr<std::string> SigningKey::Sign(std::string_view claims, std::string_view type) const {
  const std::string header =
      Cat(R"({"alg":"ES256","typ":)", Quote(type), R"(,"kid":)", Quote(parts_->id), '}');
  const std::string input = Cat(EncodeBase64Url(header), '.', EncodeBase64Url(claims));
  const DigestContext context(EVP_MD_CTX_new());
  std::array<unsigned char, 128> der;
  size_t size = der.size();
  if (EVP_DigestSignInit(context.get(), nullptr, FetchedDigest(32), nullptr, parts_->key.get()) !=
          1 ||
      EVP_DigestSign(context.get(), der.data(), &size, Bytes(input), input.size()) != 1) {
    return Failed("can't sign");
  }
  const unsigned char* at = der.data();
  const std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>> signature(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  if (!signature) return Failed("can't sign");
  return Cat(input, '.',
             EncodeBase64Url(Cat(ToBytes(ECDSA_SIG_get0_r(signature.get())),
                                 ToBytes(ECDSA_SIG_get0_s(signature.get())))));
}

}  // namespace frontdesk::identity
