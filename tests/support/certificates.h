// Authorities and certificates that a test makes for itself: no private key stands in the
// repository.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace frontdesk::testing_support {

struct CertificateSpec {
  std::string common_name = "localhost";
  std::vector<std::string> dns = {};
  std::vector<std::string> uris = {};
  std::vector<std::string> addresses = {};  // numeric
  std::chrono::seconds valid_from{-3600};   // from now
  std::chrono::seconds valid_for{24 * 3600};
  int rsa_bits = 0;        // 0 for a P-256 key
  std::string usage = "";  // "serverAuth", "clientAuth", "" for any
};

struct Issued {
  std::string cert_pem;
  std::string key_pem;
  // In files of the test's temporary folder; each call writes new ones.
  std::string WriteCert() const;
  std::string WriteKey() const;
};

// Signs with a key of its own.
class Authority {
 public:
  explicit Authority(const std::string& name = "Test Authority");
  // An authority below another one.
  Authority(const std::string& name, const Authority& above);

  Issued Issue(const CertificateSpec& spec) const;
  // The authority's own certificate.
  const std::string& pem() const { return pem_; }
  std::string WritePem() const;

 private:
  Authority(const std::string& name, const Authority* above);

  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
  std::string pem_;
};

}  // namespace frontdesk::testing_support
