// Names, keys of tickets, files: what is read from them, and when it is read again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "gateway/base/text.h"
#include "gateway/tls/credentials.h"
#include "gateway/tls/openssl.h"
#include "gateway/tls/server_names.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"

namespace frontdesk::tls {
namespace {

using ::testing::HasSubstr;
using testing_support::Authority;
using testing_support::Issued;
using testing_support::WriteTempFile;

TEST(ServerNamesTest, ExactBeforeWildcard) {
  ServerNames names;
  EXPECT_TRUE(names.Add("Shop.example", 0));
  EXPECT_TRUE(names.Add("*.shop.example", 1));
  EXPECT_TRUE(names.Add("api.shop.example", 2));
  EXPECT_FALSE(names.Add("shop.EXAMPLE", 3)) << "the first has it";
  EXPECT_FALSE(names.Add("", 4));
  struct Row {
    const char* name;
    int found;  // -1: nobody
  };
  const Row rows[] = {
      {"shop.example", 0},
      {"SHOP.EXAMPLE", 0},
      {"shop.example.", 0},
      {"api.shop.example", 2},
      {"other.shop.example", 1},
      {"a.b.shop.example", -1},
      {"example", -1},
      {"", -1},
      {".", -1},
      {".shop.example", -1},
      {"*.shop.example", 1},
      {"xshop.example", -1},
      {"shop.example.evil", -1},
  };
  for (const Row& row : rows) {
    const auto found = names.Find(row.name);
    EXPECT_EQ(found ? static_cast<int>(*found) : -1, row.found) << row.name;
  }
}

TEST(TicketKeysTest, RotateAndOpenForAWhile) {
  TimePoint now{};
  TicketKeys keys([&] { return now; });
  const TicketKey first = keys.Current();
  EXPECT_EQ(keys.Current().name, first.name);
  EXPECT_TRUE(keys.Find(first.name.data())->is_current);
  now += TicketKeys::kPeriod;
  const TicketKey second = keys.Current();
  EXPECT_NE(second.name, first.name);
  EXPECT_NE(second.cipher, first.cipher);
  ASSERT_TRUE(keys.Find(first.name.data()));
  EXPECT_FALSE(keys.Find(first.name.data())->is_current);
  now += TicketKeys::kLifetime - std::chrono::seconds(1);
  EXPECT_TRUE(keys.Find(first.name.data())) << "its last ticket still lives";
  now += std::chrono::seconds(1);
  EXPECT_FALSE(keys.Find(first.name.data()));
  EXPECT_TRUE(keys.Find(second.name.data()));
  const TicketKey nobody{};
  EXPECT_FALSE(keys.Find(nobody.name.data()));
}

TEST(ContextTest, FilesThatAreNoGood) {
  const Authority authority;
  const Issued good = authority.Issue({.dns = {"a.example"}});
  const Issued other = authority.Issue({.dns = {"b.example"}});
  const Issued weak = authority.Issue({.dns = {"a.example"}, .rsa_bits = 1024});
  const std::string locked =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgj4sUj"
      "0Kq1ngICCAAw\n-----END ENCRYPTED PRIVATE KEY-----\n";
  using Of = FileProblem::Of;
  struct Row {
    const char* name;
    std::string cert;
    std::string key;
    Of of;
    const char* says;
  };
  const std::string nowhere = "/nowhere/cert.pem";
  const Row rows[] = {
      {"no certificate", nowhere, good.WriteKey(), Of::kCertificate, "No such file"},
      {"no key", good.WriteCert(), nowhere, Of::kKey, "No such file"},
      {"a folder", "/", good.WriteKey(), Of::kCertificate, "is no file"},
      {"a device", "/dev/zero", good.WriteKey(), Of::kCertificate, "is no file"},
      {"empty", WriteTempFile("e.pem", ""), good.WriteKey(), Of::kCertificate,
       "has no certificate"},
      {"text", WriteTempFile("e.pem", "hello"), good.WriteKey(), Of::kCertificate,
       "has no certificate"},
      {"a key as certificate", good.WriteKey(), good.WriteKey(), Of::kCertificate,
       "has no certificate"},
      {"a certificate as key", good.WriteCert(), good.WriteCert(), Of::kKey, "has no private key"},
      {"cut", WriteTempFile("c.pem", good.cert_pem.substr(0, 200)), good.WriteKey(),
       Of::kCertificate, "certificate 1 in it"},
      {"another's key", good.WriteCert(), other.WriteKey(), Of::kKey,
       "is not the key of the certificate in"},
      {"a key with a passphrase", good.WriteCert(), WriteTempFile("k.pem", locked), Of::kKey,
       "key"},
      {"too weak", weak.WriteCert(), weak.WriteKey(), Of::kCertificate, "key too small"},
      {"too large", WriteTempFile("l.pem", std::string((1 << 20) + 1, 'x')), good.WriteKey(),
       Of::kCertificate, "is larger than 1 MiB"},
  };
  TicketKeys keys;
  for (const Row& row : rows) {
    ServerSettings settings;
    settings.certificates = {{good.WriteCert(), good.WriteKey()}, {row.cert, row.key}};
    std::vector<FileProblem> problems;
    const auto made = MakeServerContext(settings, keys, &problems);
    EXPECT_FALSE(made.ok()) << row.name;
    ASSERT_EQ(problems.size(), 1u) << row.name << made.status();
    EXPECT_EQ(problems[0].of, row.of) << row.name;
    EXPECT_EQ(problems[0].index, 1u) << row.name;
    EXPECT_THAT(problems[0].text, HasSubstr(row.says)) << row.name;
    EXPECT_THAT(std::string(made.status().message()), HasSubstr(problems[0].text)) << row.name;
  }
  ClientSettings client;
  client.ca_file = nowhere;
  client.key_pair = {good.WriteCert(), other.WriteKey()};
  std::vector<FileProblem> problems;
  EXPECT_FALSE(MakeClientContext(client, &problems).ok());
  EXPECT_EQ(problems.size(), 2u) << "all at once";
}

TEST(ContextTest, EachNameIsOfItsCertificate) {
  const Authority authority;
  ServerSettings settings;
  for (const char* name : {"a.example", "*.b.example", "c.example"}) {
    const Issued issued = authority.Issue({.common_name = name, .dns = {name}});
    settings.certificates.push_back({issued.WriteCert(), issued.WriteKey()});
  }
  TicketKeys keys;
  const auto context = *MakeServerContext(settings, keys);
  const ServerNames& names = context->impl().names;
  EXPECT_EQ(names.Find("a.example"), 0u);
  EXPECT_EQ(names.Find("x.b.example"), 1u);
  EXPECT_EQ(names.Find("C.example"), 2u);
  EXPECT_EQ(names.Find("unknown.example"), std::nullopt);
  ASSERT_EQ(context->certificates().size(), 3u);
  EXPECT_EQ(context->certificates()[1].name(), "*.b.example");
}

TEST(CertificateTest, JudgedByTime) {
  Certificate certificate;
  certificate.dns = {"a.example"};
  certificate.not_before = WallTime(std::chrono::seconds(1000));
  certificate.not_after = WallTime(std::chrono::seconds(2000));
  EXPECT_EQ(Judge(certificate, WallTime(std::chrono::seconds(1500))), "");
  EXPECT_EQ(Judge(certificate, WallTime(std::chrono::seconds(2000))), "");
  EXPECT_EQ(Judge(certificate, WallTime(std::chrono::seconds(2001))),
            "the certificate of a.example expired at 1970-01-01 00:33:20 UTC");
  EXPECT_EQ(Judge(certificate, WallTime(std::chrono::seconds(999))),
            "the certificate of a.example is valid only from 1970-01-01 00:16:40 UTC");
}

// Files that a test changes; each write is seen, however fast it follows.
class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() : cert_(WriteTempFile("cert.pem", "")), key_(WriteTempFile("key.pem", "")) {
    Write(authority_.Issue({.dns = {"old.example"}}));
    ServerSettings settings;
    settings.certificates = {{cert_, key_}};
    credentials_ = Credentials::OfServer("listen", settings, std::make_shared<TicketKeys>());
    EXPECT_TRUE(credentials_->Load().ok());
  }

  void WriteFile(const std::string& file, const std::string& text) {
    // As a careful operator does: a new file in the place of the old one.
    std::ofstream(file + ".new") << text;
    ASSERT_EQ(rename((file + ".new").c_str(), file.c_str()), 0);
  }
  void Write(const Issued& issued) {
    WriteFile(cert_, issued.cert_pem);
    WriteFile(key_, issued.key_pem);
  }
  std::string Name() { return std::string(credentials_->current()->certificates()[0].name()); }

  const Authority authority_;
  const std::string cert_;
  const std::string key_;
  std::shared_ptr<Credentials> credentials_;
};

TEST_F(CredentialsTest, NewFilesAreReadOnceTheyStay) {
  const auto before = credentials_->current();
  credentials_->Refresh();
  EXPECT_EQ(credentials_->current(), before) << "nothing changed";
  Write(authority_.Issue({.dns = {"new.example"}}));
  credentials_->Refresh();
  EXPECT_EQ(credentials_->current(), before) << "they may still be changing";
  credentials_->Refresh();
  EXPECT_EQ(Name(), "new.example");
  EXPECT_EQ(before->certificates()[0].name(), "old.example") << "whoever has it keeps it";
  const auto after = credentials_->current();
  credentials_->Refresh();
  credentials_->Refresh();
  EXPECT_EQ(credentials_->current(), after);
  EXPECT_EQ(credentials_->Describe().reloads, 1u);
  Write(authority_.Issue({.dns = {"third.example"}}));
  credentials_->Refresh(true);
  EXPECT_EQ(Name(), "third.example") << "at once";
  // Written again, as it is.
  const auto third = credentials_->current();
  WriteFile(cert_, testing_support::ReadFile(cert_));
  credentials_->Refresh(true);
  credentials_->Refresh(true);
  EXPECT_EQ(credentials_->current(), third);
  EXPECT_EQ(credentials_->Describe().reloads, 2u);
}

TEST_F(CredentialsTest, BadFilesLeaveTheOldOnes) {
  const Issued fresh = authority_.Issue({.dns = {"new.example"}});
  const std::pair<std::string, std::string> bad[] = {
      {"", ""},                                        // nothing in them
      {fresh.cert_pem, ""},                            // no key
      {"garbage", fresh.key_pem},                      //
      {fresh.cert_pem, authority_.Issue({}).key_pem},  // half a change
  };
  uint64_t failures = 0;
  for (const auto& [cert, key] : bad) {
    WriteFile(cert_, cert);
    WriteFile(key_, key);
    credentials_->Refresh();
    credentials_->Refresh();
    EXPECT_EQ(Name(), "old.example");
    CredentialsView view = credentials_->Describe();
    EXPECT_EQ(view.failures, ++failures);
    EXPECT_NE(view.trouble, "");
    credentials_->Refresh();
    EXPECT_EQ(credentials_->Describe().failures, failures) << "said once";
  }
  std::remove(cert_.c_str());
  credentials_->Refresh(true);
  EXPECT_EQ(Name(), "old.example");
  Write(fresh);
  credentials_->Refresh(true);
  EXPECT_EQ(Name(), "new.example");
  EXPECT_EQ(credentials_->Describe().trouble, "");
  EXPECT_EQ(credentials_->Describe().certificates[0].file, cert_);
}

TEST_F(CredentialsTest, WhoEndsSoonIsTold) {
  const WallTime ends = credentials_->current()->certificates()[0].not_after;
  EXPECT_EQ(credentials_->EndsSoon(ends - std::chrono::hours(24 * 15)), "");
  EXPECT_THAT(credentials_->EndsSoon(ends - std::chrono::hours(1)),
              HasSubstr("old.example ends at"));
  EXPECT_THAT(credentials_->EndsSoon(ends + std::chrono::hours(1)), HasSubstr("EXPIRED"));
}

}  // namespace
}  // namespace frontdesk::tls
