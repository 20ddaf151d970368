// A server that speaks TLS and passes on to another one what is said within it; for tests of
// clients, right or wrong.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/certificates.h"

struct ssl_ctx_st;
struct ssl_st;

namespace frontdesk::testing_support {

struct TlsTerminatorOptions {
  Issued certificate;
  std::string protocol = "h2";  // ALPN's choice; "" chooses none
  std::string client_ca_pem;    // not empty: clients need a certificate of it
  std::function<void(ssl_ctx_st*)> more;
};

class TlsTerminator {
 public:
  // `to`: "127.0.0.1:port". Each connection has a thread.
  TlsTerminator(const std::string& to, TlsTerminatorOptions options);
  ~TlsTerminator();

  std::string address() const;  // "127.0.0.1:port"
  int full() const { return full_; }
  int resumed() const { return resumed_; }
  int refused() const { return refused_; }  // handshakes that failed
  std::string client() const;               // common name of the last client's certificate
  std::string server_name() const;          // that the last client asked for
  // Ends every connection, with a word of goodbye or without.
  void EndAll(bool goodbye);

 private:
  void AcceptLoop();
  void Serve(int fd);
  void Carry(ssl_st* ssl, int client, int backend);

  const std::string to_;
  const TlsTerminatorOptions options_;
  std::shared_ptr<ssl_ctx_st> context_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> full_{0}, resumed_{0}, refused_{0};
  std::atomic<int> ending_{0};        // how often EndAll() was called
  std::atomic<bool> goodbye_{false};  // its argument
  mutable std::mutex mutex_;
  std::string client_, server_name_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace frontdesk::testing_support
