#include "gateway/tls/certificate.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <memory>

namespace frontdesk::tls {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* thing) const {
    Free(thing);
  }
};

// RFC 2253, with UTF-8 as it is; control characters are escaped, so that a name breaks no log line.
std::string NameText(const X509_NAME* name) {
  const std::unique_ptr<BIO, Freer<BIO_free>> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<size_t>(size)};
}

std::string CommonName(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(const_cast<X509_NAME*>(name), NID_commonName, -1);
  if (at < 0) return "";
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(
      &text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(const_cast<X509_NAME*>(name), at)));
  if (size < 0) return "";
  std::string common(reinterpret_cast<const char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  // A name with a NUL in it is meant to be read as a shorter one.
  return common.find('\0') == std::string::npos ? common : "";
}

std::string Text(const ASN1_STRING* from) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(from)),
          static_cast<size_t>(ASN1_STRING_length(from))};
}

std::string AddressText(const ASN1_OCTET_STRING* bytes) {
  const int size = ASN1_STRING_length(bytes);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (size != 4 && size != 16) return "";
  inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(bytes), text.data(), text.size());
  return text.data();
}

void AddNames(const X509& from, Certificate& to) {
  const std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&from, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(name, &type);
    const auto add = [&](std::vector<std::string>& list, std::string text) {
      if (!text.empty() && text.find('\0') == std::string::npos) list.push_back(std::move(text));
    };
    switch (type) {
      case GEN_DNS:
        add(to.dns, Text(static_cast<const ASN1_STRING*>(value)));
        break;
      case GEN_URI:
        add(to.uris, Text(static_cast<const ASN1_STRING*>(value)));
        break;
      case GEN_EMAIL:
        add(to.emails, Text(static_cast<const ASN1_STRING*>(value)));
        break;
      case GEN_IPADD:
        add(to.addresses, AddressText(static_cast<const ASN1_OCTET_STRING*>(value)));
        break;
      default:
        break;
    }
  }
}

std::string Hex(const unsigned char* bytes, size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

WallTime TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

}  // namespace

std::string_view Certificate::name() const {
  if (!dns.empty()) return dns.front();
  if (!uris.empty()) return uris.front();
  return common_name.empty() ? subject : common_name;
}

std::vector<std::string> Certificate::server_names() const {
  if (!dns.empty() || common_name.empty()) return dns;
  return {common_name};
}

Certificate Describe(const x509_st& certificate) {
  Certificate info;
  info.subject = NameText(X509_get_subject_name(&certificate));
  info.issuer = NameText(X509_get_issuer_name(&certificate));
  info.common_name = CommonName(X509_get_subject_name(&certificate));
  AddNames(certificate, info);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  X509_digest(&certificate, EVP_sha256(), digest.data(), &size);
  info.fingerprint = Hex(digest.data(), size);
  info.not_before = TimeOf(X509_get0_notBefore(&certificate));
  info.not_after = TimeOf(X509_get0_notAfter(&certificate));
  return info;
}

std::string TimeText(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text.data(), size};
}

}  // namespace frontdesk::tls
