// Owners of OpenSSL's objects, and those that are fetched once for the whole process. Only for the
// files that call OpenSSL.
#pragma once

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <string_view>

namespace frontdesk::identity {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using Bignum = std::unique_ptr<BIGNUM, Freer<BN_clear_free>>;
using PKey = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using PKeyContext = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Freer<EVP_MAC_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM_free>>;

inline const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// SHA-256, 384 or 512, by their size in bytes. Looking one up by name costs more than hashing a
// token with it.
const EVP_MD* FetchedDigest(int bytes);

// A key of this kind ("RSA", "EC") out of its numbers; null when OpenSSL won't have it.
PKey KeyFromParams(const char* kind, int selection, OSSL_PARAM_BLD* builder);

// The curve's name and the bytes of one number of it, by a JWK's `crv`; null for an unknown one.
struct Curve {
  std::string_view name;
  int bytes;
};
const Curve* FindCurve(std::string_view crv);

}  // namespace frontdesk::identity
