// Files -> certificates and keys, and these as text again.
#include <openssl/pem.h>

#include "gateway/base/read_file.h"
#include "gateway/base/text.h"
#include "gateway/tls/openssl.h"

namespace frontdesk::tls {
namespace {

// OpenSSL would ask on the terminal.
int NoPassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Owned<BIO> Memory(const std::string& bytes) {
  return Owned<BIO>(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

std::vector<Owned<X509>> ParseCertificates(const std::string& bytes) {
  std::vector<Owned<X509>> all;
  const Owned<BIO> in = Memory(bytes);
  while (X509* one = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) all.emplace_back(one);
  return all;
}

// Of what was tried to be read as certificates: the end of the text is no error.
std::string WhyNoMore() {
  const unsigned long error = ERR_peek_last_error();
  const bool end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  std::string why = TakeError();
  return end ? "" : why;
}

Owned<EVP_PKEY> ParseKey(const std::string& bytes, std::string& why) {
  const Owned<BIO> in = Memory(bytes);
  bool encrypted = false;
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(in.get(), nullptr, NoPassphrase, &encrypted));
  if (key) return key;
  const std::string words = TakeError();
  if (encrypted) {
    why = "the key has a passphrase; one without is needed";
  } else {
    const bool has_one = bytes.find("PRIVATE KEY-----") != std::string::npos;
    why = has_one ? Cat("cannot be read as a private key: ", words) : "has no private key in PEM";
  }
  return nullptr;
}

// `list` may be null. Wiped when it is freed, as all of OpenSSL's memory BIOs are.
Owned<BIO> Written(const STACK_OF(X509) * list) {
  Owned<BIO> out(BIO_new(BIO_s_mem()));
  for (int i = 0; i < sk_X509_num(list); ++i) PEM_write_bio_X509(out.get(), sk_X509_value(list, i));
  return out;
}

std::string TextOf(const Owned<BIO>& written) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(written.get(), &bytes);
  return size > 0 ? std::string(bytes, static_cast<size_t>(size)) : std::string();
}

}  // namespace

std::string TakeError() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(error);
  return reason ? reason : "unknown error";
}

KeyPair ReadKeyPair(const KeyPairFiles& files, size_t index, std::vector<FileProblem>& problems) {
  using Of = FileProblem::Of;
  KeyPair pair;
  const auto wrong = [&](Of of, std::string text) {
    problems.push_back({of, index, std::move(text)});
  };
  ERR_clear_error();
  if (const absl::StatusOr<std::string> bytes = ReadFile(files.cert_file, kMostFileBytes);
      !bytes.ok()) {
    wrong(Of::kCertificate, std::string(Std(bytes.status().message())));
  } else {
    pair.chain = ParseCertificates(*bytes);
    const std::string why = WhyNoMore();
    if (!why.empty()) {
      wrong(Of::kCertificate, Cat("certificate ", pair.chain.size() + 1, " in it: ", why));
    } else if (pair.chain.empty()) {
      wrong(Of::kCertificate, "has no certificate in PEM");
    } else {
      pair.leaf = std::move(pair.chain.front());
      pair.chain.erase(pair.chain.begin());
    }
  }
  if (absl::StatusOr<std::string> bytes = ReadFile(files.key_file, kMostFileBytes); !bytes.ok()) {
    wrong(Of::kKey, std::string(Std(bytes.status().message())));
  } else {
    std::string why;
    pair.key = ParseKey(*bytes, why);
    OPENSSL_cleanse(bytes->data(), bytes->size());
    if (!pair.key) wrong(Of::kKey, why);
  }
  if (pair.leaf && pair.key && X509_check_private_key(pair.leaf.get(), pair.key.get()) != 1) {
    ERR_clear_error();
    wrong(Of::kKey, Cat("is not the key of the certificate in ", files.cert_file));
    pair.key = nullptr;
  }
  return pair;
}

std::vector<Owned<X509>> ReadAuthorities(const std::string& file, std::string& bytes,
                                         std::vector<FileProblem>& problems) {
  const auto wrong = [&](std::string text) {
    problems.push_back({FileProblem::Of::kAuthority, 0, std::move(text)});
  };
  ERR_clear_error();
  absl::StatusOr<std::string> read = ReadFile(file, kMostFileBytes);
  if (!read.ok()) {
    wrong(std::string(Std(read.status().message())));
    return {};
  }
  bytes = *std::move(read);
  std::vector<Owned<X509>> all = ParseCertificates(bytes);
  const std::string why = WhyNoMore();
  if (!why.empty()) {
    wrong(Cat("certificate ", all.size() + 1, " in it: ", why));
  } else if (all.empty()) {
    wrong("has no certificate in PEM");
  }
  return all;
}

ClientPem PemOf(const Context& client) {
  ClientPem pem;
  SSL_CTX* const ssl = client.impl().contexts.front().get();
  if (!client.impl().trusts_system) {
    STACK_OF(X509)* const all = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(ssl));
    pem.authorities = TextOf(Written(all));
    sk_X509_pop_free(all, X509_free);
  }
  X509* const leaf = SSL_CTX_get0_certificate(ssl);
  if (!leaf) return pem;
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), leaf);
  pem.cert_chain = TextOf(out);
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(ssl, &chain);
  pem.cert_chain += TextOf(Written(chain));
  const Owned<BIO> key(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(key.get(), SSL_CTX_get0_privatekey(ssl), nullptr, nullptr, 0, nullptr,
                           nullptr);
  pem.private_key = TextOf(key);
  return pem;
}

}  // namespace frontdesk::tls
