#include "gateway/admin/certificates.h"

namespace frontdesk::admin {
namespace {

using nlohmann::ordered_json;

ordered_json ToJson(const tls::CredentialsView::One& one, tls::WallTime now) {
  const tls::Certificate& certificate = one.certificate;
  const auto left = std::chrono::floor<std::chrono::seconds>(certificate.not_after - now);
  return {{"file", one.file},
          {"subject", certificate.subject},
          {"issuer", certificate.issuer},
          {"names", certificate.server_names()},
          {"sha256", certificate.fingerprint},
          {"not_before", tls::TimeText(certificate.not_before)},
          {"not_after", tls::TimeText(certificate.not_after)},
          {"expires_in_s", left.count()}};
}

}  // namespace

ordered_json CertificatesToJson(const std::vector<tls::CredentialsView>& views, tls::WallTime now) {
  ordered_json all = ordered_json::array();
  for (const tls::CredentialsView& view : views) {
    ordered_json entry{{"for", view.of}};
    entry["in_force"] = ordered_json::array();
    for (const auto& one : view.certificates) entry["in_force"].push_back(ToJson(one, now));
    entry["reloads"] = view.reloads;
    entry["failed_reloads"] = view.failures;
    // Why the files as they are now are not in force.
    if (!view.trouble.empty()) entry["trouble"] = view.trouble;
    all.push_back(std::move(entry));
  }
  return {{"certificates", std::move(all)}};
}

}  // namespace frontdesk::admin
