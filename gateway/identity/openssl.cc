#include "gateway/identity/openssl.h"

#include <array>

namespace frontdesk::identity {

const EVP_MD* FetchedDigest(int bytes) {
  // Never freed: threads may outlive whatever would free them.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static EVP_MD* const sha384 = EVP_MD_fetch(nullptr, "SHA384", nullptr);
  static EVP_MD* const sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  return bytes == 32 ? sha256 : bytes == 48 ? sha384 : sha512;
}

PKey KeyFromParams(const char* kind, int selection, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const PKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1) {
    return nullptr;
  }
  return PKey(key);
}

const Curve* FindCurve(std::string_view crv) {
  static constexpr std::array kCurves = {Curve{"P-256", 32}, Curve{"P-384", 48},
                                         Curve{"P-521", 66}};
  for (const Curve& curve : kCurves) {
    if (curve.name == crv) return &curve;
  }
  return nullptr;
}

}  // namespace frontdesk::identity
