// RawClient within TLS: a client as a test wants it, right or wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tests/support/certificates.h"
#include "tests/support/raw_client.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace frontdesk::testing_support {

struct TlsOptions {
  std::string server_name = "localhost";  // SNI, "" for none
  std::string ca_pem;                     // checked against it, with the name; "" checks nothing
  Issued certificate;                     // of the client
  int min_version = 0;                    // as OpenSSL has them: TLS1_2_VERSION
  int max_version = 0;
  std::string ciphers;    // of TLS 1.2; "" for OpenSSL's own
  std::string protocols;  // ALPN, as it is written: "\x08http/1.1"
  int record_bytes = 0;   // send records of at most so many
  std::shared_ptr<ssl_session_st> resume;
  std::function<void(ssl_ctx_st*)> more;  // whatever else
};

class TlsClient final : public RawClient {
 public:
  explicit TlsClient(uint16_t port, const TlsOptions& options = TlsOptions());
  ~TlsClient() override;

  // The handshake succeeded, as far as a client can tell: in TLS 1.3 it has sent its last word.
  bool secure() const { return secure_; }
  // What OpenSSL said last, such as "tlsv13 alert certificate required".
  std::string error() const { return error_; }
  // The server said that there is no more; false after an end without that.
  bool got_goodbye() const;
  std::string server_subject() const;
  std::string protocol() const;  // ALPN
  std::string version() const;
  bool resumed() const;
  // The newest session, once something was read.
  std::shared_ptr<ssl_session_st> session() const;
  ssl_st* ssl() { return ssl_.get(); }
  void Goodbye();  // close_notify

 private:
  ssize_t Receive(char* into, size_t size) override;
  ssize_t Transmit(const char* bytes, size_t size) override;
  void Note();

  std::shared_ptr<ssl_ctx_st> context_;
  std::shared_ptr<ssl_st> ssl_;
  bool secure_ = false;
  std::string error_;
};

}  // namespace frontdesk::testing_support
