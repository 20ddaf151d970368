#include "tests/support/tls_terminator.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "gateway/base/text.h"

namespace frontdesk::testing_support {
namespace {

constexpr int kTick = 5;  // ms between two looks at what the test wants

std::shared_ptr<X509> ReadCertificate(const std::string& pem) {
  BIO* in = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  std::shared_ptr<X509> read(PEM_read_bio_X509(in, nullptr, nullptr, nullptr), X509_free);
  BIO_free(in);
  return read;
}

int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* size,
                   const unsigned char* offered, unsigned int offered_size, void* of) {
  const auto& ours = *static_cast<const std::string*>(of);
  for (unsigned int at = 0; at < offered_size; at += offered[at] + 1u) {
    const std::string_view one(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
    if (one != ours) continue;
    *chosen = offered + at + 1;
    *size = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

int ConnectTo(const std::string& address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) return fd;
  ::close(fd);
  return -1;
}

bool SendAll(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace

TlsTerminator::TlsTerminator(const std::string& to, TlsTerminatorOptions options)
    : to_(to),
      options_(std::move(options)),
      context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX* const context = context_.get();
  SSL_CTX_set_security_level(context, 0);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("test"), 4);
  SSL_CTX_use_certificate(context, ReadCertificate(options_.certificate.cert_pem).get());
  BIO* in = BIO_new_mem_buf(options_.certificate.key_pem.data(),
                            static_cast<int>(options_.certificate.key_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  SSL_CTX_use_PrivateKey(context, key);
  EVP_PKEY_free(key);
  BIO_free(in);
  if (!options_.protocol.empty()) {
    SSL_CTX_set_alpn_select_cb(context, ChooseProtocol,
                               const_cast<std::string*>(&options_.protocol));
  }
  if (!options_.client_ca_pem.empty()) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context),
                        ReadCertificate(options_.client_ca_pem).get());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  if (options_.more) options_.more(context);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at);
  ::listen(listener_, 64);
  socklen_t size = sizeof at;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
  port_ = ntohs(at.sin_port);
  acceptor_ = std::thread([this] { AcceptLoop(); });
}

TlsTerminator::~TlsTerminator() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

std::string TlsTerminator::address() const { return Cat("127.0.0.1:", port_); }

std::string TlsTerminator::client() const {
  const std::lock_guard lock(mutex_);
  return client_;
}

std::string TlsTerminator::server_name() const {
  const std::lock_guard lock(mutex_);
  return server_name_;
}

void TlsTerminator::EndAll(bool goodbye) {
  goodbye_ = goodbye;
  ++ending_;
}

void TlsTerminator::AcceptLoop() {
  while (!stopping_) {
    pollfd wanted{listener_, POLLIN, 0};
    if (::poll(&wanted, 1, kTick) <= 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

void TlsTerminator::Serve(int fd) {
  const timeval limit{0, 200'000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const std::shared_ptr<SSL> ssl(SSL_new(context_.get()), SSL_free);
  SSL_set_fd(ssl.get(), fd);
  int done = 0;
  do {
    ERR_clear_error();
    done = SSL_accept(ssl.get());
  } while (done != 1 && SSL_get_error(ssl.get(), done) == SSL_ERROR_WANT_READ && !stopping_);
  if (done == 1) {
    {
      const std::lock_guard lock(mutex_);
      const char* name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
      server_name_ = name ? name : "";
      client_.clear();
      if (const X509* peer = SSL_get0_peer_certificate(ssl.get())) {
        std::array<char, 256> text{};
        X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, text.data(),
                                  text.size());
        client_ = text.data();
      }
    }
    ++(SSL_session_reused(ssl.get()) == 1 ? resumed_ : full_);
    const int backend = ConnectTo(to_);
    if (backend >= 0) {
      Carry(ssl.get(), fd, backend);
      ::close(backend);
    }
  } else {
    ++refused_;
  }
  ::close(fd);
}

void TlsTerminator::Carry(SSL* ssl, int client, int backend) {
  const int ending = ending_;
  std::array<char, 16384> bytes;
  while (!stopping_ && ending == ending_) {
    pollfd wanted[2] = {{client, POLLIN, 0}, {backend, POLLIN, 0}};
    const bool pending = SSL_pending(ssl) > 0;
    ::poll(wanted, 2, pending ? 0 : kTick);
    if (pending || wanted[0].revents != 0) {
      ERR_clear_error();
      const int got = SSL_read(ssl, bytes.data(), static_cast<int>(bytes.size()));
      if (got <= 0 && SSL_get_error(ssl, got) != SSL_ERROR_WANT_READ) return;
      if (got > 0 && !SendAll(backend, bytes.data(), static_cast<size_t>(got))) return;
    }
    if (wanted[1].revents != 0) {
      const ssize_t got = ::recv(backend, bytes.data(), bytes.size(), 0);
      if (got <= 0) break;
      if (SSL_write(ssl, bytes.data(), static_cast<int>(got)) <= 0) return;
    }
  }
  if (ending == ending_ || goodbye_) SSL_shutdown(ssl);
}

}  // namespace frontdesk::testing_support
