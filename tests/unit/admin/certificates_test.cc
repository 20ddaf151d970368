#include "gateway/admin/certificates.h"

#include <gtest/gtest.h>
#include <prometheus/metric_family.h>

#include "gateway/tls/credentials_metrics.h"

namespace frontdesk::admin {
namespace {

using nlohmann::ordered_json;

std::vector<tls::CredentialsView> Views() {
  tls::Certificate certificate;
  certificate.subject = "CN=shop";
  certificate.issuer = "CN=ca";
  certificate.dns = {"shop.example"};
  certificate.fingerprint = "ab";
  certificate.not_before = tls::WallTime(std::chrono::seconds(0));
  certificate.not_after = tls::WallTime(std::chrono::seconds(1000));
  tls::CredentialsView listen{.of = "listen",
                              .certificates = {{"a.pem", certificate}},
                              .reloads = 2,
                              .failures = 1,
                              .trouble = "a.key: No such file"};
  return {listen, {.of = "upstream orders"}};
}

TEST(CertificatesPage, SaysWhatIsInForceAndUntilWhen) {
  EXPECT_EQ(CertificatesToJson(Views(), tls::WallTime(std::chrono::seconds(400))),
            ordered_json::parse(R"({"certificates": [
    {"for": "listen", "in_force": [{"file": "a.pem", "subject": "CN=shop", "issuer": "CN=ca",
     "names": ["shop.example"], "sha256": "ab", "not_before": "1970-01-01 00:00:00 UTC",
     "not_after": "1970-01-01 00:16:40 UTC", "expires_in_s": 600}],
     "reloads": 2, "failed_reloads": 1, "trouble": "a.key: No such file"},
    {"for": "upstream orders", "in_force": [], "reloads": 0, "failed_reloads": 0}]})"));
  EXPECT_EQ(CertificatesToJson({}, {}), ordered_json::parse(R"({"certificates": []})"));
}

TEST(CertificatesMetrics, TimeLeftAndReloads) {
  const tls::CredentialsMetrics metrics(Views,
                                        [] { return tls::WallTime(std::chrono::seconds(1500)); });
  const auto families = metrics.Collect();
  ASSERT_EQ(families.size(), 2u);
  EXPECT_EQ(families[0].name, "frontdesk_tls_certificate_expiry_seconds");
  ASSERT_EQ(families[0].metric.size(), 1u);
  EXPECT_EQ(families[0].metric[0].gauge.value, -500) << "it has ended";
  ASSERT_EQ(families[1].metric.size(), 4u);
  EXPECT_EQ(families[1].metric[1].counter.value, 1);
  EXPECT_TRUE(tls::CredentialsMetrics([] { return std::vector<tls::CredentialsView>(); })
                  .Collect()
                  .empty());
}

}  // namespace
}  // namespace frontdesk::admin
