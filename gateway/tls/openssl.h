// Ownership of OpenSSL's things. Included by .cc files of this room and its tests only.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/tls/context.h"
#include "gateway/tls/server_names.h"

namespace frontdesk::tls {

struct Free {
  void operator()(SSL_CTX* thing) const { SSL_CTX_free(thing); }
  void operator()(SSL* thing) const { SSL_free(thing); }
  void operator()(SSL_SESSION* thing) const { SSL_SESSION_free(thing); }
  void operator()(BIO* thing) const { BIO_free(thing); }
  void operator()(X509* thing) const { X509_free(thing); }
  void operator()(EVP_PKEY* thing) const { EVP_PKEY_free(thing); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

struct Context::Impl {
  std::vector<Owned<SSL_CTX>> contexts;  // of a server one for each certificate, else one
  std::vector<Certificate> certificates;
  ServerNames names;
  TicketKeys* keys = nullptr;
  std::string protocols;       // as ALPN writes them
  std::string server_name;     // ClientSettings::server_name
  bool trusts_system = false;  // a client: no ClientSettings::ca_file
};

// The reason that OpenSSL noted last, in its words, and nothing is noted any more.
std::string TakeError();

struct KeyPair {
  Owned<X509> leaf;
  std::vector<Owned<X509>> chain;
  Owned<EVP_PKEY> key;
};
// What could be read, and what is wrong with the rest.
KeyPair ReadKeyPair(const KeyPairFiles& files, size_t index, std::vector<FileProblem>& problems);
// Every certificate in the file; its bytes go to `bytes` as well.
std::vector<Owned<X509>> ReadAuthorities(const std::string& file, std::string& bytes,
                                         std::vector<FileProblem>& problems);

// Of every SSL_CTX that checks certificates: which one is no good.
int NoteVerdict(int good, X509_STORE_CTX* check);
// Of a client's SSL_CTX: the server gave a session to resume.
int KeepSession(SSL* ssl, SSL_SESSION* session);

}  // namespace frontdesk::tls
