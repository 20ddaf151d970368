#include "gateway/identity/fetcher.h"

#include <arpa/inet.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/identity/answer_reader.h"
#include "gateway/identity/base64url.h"
#include "gateway/identity/json_value.h"

namespace frontdesk::identity {
namespace {

// How long authorities are believed before their file is read again.
constexpr std::chrono::minutes kContextLife{5};

absl::Status Failed(std::string_view text) { return absl::UnavailableError(Absl(text)); }

bool IsNumeric(const std::string& host) {
  in6_addr any{};
  return inet_pton(AF_INET, host.c_str(), &any) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

// What an answer that is no 200 means; see Fetcher::Get().
absl::Status FailedAnswer(int status, const std::string& body) {
  const std::string why = Cat("answered ", status);
  switch (status) {
    case 400: {
      const absl::StatusOr<JsonValue> read = ParseJson(body, {.only_object = true});
      const std::string* const error = read.ok() ? read->FindText("error") : nullptr;
      const bool ours =
          error != nullptr && (*error == "invalid_client" || *error == "unauthorized_client");
      return ours ? absl::PermissionDeniedError(Absl(Cat(why, " (", *error, ')')))
                  : absl::InvalidArgumentError(Absl(why));
    }
    case 401:
    case 403:
      return absl::PermissionDeniedError(Absl(why));
    case 413:
    case 414:
    case 422:
    case 431:
      return absl::InvalidArgumentError(Absl(why));
    default:
      return Failed(why);
  }
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

Fetcher::Fetcher(FetchSettings settings, HostLookup look_up)
    : settings_(std::move(settings)),
      look_up_(std::move(look_up)),
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

// All that the name has must be fit: without TLS those of this machine.
absl::StatusOr<std::vector<std::string>> Fetcher::Addresses(const Patience& patience) const {
  const FetchUrl& url = settings_.url;
  absl::StatusOr<std::vector<std::string>> found = std::vector<std::string>{url.host};
  if (!IsNumeric(url.host)) found = look_up_(url.host, patience);
  if (!found.ok()) return found;
  for (const std::string& address : *found) {
    if (IsForbiddenAddress(address, url.loopback) ||
        (!url.tls && !IsForbiddenAddress(address, false))) {
      return Failed("its name points to an address that no key server has");
    }
  }
  if (found->empty()) return Failed("its name has no address");
  return found;
}

absl::StatusOr<std::unique_ptr<ClientConnection>> Fetcher::Connect(const Patience& patience) {
  const absl::StatusOr<std::vector<std::string>> addresses = Addresses(patience);
  if (!addresses.ok()) return addresses.status();
  std::shared_ptr<const tls::Context> context;
  if (settings_.url.tls) {
    auto made = TlsContext();
    if (!made.ok()) return Failed(Std(made.status().message()));
    context = *std::move(made);
  }
  auto connection =
      ClientConnection::Open((*addresses)[address_ % addresses->size()], settings_.url.port,
                             std::move(context), settings_.url.host, resumption_, patience);
  if (!connection.ok()) ++address_;
  return connection;
}

absl::StatusOr<std::string> Fetcher::Exchange(const std::string& request) {
  const auto connection = Connect({Clock::now() + settings_.time_limit, stop_});
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
  if (reader.too_large() && reader.status() == 200) {
    return absl::ResourceExhaustedError(Absl(reader.error()));
  }
  if (!reader.error().empty() && !reader.too_large()) return Failed(reader.error());
  if (reader.status() != 200) return FailedAnswer(reader.status(), reader.TakeBody());
  return reader.TakeBody();
}

absl::StatusOr<std::string> Fetcher::Run(const std::string& request) {
  if (stopped_.load()) return absl::CancelledError("the program ends");
  absl::StatusOr<std::string> text = Exchange(request);
  if (text.ok() || text.status().code() == absl::StatusCode::kCancelled) return text;
  return absl::Status(text.status().code(),
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
