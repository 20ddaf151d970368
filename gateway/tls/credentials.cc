#include "gateway/tls/credentials.h"

#include <sys/stat.h>

#include <utility>

#include "gateway/base/read_file.h"
#include "gateway/base/text.h"
#include "gateway/observe/log.h"

namespace frontdesk::tls {
namespace {

constexpr std::chrono::hours kSoon{14 * 24};
constexpr std::chrono::minutes kSayAgain{1};

void AddFile(std::vector<std::string>& files, const std::string& file) {
  if (!file.empty()) files.push_back(file);
}

}  // namespace

std::shared_ptr<Credentials> Credentials::OfServer(std::string of, ServerSettings settings,
                                                   std::shared_ptr<TicketKeys> keys) {
  std::vector<std::string> files, cert_files;
  for (const KeyPairFiles& pair : settings.certificates) {
    cert_files.push_back(pair.cert_file);
    AddFile(files, pair.cert_file);
    AddFile(files, pair.key_file);
  }
  AddFile(files, settings.client_ca_file);
  const auto make = [settings = std::move(settings), keys = std::move(keys)] {
    return MakeServerContext(settings, *keys);
  };
  return std::shared_ptr<Credentials>(
      new Credentials(std::move(of), std::move(files), std::move(cert_files), make));
}

std::shared_ptr<Credentials> Credentials::OfClient(std::string of, ClientSettings settings) {
  std::vector<std::string> files, cert_files;
  AddFile(cert_files, settings.key_pair.cert_file);
  AddFile(files, settings.key_pair.cert_file);
  AddFile(files, settings.key_pair.key_file);
  AddFile(files, settings.ca_file);
  const auto make = [settings] { return MakeClientContext(settings); };
  std::shared_ptr<Credentials> made(
      new Credentials(std::move(of), std::move(files), std::move(cert_files), make));
  made->client_ = std::move(settings);
  return made;
}

std::vector<Credentials::Stamp> Credentials::Look() const {
  std::vector<Stamp> stamps;
  for (const std::string& file : files_) {
    struct stat is {};
    Stamp stamp;
    // What is not there has a stamp, too: that of no file.
    if (::stat(file.c_str(), &is) == 0) {
      stamp = {is.st_dev, is.st_ino, is.st_size,
               int64_t{is.st_mtim.tv_sec} * 1'000'000'000 + is.st_mtim.tv_nsec};
    }
    stamps.push_back(stamp);
  }
  return stamps;
}

Sha256Digest Credentials::Contents() const {
  Sha256Digest all{};
  for (const std::string& file : files_) {
    const absl::StatusOr<std::string> bytes = ReadFile(file, kMostFileBytes);
    all = Sha256({View(all), bytes.ok() ? "file" : "none", bytes.ok() ? *bytes : ""});
  }
  return all;
}

absl::Status Credentials::Load() {
  const MutexLock reading(reading_);
  read_ = seen_ = Look();
  contents_ = Contents();
  absl::StatusOr<std::shared_ptr<const Context>> made = make_();
  if (!made.ok()) return made.status();
  const MutexLock lock(mutex_);
  current_ = *std::move(made);
  return absl::OkStatus();
}

std::shared_ptr<const Context> Credentials::current() {
  {
    const MutexLock lock(mutex_);
    if (current_) return current_;
  }
  if (!Load().ok()) return nullptr;
  const MutexLock lock(mutex_);
  return current_;
}

bool Credentials::in_trouble() {
  const MutexLock lock(mutex_);
  return !trouble_.empty();
}

void Credentials::Refresh(bool at_once) {
  const MutexLock reading(reading_);
  const std::vector<Stamp> stamps = Look();
  const bool steady = stamps == std::exchange(seen_, stamps);
  if (!at_once && (stamps == read_ || !steady)) return;
  read_ = stamps;
  const Sha256Digest contents = Contents();
  const bool same = contents == std::exchange(contents_, contents);
  const bool again = same && in_trouble();
  if (same && !again) return;
  absl::StatusOr<std::shared_ptr<const Context>> made = make_();
  const MutexLock lock(mutex_);
  if (!made.ok()) {
    // It may have been a passing trouble, such as too many open files.
    read_.clear();
    const std::string text(Std(made.status().message()));
    if (again && text == trouble_) return;
    ++failures_;
    trouble_ = text;
    return observe::LogError(
        Cat("TLS of ", of_, ": new certificates are no good, the old ones stay: ", trouble_));
  }
  trouble_.clear();
  current_ = *std::move(made);
  ++reloads_;
  std::string names;
  for (const Certificate& certificate : current_->certificates()) {
    names += Cat(names.empty() ? ": " : ", ", certificate.name(), " until ",
                 TimeText(certificate.not_after));
  }
  observe::LogInfo(Cat("TLS of ", of_, ": new certificates in force", names));
}

void Credentials::Complain(std::string_view why, TimePoint now) {
  const MutexLock lock(mutex_);
  if (why == complaint_ && now - complained_ < kSayAgain) return;
  complaint_ = why;
  complained_ = now;
  observe::LogWarn(Cat("TLS of ", of_, ": ", why));
}

CredentialsView Credentials::Describe() {
  const MutexLock lock(mutex_);
  CredentialsView view{.of = of_};
  view.reloads = reloads_;
  view.failures = failures_;
  view.trouble = trouble_;
  if (!current_) return view;
  for (size_t i = 0; i < current_->certificates().size(); ++i) {
    view.certificates.push_back({cert_files_[i], current_->certificates()[i]});
  }
  return view;
}

std::string Credentials::EndsSoon(WallTime now) {
  const MutexLock lock(mutex_);
  if (!current_) return "";
  std::string text;
  for (const Certificate& certificate : current_->certificates()) {
    if (certificate.not_after - now > kSoon) continue;
    const bool over = certificate.is_expired(now);
    text +=
        Cat(text.empty() ? "" : "; ", "TLS of ", of_, ": the certificate of ", certificate.name(),
            over ? " EXPIRED at " : " ends at ", TimeText(certificate.not_after));
  }
  return text;
}

}  // namespace frontdesk::tls
