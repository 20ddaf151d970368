#include "gateway/tls/session.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/tls/openssl.h"

namespace frontdesk::tls {
namespace {

// Records without data that are read in a row before others have their turn.
constexpr int kMostEmptyRecords = 16;

bool IsAddress(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

}  // namespace

struct Session::Wire {
  int fd = -1;
  std::string_view input;  // without fd
  std::string output;
  size_t sent = 0;
  bool started = false;  // something came
  char first = 0;        // of what came
  bool blocked = false;  // the last read found nothing
  bool drained = false;  // the last read took all there was
  bool ended = false;

  ssize_t Receive(char* into, size_t size) {
    blocked = false;
    if (fd < 0) {
      const size_t taken = input.copy(into, size);
      input.remove_prefix(taken);
      blocked = taken == 0;
      return blocked ? -1 : static_cast<ssize_t>(taken);
    }
    const ssize_t got = ::recv(fd, into, size, 0);
    blocked = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    drained = blocked || (got >= 0 && static_cast<size_t>(got) < size);
    ended = got == 0;
    return got;
  }
};

// What OpenSSL calls.
struct SessionCallbacks {
  static Session::Wire& WireOf(BIO* bio) { return *static_cast<Session::Wire*>(BIO_get_data(bio)); }

  static int Read(BIO* bio, char* into, int size) {
    Session::Wire& wire = WireOf(bio);
    BIO_clear_retry_flags(bio);
    const ssize_t got = wire.Receive(into, static_cast<size_t>(size));
    if (got > 0 && !std::exchange(wire.started, true)) wire.first = *into;
    if (wire.blocked) BIO_set_retry_read(bio);
    return static_cast<int>(got);
  }
  static int Write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    WireOf(bio).output.append(bytes, static_cast<size_t>(size));
    return size;
  }
  static long Control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return WireOf(bio).ended;
    return 0;
  }
  static const BIO_METHOD* Method() {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "session");
      BIO_meth_set_read(made, Read);
      BIO_meth_set_write(made, Write);
      BIO_meth_set_ctrl(made, Control);
      return made;
    }();
    return method;
  }
};

namespace {

bool HasExpired(const X509* certificate) {
  return !certificate || X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0;
}

}  // namespace

struct Resumption::Kept {
  Owned<SSL_SESSION> session;
  std::shared_ptr<const Context> of;  // held, so that no other gets its address
};
Resumption::Resumption() : kept_(std::make_unique<Kept>()) {}
Resumption::~Resumption() = default;

int KeepSession(SSL* ssl, SSL_SESSION* session) {
  return static_cast<Session*>(SSL_get_app_data(ssl))->Keep(session) ? 1 : 0;
}

bool Session::Keep(ssl_session_st* session) {
  if (!resumption_) return false;
  resumption_->kept_->session.reset(session);
  resumption_->kept_->of = context_;
  return true;
}

std::string_view NameOf(Trouble trouble) {
  switch (trouble) {
    case Trouble::kNone:
      return "none";
    case Trouble::kPlainHttp:
      return "plain_http";
    case Trouble::kVersion:
      return "version";
    case Trouble::kCipher:
      return "cipher";
    case Trouble::kProtocol:
      return "alpn";
    case Trouble::kNoPeer:
      return "no_certificate";
    case Trouble::kPeer:
      return "bad_certificate";
    case Trouble::kRefused:
      return "refused_by_peer";
    case Trouble::kCut:
      return "cut";
    case Trouble::kTimeout:
      return "timeout";
    case Trouble::kOther:
      break;
  }
  return "other";
}

void Session::SslFree::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Session::Session(std::shared_ptr<const Context> context, int fd)
    : context_(std::move(context)),
      wire_(std::make_unique<Wire>()),
      ssl_(SSL_new(context_->impl().contexts.front().get())) {
  wire_->fd = fd;
  BIO* const bio = BIO_new(SessionCallbacks::Method());
  if (!ssl_ || !bio) throw std::bad_alloc();
  BIO_set_data(bio, wire_.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
}

Session::~Session() {
  // OpenSSL forgets the session of a connection that ends without a word, as ours may.
  if (established_ && !failed_) {
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
}

std::unique_ptr<Session> Session::Server(std::shared_ptr<const Context> context, int fd) {
  std::unique_ptr<Session> session(new Session(std::move(context), fd));
  session->is_server_ = true;
  SSL_set_accept_state(session->ssl_.get());
  return session;
}

std::unique_ptr<Session> Session::Client(std::shared_ptr<const Context> context,
                                         std::string_view host,
                                         std::shared_ptr<Resumption> resumption) {
  std::unique_ptr<Session> session(new Session(std::move(context), -1));
  SSL* const ssl = session->ssl_.get();
  const Context::Impl& impl = session->context_->impl();
  session->host_ = impl.server_name.empty() ? std::string(host) : impl.server_name;
  X509_VERIFY_PARAM* const check = SSL_get0_param(ssl);
  if (IsAddress(session->host_)) {
    X509_VERIFY_PARAM_set1_ip_asc(check, session->host_.c_str());
  } else {
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(check, session->host_.data(), session->host_.size());
    SSL_set_tlsext_host_name(ssl, session->host_.c_str());
  }
  SSL_set_connect_state(ssl);
  if (resumption) {
    Resumption::Kept& kept = *resumption->kept_;
    // Sessions made by other credentials say nothing about these.
    if (kept.of != session->context_) kept.session.reset();
    // Resuming looks at no certificate again.
    if (kept.session && HasExpired(SSL_SESSION_get0_peer(kept.session.get()))) kept.session.reset();
    if (kept.session) {
      SSL_set_session(ssl, kept.session.get());
      // One of TLS 1.3 is used once, so that nobody can tell two connections for those of one
      // client; one of TLS 1.2 is renewed only when the server thinks so.
      if (SSL_SESSION_get_protocol_version(kept.session.get()) == TLS1_3_VERSION) {
        kept.session.reset();
      }
    }
  }
  session->resumption_ = std::move(resumption);
  return session;
}

void Session::Feed(std::string_view ciphertext) { wire_->input = ciphertext; }

Session::Outcome Session::Handshake() {
  if (failed_) return Outcome::kFailed;
  for (int tries = 0; tries < kMostEmptyRecords; ++tries) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) {
      established_ = true;
      return Outcome::kDone;
    }
    if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) {
      if (Failed(result) == Outcome::kEnd) Explain();
      return Outcome::kFailed;
    }
    if (wire_->blocked) return Outcome::kWouldBlock;
  }
  return Outcome::kAgain;
}

Session::Outcome Session::Read(char* into, size_t size, size_t& bytes) {
  bytes = 0;
  if (failed_) return Outcome::kFailed;
  for (int tries = 0; tries < kMostEmptyRecords; ++tries) {
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), into, size, &bytes);
    if (result == 1) return Outcome::kBytes;
    if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) return Failed(result);
    if (wire_->blocked) return Outcome::kWouldBlock;
  }
  return Outcome::kAgain;
}

Session::Outcome Session::Failed(int result) {
  const int what = SSL_get_error(ssl_.get(), result);
  if (what == SSL_ERROR_ZERO_RETURN) return Outcome::kEnd;
  const bool cut = wire_->ended;
  Explain();
  failed_ = true;
  // A method that OpenSSL takes for no HTTP: a record begins with a number below that of a letter.
  if (is_server_ && !established_ && wire_->first >= 'A' && wire_->first <= 'Z') {
    trouble_ = Trouble::kPlainHttp;
    error_ = "an HTTP request without TLS";
  }
  return cut && established_ ? Outcome::kCut : Outcome::kFailed;
}

bool Session::HasInput() const { return !wire_->drained || SSL_has_pending(ssl_.get()) == 1; }

bool Session::Write(std::string_view plaintext) {
  if (failed_ || plaintext.empty()) return !failed_;
  ERR_clear_error();
  size_t written = 0;
  const int result = SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &written);
  // What is written has room at all times, so that it is written whole or never.
  if (result != 1) Failed(result);
  return !failed_;
}

void Session::Goodbye() {
  if (failed_ || !established_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

std::string_view Session::output() const {
  return std::string_view(wire_->output).substr(wire_->sent);
}

void Session::Sent(size_t bytes) {
  // What is gone makes room also where a peer never takes all of it.
  constexpr size_t kMostGone = 64 << 10;
  wire_->sent += bytes;
  if (wire_->sent < wire_->output.size()) {
    if (wire_->sent > kMostGone && wire_->sent > wire_->output.size() / 2) {
      wire_->output.erase(0, std::exchange(wire_->sent, 0));
    }
    return;
  }
  wire_->output = std::string();  // its memory is not kept by an idle connection
  wire_->sent = 0;
}

bool Session::resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

std::string_view Session::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string_view Session::version() const { return SSL_get_version(ssl_.get()); }

std::string_view Session::cipher() const { return SSL_get_cipher_name(ssl_.get()); }

std::string Session::server_name() const {
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name ? name : "";
}

std::optional<Certificate> Session::peer_certificate() const {
  const X509* peer = SSL_get0_peer_certificate(ssl_.get());
  if (!peer) return std::nullopt;
  return Describe(*peer);
}

}  // namespace frontdesk::tls
