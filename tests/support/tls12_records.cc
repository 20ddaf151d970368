#include "tests/support/tls12_records.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>

#include <memory>

namespace frontdesk::testing_support {
namespace {

constexpr size_t kKeyBytes = 16;
constexpr size_t kSaltBytes = 4;
constexpr size_t kRandomBytes = 32;
constexpr size_t kTagBytes = 16;

unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string BigEndian(uint64_t number, int bytes) {
  std::string text;
  while (bytes-- > 0) text += static_cast<char>(number >> (8 * bytes));
  return text;
}

// RFC 5246, section 6.3.
std::string KeyBlock(SSL* ssl) {
  std::string master(48, '\0');
  SSL_SESSION_get_master_key(SSL_get0_session(ssl), Bytes(master), master.size());
  std::string server(kRandomBytes, '\0'), client(kRandomBytes, '\0');
  SSL_get_server_random(ssl, Bytes(server), server.size());
  SSL_get_client_random(ssl, Bytes(client), client.size());
  std::string seed = "key expansion" + server + client;
  EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
  EVP_KDF_CTX* const context = EVP_KDF_CTX_new(kdf);
  EVP_KDF_free(kdf);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master.data(), master.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()),
      OSSL_PARAM_construct_end()};
  std::string block(2 * (kKeyBytes + kSaltBytes), '\0');
  EVP_KDF_derive(context, Bytes(block), block.size(), parameters);
  EVP_KDF_CTX_free(context);
  return block;
}

}  // namespace

TlsOptions Tls12Records::Options() {
  return {.max_version = TLS1_2_VERSION,
          .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"};
}

Tls12Records::Tls12Records(TlsClient& client) {
  // Keys of client and server, then their salts.
  const std::string block = KeyBlock(client.ssl());
  key_ = block.substr(0, kKeyBytes);
  salt_ = block.substr(2 * kKeyBytes, kSaltBytes);
}

std::string Tls12Records::Seal(Kind kind, std::string_view plain) {
  const std::string nonce = BigEndian(sequence_, 8);
  std::string head{static_cast<char>(kind), '\x03', '\x03'};
  std::string associated = nonce + head + BigEndian(plain.size(), 2);
  std::string iv = salt_ + nonce;
  ++sequence_;
  std::string sealed(plain.size() + kTagBytes, '\0');
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> cipher(EVP_CIPHER_CTX_new(),
                                                                          EVP_CIPHER_CTX_free);
  int size = 0;
  EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_gcm(), nullptr, Bytes(key_), Bytes(iv));
  EVP_EncryptUpdate(cipher.get(), nullptr, &size, Bytes(associated),
                    static_cast<int>(associated.size()));
  EVP_EncryptUpdate(cipher.get(), Bytes(sealed), &size,
                    reinterpret_cast<const unsigned char*>(plain.data()),
                    static_cast<int>(plain.size()));
  EVP_EncryptFinal_ex(cipher.get(), Bytes(sealed) + plain.size(), &size);
  EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, Bytes(sealed) + plain.size());
  return head + BigEndian(nonce.size() + sealed.size(), 2) + nonce + sealed;
}

}  // namespace frontdesk::testing_support
