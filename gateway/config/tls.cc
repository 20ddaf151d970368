#include "gateway/config/tls.h"

#include <array>
#include <map>
#include <set>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/config/host_port.h"
#include "gateway/config/load_message.h"
#include "gateway/contract/header_names.h"
#include "gateway/contract/value_rules.h"
#include "gateway/upstream/endpoint.h"

namespace frontdesk::config {
namespace {

namespace fs = std::filesystem;
using contract::Findings;
using contract::Quoted;
using contract::TimeRule;
using ListenTls = v1::Config::Listen::Tls;
using UpstreamTls = v1::Upstream::Tls;

constexpr std::string_view kListen = "listen.tls";

std::string In(const fs::path& folder, const std::string& file) {
  return file.empty() ? file : (folder / file).string();
}

class TlsChecker {
 public:
  TlsChecker(const LoadedConfig& loaded, Findings& findings)
      : loaded_(loaded), findings_(findings) {}

  void ListenShape(const ListenTls& tls) {
    const std::string path(kListen);
    if (!loaded_.Has(path + ".certificates")) Missing(path, "certificates");
    for (int i = 0; i < tls.certificates_size(); ++i) {
      const std::string here = Cat(path, ".certificates[", i, "]");
      for (const char* file : {"cert_file", "key_file"}) {
        if (!loaded_.Has(Cat(here, '.', file))) Missing(here, file);
      }
    }
    const bool asks =
        tls.client_auth() == ListenTls::OPTIONAL || tls.client_auth() == ListenTls::REQUIRED;
    if (asks && !loaded_.Has(path + ".client_ca_file")) {
      Add(path + ".client_auth", "needs `client_ca_file`: who signs the certificates of clients");
    }
    if (!asks && tls.has_client_ca_file()) {
      Add(path + ".client_ca_file", "has no meaning unless `client_auth` is optional or required");
    }
    constexpr std::array kTimes = {TimeRule{"handshake_timeout"}};
    contract::CheckValues(tls, {}, kTimes,
                          [&](const std::vector<int>&, std::string_view name,
                              std::string_view text) { Add(Cat(path, '.', name), text); });
  }

  void UpstreamShape(const std::string& path, const UpstreamTls& tls) {
    const bool cert = loaded_.Has(path + ".cert_file");
    const bool key = loaded_.Has(path + ".key_file");
    if (cert && !key) Add(path + ".cert_file", "needs `key_file`, its key");
    if (key && !cert) Add(path + ".key_file", "needs `cert_file`, the certificate that it is for");
    if (!tls.has_server_name() || tls.server_name().empty()) return;
    // A port, mostly.
    const auto address = ParseHostPort(Cat(tls.server_name(), ":1"));
    const bool numeric = address && address->numeric;
    if (!numeric && !upstream::IsHostName(tls.server_name())) {
      Add(path + ".server_name",
          Cat("expected a name such as \"orders.internal\", got ", Quoted(tls.server_name())));
    }
  }

  void ListenFiles(const ListenTls& from, const fs::path& folder, tls::WallTime now) {
    if (from.certificates().empty()) return;
    const tls::ServerSettings settings = ToServerTls(from, folder);
    std::vector<tls::FileProblem> problems;
    tls::TicketKeys keys;
    const auto context = tls::MakeServerContext(settings, keys, &problems);
    for (const tls::FileProblem& problem : problems) {
      const std::string pair = Cat(kListen, ".certificates[", problem.index, "].");
      switch (problem.of) {
        case tls::FileProblem::Of::kCertificate:
          AddFile(pair + "cert_file", settings.certificates[problem.index].cert_file, problem);
          break;
        case tls::FileProblem::Of::kKey:
          AddFile(pair + "key_file", settings.certificates[problem.index].key_file, problem);
          break;
        case tls::FileProblem::Of::kAuthority:
          AddFile(Cat(kListen, ".client_ca_file"), settings.client_ca_file, problem);
          break;
      }
    }
    if (!context.ok()) return;
    std::set<std::string> taken;
    for (size_t i = 0; i < (*context)->certificates().size(); ++i) {
      const tls::Certificate& one = (*context)->certificates()[i];
      const std::string path = Cat(kListen, ".certificates[", i, "].cert_file");
      if (const std::string why = tls::Judge(one, now); !why.empty()) Add(path, why);
      bool has_new_name = i == 0;  // the default needs none
      for (const std::string& name : one.server_names()) {
        has_new_name = taken.insert(contract::LowerCase(name)).second || has_new_name;
      }
      if (!has_new_name) {
        Add(path, Cat("no client is given it: ",
                      one.server_names().empty() ? "it is for no name of a server"
                                                 : "all of its names are those of one before it"));
      }
    }
  }

  void UpstreamFiles(const std::string& path, const UpstreamTls& from, const fs::path& folder,
                     tls::WallTime now) {
    const tls::ClientSettings settings = ToClientTls(from, folder);
    std::vector<tls::FileProblem> problems;
    const auto context = tls::MakeClientContext(settings, &problems);
    for (const tls::FileProblem& problem : problems) {
      switch (problem.of) {
        case tls::FileProblem::Of::kCertificate:
          AddFile(path + ".cert_file", settings.key_pair.cert_file, problem);
          break;
        case tls::FileProblem::Of::kKey:
          AddFile(path + ".key_file", settings.key_pair.key_file, problem);
          break;
        case tls::FileProblem::Of::kAuthority:
          AddFile(path + ".ca_file", settings.ca_file, problem);
          break;
      }
    }
    if (!context.ok()) return;
    for (const tls::Certificate& one : (*context)->certificates()) {
      if (const std::string why = tls::Judge(one, now); !why.empty()) Add(path + ".cert_file", why);
    }
  }

 private:
  void Add(const std::string& path, std::string_view text) {
    if (findings_.size() < kMaxFindings) findings_.Add(loaded_.PlaceOf(path), path, text);
  }
  // That a file is not named was found before.
  void AddFile(const std::string& path, const std::string& file, const tls::FileProblem& problem) {
    if (file.empty()) return;
    Add(path, Cat(QuotedFile(file), ": ", problem.text));
  }
  void Missing(const std::string& path, std::string_view what) {
    if (!HasUnknownKey(findings_, path)) Add(path, Cat("has no ", what));
  }

  const LoadedConfig& loaded_;
  Findings& findings_;
};

// Sorted, so that findings always come in the same order.
std::map<std::string, const UpstreamTls*> UpstreamsOf(const v1::Config& config) {
  std::map<std::string, const UpstreamTls*> all;
  for (const auto& [name, upstream] : config.upstreams()) {
    if (upstream.has_tls()) all[Cat("upstreams.", name, ".tls")] = &upstream.tls();
  }
  return all;
}

}  // namespace

void CheckTlsShape(const LoadedConfig& loaded, Findings& findings) {
  TlsChecker checker(loaded, findings);
  const auto& listen = loaded.config.listen();
  if (listen.has_tls()) checker.ListenShape(listen.tls());
  for (const auto& [path, tls] : UpstreamsOf(loaded.config)) checker.UpstreamShape(path, *tls);
}

void CheckTlsFiles(const LoadedConfig& loaded, const fs::path& folder, tls::WallTime now,
                   Findings& findings) {
  TlsChecker checker(loaded, findings);
  const auto& listen = loaded.config.listen();
  if (listen.has_tls()) checker.ListenFiles(listen.tls(), folder, now);
  for (const auto& [path, tls] : UpstreamsOf(loaded.config)) {
    checker.UpstreamFiles(path, *tls, folder, now);
  }
}

tls::ServerSettings ToServerTls(const ListenTls& from, const fs::path& folder) {
  tls::ServerSettings settings;
  for (const auto& one : from.certificates()) {
    settings.certificates.push_back({In(folder, one.cert_file()), In(folder, one.key_file())});
  }
  settings.client_ca_file = In(folder, from.client_ca_file());
  if (from.client_auth() == ListenTls::OPTIONAL) settings.client_auth = tls::ClientAuth::kOptional;
  if (from.client_auth() == ListenTls::REQUIRED) settings.client_auth = tls::ClientAuth::kRequired;
  if (from.min_version() == ListenTls::TLS_1_3) settings.min_version = tls::Version::kTls13;
  return settings;
}

tls::ClientSettings ToClientTls(const UpstreamTls& from, const fs::path& folder) {
  tls::ClientSettings settings;
  settings.ca_file = In(folder, from.ca_file());
  settings.server_name = from.server_name();
  settings.key_pair = {In(folder, from.cert_file()), In(folder, from.key_file())};
  return settings;
}

}  // namespace frontdesk::config
