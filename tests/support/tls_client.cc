#include "tests/support/tls_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>

namespace frontdesk::testing_support {
namespace {

std::shared_ptr<X509> ReadCertificate(const std::string& pem) {
  BIO* in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  std::shared_ptr<X509> read(PEM_read_bio_X509(in, nullptr, nullptr, nullptr), X509_free);
  BIO_free(in);
  return read;
}

void Present(SSL_CTX* context, const Issued& certificate) {
  if (certificate.cert_pem.empty()) return;
  SSL_CTX_use_certificate(context, ReadCertificate(certificate.cert_pem).get());
  BIO* in =
      BIO_new_mem_buf(certificate.key_pem.data(), static_cast<int>(certificate.key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  SSL_CTX_use_PrivateKey(context, key);
  EVP_PKEY_free(key);
  BIO_free(in);
}

}  // namespace

TlsClient::TlsClient(uint16_t port, const TlsOptions& options)
    : RawClient(port), context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
  // OpenSSL writes to sockets that may have been closed.
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* const context = context_.get();
  // Whatever a test asks for, also what nobody should.
  SSL_CTX_set_security_level(context, 0);
  // What it kept itself would be of no use once it is freed.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_min_proto_version(context, options.min_version);
  SSL_CTX_set_max_proto_version(context, options.max_version);
  if (!options.ciphers.empty()) SSL_CTX_set_cipher_list(context, options.ciphers.c_str());
  if (!options.protocols.empty()) {
    SSL_CTX_set_alpn_protos(context,
                            reinterpret_cast<const unsigned char*>(options.protocols.data()),
                            static_cast<unsigned int>(options.protocols.size()));
  }
  if (options.record_bytes > 0) {
    SSL_CTX_set_max_send_fragment(context, static_cast<long>(options.record_bytes));
  }
  Present(context, options.certificate);
  if (!options.ca_pem.empty()) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ReadCertificate(options.ca_pem).get());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  if (options.more) options.more(context);
  ssl_.reset(SSL_new(context), SSL_free);
  if (!options.server_name.empty()) {
    SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
    if (!options.ca_pem.empty()) SSL_set1_host(ssl_.get(), options.server_name.c_str());
  }
  if (options.resume) SSL_set_session(ssl_.get(), options.resume.get());
  if (!connected()) return;
  SSL_set_fd(ssl_.get(), fd());
  ERR_clear_error();
  secure_ = SSL_connect(ssl_.get()) == 1;
  if (!secure_) Note();
}

TlsClient::~TlsClient() {
  // So that OpenSSL does not forget the session.
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void TlsClient::Note() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  if (reason) error_ = reason;
  ERR_clear_error();
}

ssize_t TlsClient::Receive(char* into, size_t size) {
  ERR_clear_error();
  const int got = SSL_read(ssl_.get(), into, static_cast<int>(size));
  if (got <= 0) Note();
  return got > 0 ? got : 0;
}

ssize_t TlsClient::Transmit(const char* bytes, size_t size) {
  ERR_clear_error();
  const int sent = SSL_write(ssl_.get(), bytes, static_cast<int>(size));
  if (sent <= 0) Note();
  return sent;
}

bool TlsClient::got_goodbye() const {
  return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

std::string TlsClient::server_subject() const {
  const X509* peer = SSL_get0_peer_certificate(ssl_.get());
  if (!peer) return "";
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof name);
  return name;
}

std::string TlsClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string TlsClient::version() const { return SSL_get_version(ssl_.get()); }

bool TlsClient::resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

std::shared_ptr<ssl_session_st> TlsClient::session() const {
  return {SSL_get1_session(ssl_.get()), SSL_SESSION_free};
}

void TlsClient::Goodbye() { SSL_shutdown(ssl_.get()); }

}  // namespace frontdesk::testing_support
