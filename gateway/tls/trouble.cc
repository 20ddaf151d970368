// Session: what went wrong, in plain words.
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstring>

#include "gateway/base/text.h"
#include "gateway/tls/openssl.h"
#include "gateway/tls/session.h"

namespace frontdesk::tls {
namespace {

std::string NamesOf(const Certificate& certificate) {
  std::string text;
  for (const auto* list : {&certificate.dns, &certificate.addresses}) {
    for (const std::string& name : *list) text += Cat(text.empty() ? "" : ", ", name);
  }
  return text.empty() ? certificate.subject : text;
}

Trouble TroubleOf(int reason, bool is_server) {
  switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return Trouble::kVersion;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_CIPHERS_AVAILABLE:
      return Trouble::kCipher;
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
      return Trouble::kProtocol;
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return Trouble::kNoPeer;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return Trouble::kPeer;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return Trouble::kCut;
    case SSL_R_HTTP_REQUEST:
      return is_server ? Trouble::kPlainHttp : Trouble::kOther;
    default:
      break;
  }
  // Alerts of the peer.
  return reason >= SSL_AD_REASON_OFFSET ? Trouble::kRefused : Trouble::kOther;
}

}  // namespace

int NoteVerdict(int good, X509_STORE_CTX* check) {
  if (good == 1) return good;
  const auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto& session = *static_cast<Session*>(SSL_get_app_data(ssl));
  if (const X509* one = X509_STORE_CTX_get_current_cert(check)) session.bad_ = Describe(*one);
  session.bad_is_own_ = X509_STORE_CTX_get_error_depth(check) == 0;
  return good;
}

// What is wrong with the peer's certificate.
std::string Session::WhyPeer() const {
  const long result = SSL_get_verify_result(ssl_.get());
  const Certificate bad = bad_.value_or(Certificate());
  const std::string own = Cat(is_server_ ? "the client's" : "the server's", " certificate");
  const std::string whose =
      Cat(bad_is_own_ ? own : Cat("an authority of ", own), " (", bad.subject, ")");
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Cat(whose, " expired at ", TimeText(bad.not_after));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Cat(whose, " is valid only from ", TimeText(bad.not_before));
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return Cat(whose, " is of an unknown authority: ", bad.issuer);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return Cat(whose, " is of an unknown authority: itself");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return Cat(own, " is for ", NamesOf(bad), ", not for ", host_);
    case X509_V_ERR_INVALID_PURPOSE:
      return Cat(whose, " may not be used as a ", is_server_ ? "client's" : "server's");
    default:
      return Cat(whose, ": ", X509_verify_cert_error_string(result));
  }
}

void Session::Explain() {
  const unsigned long error = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) {
    trouble_ = Trouble::kOther;
    error_ = error == 0 ? "the connection was cut" : TakeError();
    if (error == 0) trouble_ = Trouble::kCut;
    return;
  }
  trouble_ = TroubleOf(reason, is_server_);
  const std::string_view who = is_server_ ? "the client" : "the server";
  switch (trouble_) {
    case Trouble::kPlainHttp:
      error_ = "an HTTP request without TLS";
      break;
    case Trouble::kVersion:
      error_ = Cat("no TLS version in common with ", who);
      break;
    case Trouble::kCipher:
      error_ = Cat("no cipher in common with ", who);
      break;
    case Trouble::kProtocol:
      error_ = Cat("no protocol (ALPN) in common with ", who);
      break;
    case Trouble::kNoPeer:
      error_ = "the client has no certificate";
      break;
    case Trouble::kPeer:
      error_ = WhyPeer();
      break;
    case Trouble::kCut:
      error_ = Cat(who, " closed the connection in the middle of it");
      break;
    case Trouble::kRefused:
      error_ = Cat(who, " refused: ", ERR_reason_error_string(error));
      break;
    default:
      error_ =
          reason == SSL_R_WRONG_VERSION_NUMBER
              ? Cat(who, " does not speak TLS")
              : Cat("TLS: ", ERR_reason_error_string(error) ? ERR_reason_error_string(error) : "?");
      break;
  }
  ERR_clear_error();
}

}  // namespace frontdesk::tls
