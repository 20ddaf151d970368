#include "gateway/identity/fetcher.h"

#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/identity/answer_reader.h"
#include "gateway/identity/base64url.h"

namespace frontdesk::identity {
namespace {

// How long authorities are believed before their file is read again.
constexpr std::chrono::minutes kContextLife{5};

absl::Status Failed(std::string_view text) { return absl::UnavailableError(Absl(text)); }

struct AddressesFreed {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

// The address to connect to, if all that the name has are fit: without TLS those of this machine.
absl::StatusOr<std::string> Resolve(const FetchUrl& url) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(url.host.c_str(), nullptr, &hints, &found);
  if (error != 0) return Failed(gai_strerror(error));
  const std::unique_ptr<addrinfo, AddressesFreed> list(found);
  std::string first;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    char host[NI_MAXHOST];
    if (getnameinfo(each->ai_addr, each->ai_addrlen, host, sizeof host, nullptr, 0,
                    NI_NUMERICHOST) != 0 ||
        IsForbiddenAddress(host, url.loopback) || (!url.tls && !IsForbiddenAddress(host, false))) {
      return Failed("its name points to an address that no key server has");
    }
    if (first.empty()) first = host;
  }
  if (first.empty()) return Failed("its name has no address");
  return first;
}

std::string Base64(std::string_view bytes) {
  std::string text = EncodeBase64Url(bytes);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text.append((4 - text.size() % 4) % 4, '=');
}

// What all requests begin with.
std::string Head(std::string_view method, const FetchUrl& url) {
  const bool usual = url.port == (url.tls ? 443 : 80);
  std::string host = url.HostPort();
  if (usual) host.resize(host.rfind(':'));
  return Cat(method, ' ', url.target, " HTTP/1.1\r\nHost: ", host,
             "\r\nAccept: application/json\r\nAccept-Encoding: identity\r\nConnection: close\r\n");
}

}  // namespace

Fetcher::Fetcher(FetchSettings settings)
    : settings_(std::move(settings)),
      stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      resumption_(std::make_shared<tls::Resumption>()) {}

Fetcher::~Fetcher() { close(stop_); }

absl::StatusOr<std::shared_ptr<const tls::Context>> Fetcher::TlsContext() {
  const TimePoint now = Clock::now();
  if (!context_ || now >= context_until_) {
    auto made = tls::MakeClientContext({.ca_file = settings_.ca_file, .protocol = "http/1.1"});
    if (!made.ok()) return made.status();
    context_ = *std::move(made);
    context_until_ = now + kContextLife;
  }
  return context_;
}

absl::StatusOr<std::string> Fetcher::Exchange(const std::string& request) {
  const FetchUrl& url = settings_.url;
  const absl::StatusOr<std::string> address = Resolve(url);
  if (!address.ok()) return address.status();
  std::shared_ptr<const tls::Context> context;
  if (url.tls) {
    auto made = TlsContext();
    if (!made.ok()) return Failed(Std(made.status().message()));
    context = *std::move(made);
  }
  const Patience patience{Clock::now() + settings_.time_limit, stop_};
  const auto connection = ClientConnection::Open(*address, url.port, std::move(context), url.host,
                                                 resumption_, patience);
  if (!connection.ok()) return connection.status();
  const absl::Status written = (*connection)->Write(request);
  if (!written.ok()) return written;
  AnswerReader reader(settings_.most_bytes);
  while (true) {
    bool cleanly = false;
    const absl::StatusOr<std::string_view> bytes = (*connection)->Read(cleanly);
    if (!bytes.ok()) return bytes.status();
    if (bytes->empty()) reader.End(cleanly);
    if (bytes->empty() || !reader.Feed(*bytes)) break;
  }
  if (!reader.error().empty()) return Failed(reader.error());
  if (reader.status() != 200) return Failed(Cat("answered ", reader.status()));
  return reader.TakeBody();
}

absl::StatusOr<std::string> Fetcher::Run(const std::string& request) {
  if (stopped_.load()) return absl::CancelledError("the program ends");
  absl::StatusOr<std::string> text = Exchange(request);
  if (text.ok() || text.status().code() == absl::StatusCode::kCancelled) return text;
  return absl::UnavailableError(
      Absl(Cat(settings_.url.ToString(), ": ", Std(text.status().message()))));
}

absl::StatusOr<std::string> Fetcher::Get() { return Run(Head("GET", settings_.url) + "\r\n"); }

absl::StatusOr<std::string> Fetcher::Post(std::string_view form, std::string_view credentials) {
  std::string request = Head("POST", settings_.url);
  if (!credentials.empty()) request += Cat("Authorization: Basic ", Base64(credentials), "\r\n");
  request += Cat("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ", form.size(),
                 "\r\n\r\n", form);
  return Run(request);
}

void Fetcher::Stop() {
  stopped_.store(true);
  const uint64_t one = 1;
  static_cast<void>(write(stop_, &one, sizeof one));
}

}  // namespace frontdesk::identity
