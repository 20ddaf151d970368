#include "gateway/identity/key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <array>
#include <cstring>
#include <map>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/contract/findings.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/openssl.h"

namespace frontdesk::identity {

// What a verification starts from: contexts that have all been set up, and are only copied.
struct Key::Prepared {
  PKey key;                                 // all but HMAC
  std::map<Algorithm, PKeyContext> verify;  // RSA, EC
  std::map<Algorithm, MacContext> mac;      // HMAC
  int coordinate_bytes = 0;                 // EC
};

namespace {

using Kind = JsonValue::Kind;

constexpr int kLeastRsaBits = 2048;
// A verification takes time by the square of it.
constexpr int kMostRsaBits = 8192;
constexpr size_t kMostKeyId = 256;
// DER of two numbers of P-521.
constexpr size_t kMostDer = 2 * (66 + 3) + 4;

absl::Status Wrong(std::string_view text) { return absl::InvalidArgumentError(Absl(text)); }

absl::StatusOr<std::string> Member(const JsonValue& jwk, std::string_view name) {
  const std::string* const text = jwk.FindText(name);
  if (text == nullptr) return Wrong(Cat("has no text ", contract::Quoted(name)));
  std::optional<std::string> bytes = DecodeBase64Url(*text);
  if (!bytes) return Wrong(Cat(contract::Quoted(name), " is not base64url without padding"));
  return *std::move(bytes);
}

Bignum ToNumber(std::string_view bytes) {
  return Bignum(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

// Primes of the generator behind CVE-2017-15361 are powers of 65537 modulo each small prime, and so
// are its moduli; of others hardly one in 2^27 looks like that.
bool IsOfBrokenGenerator(const BIGNUM* modulus) {
  constexpr std::array kPrimes = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                  79, 97, 103, 107, 109, 127, 151, 157};
  for (const int prime : kPrimes) {
    const BN_ULONG rest = BN_mod_word(modulus, static_cast<BN_ULONG>(prime));
    BN_ULONG power = 1;
    bool found = false;
    for (int i = 0; i < prime && !found; ++i) {
      found = power == rest;
      power = power * 65537 % static_cast<BN_ULONG>(prime);
    }
    if (!found) return false;
  }
  return true;
}

absl::StatusOr<PKey> RsaKey(const JsonValue& jwk) {
  const auto n = Member(jwk, "n");
  if (!n.ok()) return n.status();
  const auto e = Member(jwk, "e");
  if (!e.ok()) return e.status();
  if (n->size() > kMostRsaBits / 8 + 1 || e->size() > 8) return Wrong("is larger than any in use");
  const Bignum modulus = ToNumber(*n);
  const Bignum exponent = ToNumber(*e);
  const int bits = BN_num_bits(modulus.get());
  if (bits < kLeastRsaBits || bits > kMostRsaBits) {
    return Wrong(
        Cat("has a modulus of ", bits, " bits; allowed are ", kLeastRsaBits, " to ", kMostRsaBits));
  }
  if (!BN_is_odd(modulus.get())) return Wrong("has an even modulus");
  if (!BN_is_odd(exponent.get()) || BN_is_one(exponent.get())) {
    return Wrong("has an exponent that is even or 1");
  }
  if (IsOfBrokenGenerator(modulus.get())) {
    return Wrong("was made by a generator whose keys can be broken (CVE-2017-15361)");
  }
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  PKey key = KeyFromParams("RSA", EVP_PKEY_PUBLIC_KEY, builder.get());
  if (!key) return Wrong("is no RSA key");
  return key;
}

absl::StatusOr<PKey> EcKey(const JsonValue& jwk, const Curve& curve) {
  const auto x = Member(jwk, "x");
  if (!x.ok()) return x.status();
  const auto y = Member(jwk, "y");
  if (!y.ok()) return y.status();
  const auto size = static_cast<size_t>(curve.bytes);
  if (x->size() != size || y->size() != size) {
    return Wrong(Cat("has coordinates that are not ", curve.bytes, " bytes long"));
  }
  const std::string point = Cat('\x04', *x, *y);
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.name.data(),
                                  curve.name.size());
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  PKey key = KeyFromParams("EC", EVP_PKEY_PUBLIC_KEY, builder.get());
  if (!key) return Wrong("has a point that is not on its curve");
  return key;
}

absl::StatusOr<PKey> Ed25519Key(const JsonValue& jwk) {
  const auto x = Member(jwk, "x");
  if (!x.ok()) return x.status();
  PKey key(x->size() != 32
               ? nullptr
               : EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, Bytes(*x), x->size()));
  if (!key) return Wrong("has a public key that is not 32 bytes long");
  return key;
}

PKeyContext PrepareVerify(EVP_PKEY* key, Algorithm algorithm) {
  PKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  const EVP_MD* const digest = FetchedDigest(HashBytes(algorithm));
  if (!context || EVP_PKEY_verify_init(context.get()) != 1) return nullptr;
  const Family family = FamilyOf(algorithm);
  bool good = true;
  if (family != Family::kEc) {
    const int padding = family == Family::kRsa ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING;
    good = EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) == 1;
  }
  good = good && EVP_PKEY_CTX_set_signature_md(context.get(), digest) == 1;
  if (family == Family::kRsaPss) {
    good = good && EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), digest) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  return good ? std::move(context) : nullptr;
}

MacContext PrepareMac(std::string_view secret, Algorithm algorithm) {
  static EVP_MAC* const hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  MacContext context(EVP_MAC_CTX_new(hmac));
  const char* const name = EVP_MD_get0_name(FetchedDigest(HashBytes(algorithm)));
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(name), 0),
      OSSL_PARAM_construct_end()};
  if (!context || EVP_MAC_init(context.get(), Bytes(secret), secret.size(), params) != 1) {
    return nullptr;
  }
  return context;
}

// What the type and curve of a key can do.
AlgorithmSet Possible(std::string_view kty, std::string_view crv) {
  using enum Algorithm;
  if (kty == "RSA") return {kRs256, kRs384, kRs512, kPs256, kPs384, kPs512};
  if (kty == "oct") return AlgorithmSet::Symmetric();
  if (kty == "OKP") return crv == "Ed25519" ? AlgorithmSet{kEdDsa} : AlgorithmSet{};
  if (kty != "EC") return {};
  if (crv == "P-256") return {kEs256};
  if (crv == "P-384") return {kEs384};
  return crv == "P-521" ? AlgorithmSet{kEs512} : AlgorithmSet{};
}

std::optional<Algorithm> AlgorithmOfKey(std::string_view name) {
  // A slip for ES512 that is found in the wild; nothing else could be meant by it.
  return ParseAlgorithm(name == "ES521" ? "ES512" : name);
}

std::string_view TextOr(const JsonValue& jwk, std::string_view name) {
  const std::string* const text = jwk.FindText(name);
  return text == nullptr ? std::string_view() : *text;
}

// Those of `allowed` that the key is for.
absl::StatusOr<AlgorithmSet> AlgorithmsOf(const JsonValue& jwk, AlgorithmSet allowed,
                                          bool rsa_by_rule) {
  const std::string_view kty = TextOr(jwk, "kty");
  const AlgorithmSet possible = Possible(kty, TextOr(jwk, "crv"));
  if (possible.empty()) return Wrong(Cat("is of an unknown kind: kty ", contract::Quoted(kty)));
  AlgorithmSet algorithms = possible;
  if (const JsonValue* const alg = jwk.Find("alg")) {
    const auto own = alg->is(Kind::kText) ? AlgorithmOfKey(alg->text) : std::nullopt;
    if (!own || !possible.Has(*own)) {
      return Wrong(Cat("has the alg ", contract::Quoted(alg->text), ", which its type can't have"));
    }
    algorithms = AlgorithmSet{*own};
  } else if (kty == "RSA" && !rsa_by_rule) {
    algorithms = AlgorithmSet{Algorithm::kRs256};
  }
  algorithms = algorithms & allowed;
  if (algorithms.empty()) {
    return absl::FailedPreconditionError("has no algorithm that is allowed");
  }
  return algorithms;
}

// `key_ops` may be missing, or is a list with "verify" in it.
absl::Status CheckOperations(const JsonValue& jwk) {
  const JsonValue* const operations = jwk.Find("key_ops");
  if (operations == nullptr) return absl::OkStatus();
  if (operations->is(Kind::kArray)) {
    for (const auto& [none, each] : operations->members) {
      if (each.is(Kind::kText) && each.text == "verify") return absl::OkStatus();
    }
  }
  return Wrong("has key_ops without \"verify\"");
}

absl::Status CheckUse(const JsonValue& jwk) {
  const JsonValue* const use = jwk.Find("use");
  if (use != nullptr && !(use->is(Kind::kText) && use->text == "sig")) {
    return Wrong(Cat("has the use ", contract::Quoted(use->text), "; only \"sig\" verifies"));
  }
  return CheckOperations(jwk);
}

size_t WriteDerNumber(std::string_view number, unsigned char* out) {
  const size_t first = number.find_first_not_of('\0');
  number.remove_prefix(first == std::string_view::npos ? number.size() - 1 : first);
  const bool high = (static_cast<uint8_t>(number[0]) & 0x80) != 0;  // would read as negative
  size_t at = 0;
  out[at++] = 0x02;
  out[at++] = static_cast<unsigned char>(number.size() + (high ? 1 : 0));
  if (high) out[at++] = 0;
  std::memcpy(out + at, number.data(), number.size());
  return at + number.size();
}

// r and s of equal length -> the DER that OpenSSL reads; returns its size.
size_t WriteDer(std::string_view raw, std::array<unsigned char, kMostDer>& out) {
  std::array<unsigned char, kMostDer> numbers;
  size_t size = WriteDerNumber(raw.substr(0, raw.size() / 2), numbers.data());
  size += WriteDerNumber(raw.substr(raw.size() / 2), numbers.data() + size);
  size_t at = 0;
  out[at++] = 0x30;
  if (size >= 0x80) out[at++] = 0x81;
  out[at++] = static_cast<unsigned char>(size);
  std::memcpy(out.data() + at, numbers.data(), size);
  return at + size;
}

bool VerifyMac(const EVP_MAC_CTX* prepared, std::string_view input, std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
  size_t size = 0;
  const MacContext context(EVP_MAC_CTX_dup(prepared));
  if (!context || EVP_MAC_update(context.get(), Bytes(input), input.size()) != 1 ||
      EVP_MAC_final(context.get(), mac.data(), &size, mac.size()) != 1) {
    return false;
  }
  return signature.size() == size && CRYPTO_memcmp(mac.data(), signature.data(), size) == 0;
}

bool VerifyEd25519(EVP_PKEY* key, std::string_view input, std::string_view signature) {
  const DigestContext context(EVP_MD_CTX_new());
  return context && signature.size() == 64 &&
         EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key, nullptr) ==
             1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(input),
                          input.size()) == 1;
}

bool VerifyDigest(const EVP_PKEY_CTX* prepared, const EVP_MD* digest, std::string_view input,
                  std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned size = 0;
  const PKeyContext context(EVP_PKEY_CTX_dup(prepared));
  return context &&
         EVP_Digest(input.data(), input.size(), hash.data(), &size, digest, nullptr) == 1 &&
         EVP_PKEY_verify(context.get(), Bytes(signature), signature.size(), hash.data(), size) == 1;
}

// OpenSSL leaves what went wrong in a queue of the thread, where others would find it.
class ErrorsCleared {
 public:
  ErrorsCleared() = default;
  ErrorsCleared(const ErrorsCleared&) = delete;
  ErrorsCleared& operator=(const ErrorsCleared&) = delete;
  ~ErrorsCleared() { ERR_clear_error(); }
};

}  // namespace

Key::Unfit Key::WhyUnfit(const JsonValue& jwk) {
  if (TextOr(jwk, "use") == "enc") return Unfit::kForEncryption;
  const std::string_view kty = TextOr(jwk, "kty");
  if (Possible(kty, TextOr(jwk, "crv")).empty()) return Unfit::kUnknownKind;
  const JsonValue* const alg = jwk.Find("alg");
  if (alg != nullptr && !(alg->is(Kind::kText) && AlgorithmOfKey(alg->text))) {
    return Unfit::kUnknownKind;
  }
  return Unfit::kNo;
}

absl::StatusOr<Key> Key::FromJwk(const JsonValue& jwk, AlgorithmSet allowed, bool rsa_by_rule) {
  const ErrorsCleared cleared;
  const absl::Status use = CheckUse(jwk);
  if (!use.ok()) return use;
  Key key;
  if (const JsonValue* const kid = jwk.Find("kid")) {
    if (!kid->is(Kind::kText) || kid->text.empty() || kid->text.size() > kMostKeyId) {
      return Wrong(Cat("has a kid that is not a text of 1 to ", kMostKeyId, " bytes"));
    }
    key.id_ = kid->text;
  }
  const auto algorithms = AlgorithmsOf(jwk, allowed, rsa_by_rule);
  if (!algorithms.ok()) return algorithms.status();
  key.algorithms_ = *algorithms;
  const absl::Status prepared =
      TextOr(jwk, "kty") == "oct" ? key.PrepareSecret(jwk) : key.PreparePublic(jwk);
  if (!prepared.ok()) return prepared;
  return key;
}

absl::Status Key::PrepareSecret(const JsonValue& jwk) {
  const auto secret = Member(jwk, "k");
  if (!secret.ok()) return secret.status();
  auto prepared = std::make_shared<Prepared>();
  AlgorithmSet fit;
  for (int i = 0; i < kAlgorithms; ++i) {
    const auto each = static_cast<Algorithm>(i);
    if (!algorithms_.Has(each) || secret->size() < static_cast<size_t>(HashBytes(each))) continue;
    fit.Add(each);
    if (!(prepared->mac[each] = PrepareMac(*secret, each))) return Wrong("is no HMAC key");
  }
  if (fit.empty()) return Wrong(Cat("has ", secret->size(), " bytes, fewer than the hash"));
  algorithms_ = fit;
  prepared_ = std::move(prepared);
  return absl::OkStatus();
}

absl::Status Key::PreparePublic(const JsonValue& jwk) {
  const std::string_view kty = TextOr(jwk, "kty");
  const Curve* const curve = FindCurve(TextOr(jwk, "crv"));
  absl::StatusOr<PKey> key = kty == "RSA"  ? RsaKey(jwk)
                             : kty == "EC" ? EcKey(jwk, *curve)
                                           : Ed25519Key(jwk);
  if (!key.ok()) return key.status();
  auto prepared = std::make_shared<Prepared>();
  prepared->key = *std::move(key);
  if (kty == "EC") prepared->coordinate_bytes = curve->bytes;
  for (int i = 0; i < kAlgorithms; ++i) {
    const auto each = static_cast<Algorithm>(i);
    if (!algorithms_.Has(each) || FamilyOf(each) == Family::kEd25519) continue;
    if (!(prepared->verify[each] = PrepareVerify(prepared->key.get(), each))) {
      return Wrong("can't be used");
    }
  }
  prepared_ = std::move(prepared);
  return absl::OkStatus();
}

bool Key::Verify(Algorithm algorithm, std::string_view input, std::string_view signature) const {
  if (!algorithms_.Has(algorithm)) return false;
  const ErrorsCleared cleared;
  const Family family = FamilyOf(algorithm);
  if (family == Family::kHmac) {
    return VerifyMac(prepared_->mac.at(algorithm).get(), input, signature);
  }
  if (family == Family::kEd25519) return VerifyEd25519(prepared_->key.get(), input, signature);
  const EVP_PKEY_CTX* const context = prepared_->verify.at(algorithm).get();
  const EVP_MD* const digest = FetchedDigest(HashBytes(algorithm));
  if (family != Family::kEc) return VerifyDigest(context, digest, input, signature);
  // Each number is as long as the curve's; that both lie between 0 and its order OpenSSL checks.
  if (signature.size() != 2 * static_cast<size_t>(prepared_->coordinate_bytes)) return false;
  std::array<unsigned char, kMostDer> der;
  const size_t size = WriteDer(signature, der);
  return VerifyDigest(context, digest, input, {reinterpret_cast<const char*>(der.data()), size});
}

}  // namespace frontdesk::identity
