// What one side of TLS proves itself with and whom it believes: immutable once made, shared by all
// loops. OpenSSL stays behind this and session.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/tls/certificate.h"
#include "gateway/tls/ticket_keys.h"

namespace frontdesk::tls {

enum class Version { kTls12, kTls13 };
enum class ClientAuth {
  kNone,
  kOptional,  // a client may have no certificate, but not a bad one
  kRequired,
};

// PEM files: the certificate with those that lead to its authority, and its key without a
// passphrase.
struct KeyPairFiles {
  std::string cert_file;
  std::string key_file;

  bool operator==(const KeyPairFiles&) const = default;
};

struct ServerSettings {
  std::vector<KeyPairFiles> certificates;  // the first one answers for names that none has
  std::string client_ca_file;
  ClientAuth client_auth = ClientAuth::kNone;
  Version min_version = Version::kTls12;
  // ALPN, in our order. A client that offers only others is refused, one that offers none is not.
  std::vector<std::string> protocols = {"http/1.1"};
};

struct ClientSettings {
  std::string ca_file;          // "" for the system's authorities
  std::string server_name;      // asked for and checked; "" for the host that is connected to
  KeyPairFiles key_pair;        // empty for none
  std::string protocol = "h2";  // ALPN; the server has to choose it

  bool operator==(const ClientSettings&) const = default;
};

// One file that a context was made of, or could not be made of.
struct FileProblem {
  enum class Of { kCertificate, kKey, kAuthority };
  Of of = Of::kCertificate;
  size_t index = 0;  // in ServerSettings::certificates
  std::string text;  // without the file's name
};

class Context {
 public:
  Context();
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Our own, in the order of the settings.
  const std::vector<Certificate>& certificates() const;

  struct Impl;
  Impl& impl() const { return *impl_; }

 private:
  const std::unique_ptr<Impl> impl_;
};

// Reads the files. On failure (INVALID_ARGUMENT, all texts joined) `problems`, which may be null,
// has what is wrong file by file. A certificate that has expired is no failure here: a gateway that
// runs with one goes on; see Judge(). `keys` outlives the context.
absl::StatusOr<std::shared_ptr<const Context>> MakeServerContext(
    const ServerSettings& settings, TicketKeys& keys, std::vector<FileProblem>* problems = nullptr);
absl::StatusOr<std::shared_ptr<const Context>> MakeClientContext(
    const ClientSettings& settings, std::vector<FileProblem>* problems = nullptr);

// What a client's context was made of, in PEM, for a library that shakes hands by itself.
struct ClientPem {
  std::string authorities;  // "" for the system's
  // "" for none.
  std::string cert_chain;
  std::string private_key;
};
ClientPem PemOf(const Context& client);

// Larger files are no certificates and keys.
inline constexpr size_t kMostFileBytes = 1 << 20;

// What is wrong with a certificate at this time ("expired at ..."), or "".
std::string Judge(const Certificate& certificate, WallTime now);

}  // namespace frontdesk::tls
