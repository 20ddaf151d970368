#include "gateway/tls/context.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>

#include "gateway/base/sha256.h"
#include "gateway/base/text.h"
#include "gateway/tls/openssl.h"

namespace frontdesk::tls {
namespace {

// Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else.
constexpr char kCiphers12[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr char kGroups[] = "X25519:P-256:P-384";

std::string JoinProblems(const std::vector<FileProblem>& problems, const KeyPairFiles* pairs,
                         const std::string& authorities) {
  std::string text;
  for (const FileProblem& problem : problems) {
    std::string file = authorities;
    if (problem.of == FileProblem::Of::kCertificate) file = pairs[problem.index].cert_file;
    if (problem.of == FileProblem::Of::kKey) file = pairs[problem.index].key_file;
    text += Cat(text.empty() ? "" : "; ", file, ": ", problem.text);
  }
  return text;
}

Owned<SSL_CTX> NewContext(const SSL_METHOD* method, Version least) {
  Owned<SSL_CTX> context(SSL_CTX_new(method));
  SSL_CTX* const ssl = context.get();
  SSL_CTX_set_min_proto_version(ssl, least == Version::kTls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(ssl, kCiphers12);
  SSL_CTX_set1_groups_list(ssl, kGroups);
  SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // An idle connection holds no buffers. One record at a time is asked for, so that who sends
  // records without data does not hold the loop.
  SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
  return context;
}

// False, with a problem, when OpenSSL does not like it: too weak a key, for example.
bool Use(SSL_CTX* context, const KeyPair& pair, size_t index, std::vector<FileProblem>& problems) {
  ERR_clear_error();
  bool good = SSL_CTX_use_certificate(context, pair.leaf.get()) == 1;
  for (const auto& one : pair.chain) {
    good = good && SSL_CTX_add1_chain_cert(context, one.get()) == 1;
  }
  good = good && SSL_CTX_use_PrivateKey(context, pair.key.get()) == 1;
  if (!good) problems.push_back({FileProblem::Of::kCertificate, index, TakeError()});
  return good;
}

void Trust(SSL_CTX* context, const std::vector<Owned<X509>>& authorities) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const auto& one : authorities) X509_STORE_add_cert(store, one.get());
}

int OnServerName(SSL* ssl, int*, void* of) {
  const auto& context = *static_cast<Context::Impl*>(of);
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto found = name ? context.names.Find(name) : std::nullopt;
  if (!found) return SSL_TLSEXT_ERR_NOACK;
  if (*found > 0) SSL_set_SSL_CTX(ssl, context.contexts[*found].get());
  return SSL_TLSEXT_ERR_OK;
}

int OnAlpn(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
           const unsigned char* offered, unsigned int offered_size, void* of) {
  const std::string& ours = static_cast<Context::Impl*>(of)->protocols;
  unsigned char* match = nullptr;
  const int found = SSL_select_next_proto(
      &match, chosen_size, reinterpret_cast<const unsigned char*>(ours.data()),
      static_cast<unsigned int>(ours.size()), offered, offered_size);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = match;
  return SSL_TLSEXT_ERR_OK;
}

const EVP_CIPHER* TicketCipher() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  return cipher;
}

int IndexOfImpl() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// 1: goes on; 2: opened, but the client gets a new one; 0: not ours; -1: cannot.
int OnTicketKey(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                EVP_MAC_CTX* mac, int sealing) {
  auto& keys =
      *static_cast<Context::Impl*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), IndexOfImpl()))->keys;
  TicketKey key;
  int result = 1;
  if (sealing) {
    key = keys.Current();
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(TicketCipher())) != 1) return -1;
    std::copy(key.name.begin(), key.name.end(), name);
  } else {
    const auto found = keys.Find(name);
    if (!found) return 0;
    key = found->key;
    result = found->is_current ? 1 : 2;
  }
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  const bool good =
      EVP_CipherInit_ex(cipher, TicketCipher(), nullptr, key.cipher.data(), iv, sealing) == 1 &&
      EVP_MAC_CTX_set_params(mac, parameters) == 1;
  OPENSSL_cleanse(&key, sizeof key);
  return good ? result : -1;
}

// A client's certificate is not looked at again when its session is resumed: it must still be good.
SSL_TICKET_RETURN OnTicket(SSL* ssl, SSL_SESSION* session, const unsigned char*, size_t,
                           SSL_TICKET_STATUS status, void*) {
  X509* const peer = session ? SSL_SESSION_get0_peer(session) : nullptr;
  const bool expired = peer && X509_cmp_current_time(X509_get0_notAfter(peer)) < 0;
  // A ticket of TLS 1.3 should be used once only: each connection brings the next.
  const bool once = SSL_version(ssl) == TLS1_3_VERSION;
  switch (status) {
    case SSL_TICKET_SUCCESS:
      if (expired) return SSL_TICKET_RETURN_IGNORE_RENEW;
      return once ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
    case SSL_TICKET_SUCCESS_RENEW:
      return expired ? SSL_TICKET_RETURN_IGNORE_RENEW : SSL_TICKET_RETURN_USE_RENEW;
    case SSL_TICKET_NO_DECRYPT:
    case SSL_TICKET_EMPTY:
      return SSL_TICKET_RETURN_IGNORE_RENEW;
    default:
      return SSL_TICKET_RETURN_IGNORE;
  }
}

void KeepSessionsInTickets(SSL_CTX* context, const std::string& id) {
  // Nothing is kept here: a client that comes back has it all, sealed.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(TicketKeys::kLifetime);
  SSL_CTX_set_timeout(context, static_cast<long>(seconds.count()));
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, OnTicketKey);
  SSL_CTX_set_session_ticket_cb(context, nullptr, OnTicket, nullptr);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(id.data()),
                                 static_cast<unsigned int>(id.size()));
}

void AskForCertificate(SSL_CTX* context, ClientAuth auth,
                       const std::vector<Owned<X509>>& authorities) {
  if (auth == ClientAuth::kNone) return;
  const int required = auth == ClientAuth::kRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, NoteVerdict);
  Trust(context, authorities);
  for (const auto& one : authorities) SSL_CTX_add_client_CA(context, one.get());
}

std::string AlpnText(const std::vector<std::string>& protocols) {
  std::string text;
  for (const std::string& one : protocols) text += Cat(static_cast<char>(one.size()), one);
  return text;
}

}  // namespace

Context::Context() : impl_(std::make_unique<Impl>()) {}
Context::~Context() = default;

const std::vector<Certificate>& Context::certificates() const { return impl_->certificates; }

absl::StatusOr<std::shared_ptr<const Context>> MakeServerContext(
    const ServerSettings& settings, TicketKeys& keys, std::vector<FileProblem>* problems) {
  std::vector<FileProblem> found;
  std::string authority_bytes;
  std::vector<Owned<X509>> authorities;
  if (settings.client_auth != ClientAuth::kNone) {
    authorities = ReadAuthorities(settings.client_ca_file, authority_bytes, found);
  }
  // Whom it lets in belongs to a session: with other authorities it is shaken hands on anew.
  const auto id = Sha256({authority_bytes, Cat(static_cast<int>(settings.client_auth)),
                          Cat(static_cast<int>(settings.min_version))});
  auto context = std::make_shared<Context>();
  Context::Impl& impl = context->impl();
  impl.keys = &keys;
  impl.protocols = AlpnText(settings.protocols);
  for (size_t i = 0; i < settings.certificates.size(); ++i) {
    const KeyPair pair = ReadKeyPair(settings.certificates[i], i, found);
    if (!pair.leaf || !pair.key) continue;
    Owned<SSL_CTX> one = NewContext(TLS_server_method(), settings.min_version);
    if (!Use(one.get(), pair, i, found)) continue;
    SSL_CTX_set_ex_data(one.get(), IndexOfImpl(), &impl);
    SSL_CTX_set_tlsext_servername_callback(one.get(), OnServerName);
    SSL_CTX_set_tlsext_servername_arg(one.get(), &impl);
    SSL_CTX_set_alpn_select_cb(one.get(), OnAlpn, &impl);
    // What a client sends together is read together.
    SSL_CTX_set_read_ahead(one.get(), 1);
    KeepSessionsInTickets(one.get(), std::string(View(id)));
    AskForCertificate(one.get(), settings.client_auth, authorities);
    impl.contexts.push_back(std::move(one));
    impl.certificates.push_back(Describe(*pair.leaf));
    for (const std::string& name : impl.certificates.back().server_names()) impl.names.Add(name, i);
  }
  if (settings.certificates.empty())
    found.push_back({FileProblem::Of::kAuthority, 0, "no certificate"});
  if (problems) *problems = found;
  if (!found.empty()) {
    const std::string text =
        JoinProblems(found, settings.certificates.data(), settings.client_ca_file);
    return absl::InvalidArgumentError(Absl(text));
  }
  return context;
}

absl::StatusOr<std::shared_ptr<const Context>> MakeClientContext(
    const ClientSettings& settings, std::vector<FileProblem>* problems) {
  std::vector<FileProblem> found;
  auto context = std::make_shared<Context>();
  Context::Impl& impl = context->impl();
  Owned<SSL_CTX> one = NewContext(TLS_client_method(), Version::kTls12);
  SSL_CTX_set_verify(one.get(), SSL_VERIFY_PEER, NoteVerdict);
  // Each end point keeps its own session, see Resumption.
  SSL_CTX_set_session_cache_mode(one.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(one.get(), KeepSession);
  if (settings.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(one.get());
    impl.trusts_system = true;
  } else {
    std::string bytes;
    Trust(one.get(), ReadAuthorities(settings.ca_file, bytes, found));
  }
  if (!settings.key_pair.cert_file.empty()) {
    const KeyPair pair = ReadKeyPair(settings.key_pair, 0, found);
    if (pair.leaf && pair.key && Use(one.get(), pair, 0, found)) {
      impl.certificates.push_back(Describe(*pair.leaf));
    }
  }
  impl.protocols = AlpnText({settings.protocol});
  SSL_CTX_set_alpn_protos(one.get(), reinterpret_cast<const unsigned char*>(impl.protocols.data()),
                          static_cast<unsigned int>(impl.protocols.size()));
  impl.server_name = settings.server_name;
  impl.contexts.push_back(std::move(one));
  if (problems) *problems = found;
  if (!found.empty()) {
    const std::string text = JoinProblems(found, &settings.key_pair, settings.ca_file);
    return absl::InvalidArgumentError(Absl(text));
  }
  return context;
}

std::string Judge(const Certificate& certificate, WallTime now) {
  if (certificate.is_expired(now)) {
    return Cat("the certificate of ", certificate.name(), " expired at ",
               TimeText(certificate.not_after));
  }
  if (now < certificate.not_before) {
    return Cat("the certificate of ", certificate.name(), " is valid only from ",
               TimeText(certificate.not_before));
  }
  return "";
}

}  // namespace frontdesk::tls
