#include "tests/support/certificates.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdlib>

#include "gateway/base/text.h"

namespace frontdesk::testing_support {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;
using Certificate = std::shared_ptr<X509>;

Key MakeKey(int rsa_bits) {
  return Key(rsa_bits > 0 ? EVP_RSA_gen(static_cast<unsigned int>(rsa_bits)) : EVP_EC_gen("P-256"),
             EVP_PKEY_free);
}

void SetName(X509_NAME* name, const std::string& common_name) {
  const auto add = [&](const char* field, const std::string& text) {
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(text.data()),
                               static_cast<int>(text.size()), -1, 0);
  };
  add("O", "Frontdesk Tests");
  if (!common_name.empty()) add("CN", common_name);
}

void AddExtension(X509* to, const X509* issuer, const char* name, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, const_cast<X509*>(issuer), to, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf(nullptr, &context, name, value.c_str());
  if (extension == nullptr) std::abort();
  X509_add_ext(to, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate NewCertificate(EVP_PKEY* key, const CertificateSpec& spec) {
  Certificate made(X509_new(), X509_free);
  X509* const x509 = made.get();
  X509_set_version(x509, X509_VERSION_3);
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), spec.valid_from.count());
  X509_gmtime_adj(X509_getm_notAfter(x509), (spec.valid_from + spec.valid_for).count());
  SetName(X509_get_subject_name(x509), spec.common_name);
  X509_set_pubkey(x509, key);
  return made;
}

std::string Take(BIO* out) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  std::string taken(text, static_cast<size_t>(size));
  BIO_free(out);
  return taken;
}

std::string Pem(X509* certificate) {
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(out, certificate);
  return Take(out);
}

std::string Pem(EVP_PKEY* key) {
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  return Take(out);
}

std::string AltNames(const CertificateSpec& spec) {
  std::string text;
  const auto add = [&](const char* kind, const std::vector<std::string>& names) {
    for (const std::string& name : names) text += Cat(text.empty() ? "" : ",", kind, ':', name);
  };
  add("DNS", spec.dns);
  add("URI", spec.uris);
  add("IP", spec.addresses);
  return text;
}

}  // namespace

Authority::Authority(const std::string& name) : Authority(name, nullptr) {}
Authority::Authority(const std::string& name, const Authority& above) : Authority(name, &above) {}

Authority::Authority(const std::string& name, const Authority* above) : key_(MakeKey(0)) {
  CertificateSpec spec;
  spec.common_name = name;
  certificate_ = NewCertificate(key_.get(), spec);
  const X509* const issuer = above ? above->certificate_.get() : certificate_.get();
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(issuer));
  AddExtension(certificate_.get(), issuer, "basicConstraints", "critical,CA:TRUE");
  AddExtension(certificate_.get(), issuer, "keyUsage", "critical,keyCertSign,cRLSign");
  AddExtension(certificate_.get(), issuer, "subjectKeyIdentifier", "hash");
  X509_sign(certificate_.get(), above ? above->key_.get() : key_.get(), EVP_sha256());
  pem_ = Pem(certificate_.get());
}

Issued Authority::Issue(const CertificateSpec& spec) const {
  const Key key = MakeKey(spec.rsa_bits);
  const Certificate made = NewCertificate(key.get(), spec);
  X509_set_issuer_name(made.get(), X509_get_subject_name(certificate_.get()));
  AddExtension(made.get(), certificate_.get(), "basicConstraints", "CA:FALSE");
  if (!spec.usage.empty()) {
    AddExtension(made.get(), certificate_.get(), "extendedKeyUsage", spec.usage);
  }
  if (const std::string names = AltNames(spec); !names.empty()) {
    AddExtension(made.get(), certificate_.get(), "subjectAltName", names);
  }
  X509_sign(made.get(), key_.get(), EVP_sha256());
  return {Pem(made.get()), Pem(key.get())};
}

}  // namespace frontdesk::testing_support
