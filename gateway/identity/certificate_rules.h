// Who a client's certificate stands for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/identity/identity.h"
#include "gateway/tls/certificate.h"

namespace frontdesk::identity {

struct CertificateRules {
  // Identity::provider of those who have one.
  static constexpr std::string_view kProvider = "client_certificates";

  enum class From { kCommonName, kUri, kDns, kEmail };
  struct Rule {
    From from = From::kUri;
    std::string prefix;               // of names that this rule is for
    std::vector<std::string> scopes;  // of all whom it names; sorted, each once
    std::vector<std::string> roles;   // likewise
  };
  std::vector<Rule> rules;
  std::string subject_prefix;
  bool shared_subjects = false;  // Identity::shared_subject
};

// By the first rule that a name of the certificate fits; of two names that fit it none is chosen.
// The status holds the reason for the log. That the certificate is good, TLS has seen to.
absl::StatusOr<IdentityPointer> JudgeCertificate(const tls::Certificate& certificate,
                                                 const CertificateRules& rules);

// The token was given to whoever has this certificate, and to nobody else (RFC 8705, section 3.1).
bool IsBoundTo(const Identity& of_token, const tls::Certificate& certificate);

}  // namespace frontdesk::identity
