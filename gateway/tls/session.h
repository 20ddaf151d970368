// One TLS connection, our side of it.
//
// It sends nothing itself: what OpenSSL has to say is gathered in output(), so that a whole flush
// (the end of a handshake, an answer's head and body, many records) leaves in one system call.
// OpenSSL's own socket BIO would make one for each record, and Boost.Asio's ssl::stream wants a
// buffer of 17 KB both ways for each connection, idle or not, a completion handler for each
// operation, and the socket's reactor instead of our poller.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/tls/certificate.h"
#include "gateway/tls/context.h"

struct ssl_st;
struct ssl_session_st;
struct x509_store_ctx_st;

namespace frontdesk::tls {

// Why there is no connection, for metrics; the words are in Session::error().
enum class Trouble {
  kNone,
  kPlainHttp,  // an HTTP request without TLS
  kVersion,    // no protocol version in common
  kCipher,     // no cipher, group or signature in common
  kProtocol,   // no ALPN protocol in common
  kNoPeer,     // the peer has no certificate, and needs one
  kPeer,       // its certificate is no good
  kRefused,    // the peer says that it does not like us
  kCut,        // the connection ended in the middle
  kTimeout,    // set by who waits
  kOther,
};
std::string_view NameOf(Trouble trouble);

// The newest session with one server, to be resumed. One loop only.
class Resumption {
 public:
  Resumption();
  ~Resumption();
  Resumption(const Resumption&) = delete;
  Resumption& operator=(const Resumption&) = delete;

 private:
  friend class Session;
  struct Kept;
  const std::unique_ptr<Kept> kept_;
};

class Session {
 public:
  enum class Outcome {
    kBytes,       // Read(): some came
    kDone,        // Handshake(): it is over
    kWouldBlock,  // nothing until more comes from the peer
    kAgain,       // there may be more, but others should have their turn
    kEnd,         // the peer said that it sends nothing more
    kCut,         // the peer's bytes end without that word: what came last may not be all
    kFailed,      // see error(); output() may have an alert for the peer
  };

  // Reads from `fd`, a non-blocking socket, which stays its owner's; or, without one, what Feed()
  // brings.
  static std::unique_ptr<Session> Server(std::shared_ptr<const Context> context, int fd = -1);
  // To `host`, a name or a numeric address, unless the context has a server_name. `resumption` may
  // be null; a context's sessions are not those of another.
  static std::unique_ptr<Session> Client(std::shared_ptr<const Context> context,
                                         std::string_view host,
                                         std::shared_ptr<Resumption> resumption);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // What Handshake() and Read() then take; views are only used until Feed("").
  void Feed(std::string_view ciphertext);

  Outcome Handshake();
  bool established() const { return established_; }
  // At most one record's worth.
  Outcome Read(char* into, size_t size, size_t& bytes);
  // Whether Read() may bring something before the socket has news.
  bool HasInput() const;
  // Encrypts all of it; false when the session has failed.
  bool Write(std::string_view plaintext);
  // Adds the word that nothing more follows (close_notify), unless that would be a lie after a
  // failure.
  void Goodbye();

  // What is to be sent.
  std::string_view output() const;
  void Sent(size_t bytes);

  Trouble trouble() const { return trouble_; }
  const std::string& error() const { return error_; }

  // Once established.
  bool resumed() const;
  std::string_view protocol() const;  // ALPN's choice, or ""
  std::string_view version() const;   // "TLSv1.3"
  std::string_view cipher() const;
  std::string server_name() const;  // that the client asked for, or ""
  std::optional<Certificate> peer_certificate() const;

 private:
  struct Wire;
  struct SslFree {
    void operator()(ssl_st* ssl) const;
  };
  friend struct SessionCallbacks;

  Session(std::shared_ptr<const Context> context, int fd);
  friend int KeepSession(ssl_st* ssl, ssl_session_st* session);
  bool Keep(ssl_session_st* session);  // true: it is ours now
  friend int NoteVerdict(int good, x509_store_ctx_st* check);
  Outcome Failed(int result);
  void Explain();
  std::string WhyPeer() const;

  const std::shared_ptr<const Context> context_;
  const std::unique_ptr<Wire> wire_;
  std::shared_ptr<Resumption> resumption_;
  std::unique_ptr<ssl_st, SslFree> ssl_;
  std::string host_;  // that a client checks
  bool is_server_ = false;
  bool established_ = false;
  bool failed_ = false;
  Trouble trouble_ = Trouble::kNone;
  std::string error_;
  // Of the peer's chain, the one that is no good; and whether it is the peer's own.
  std::optional<Certificate> bad_;
  bool bad_is_own_ = false;
};

}  // namespace frontdesk::tls
