#include "gateway/identity/fetcher.h"

#include <httplib.h>
#include <netdb.h>

#include <memory>
#include <thread>

#include "gateway/base/text.h"

namespace frontdesk::identity {
namespace {

constexpr std::chrono::milliseconds kStep{2000};  // of a connect, a read or a write

absl::Status Failed(const FetchUrl& url, std::string_view text) {
  return absl::UnavailableError(Absl(Cat(url.ToString(), ": ", text)));
}

struct AddressesFreed {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

// The address to connect to, if all that the name has are fit: without TLS those of this machine.
absl::StatusOr<std::string> Resolve(const FetchUrl& url) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(url.host.c_str(), nullptr, &hints, &found);
  if (error != 0) return Failed(url, gai_strerror(error));
  const std::unique_ptr<addrinfo, AddressesFreed> list(found);
  std::string first;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    char host[NI_MAXHOST];
    if (getnameinfo(each->ai_addr, each->ai_addrlen, host, sizeof host, nullptr, 0,
                    NI_NUMERICHOST) != 0 ||
        IsForbiddenAddress(host, url.loopback) || (!url.tls && !IsForbiddenAddress(host, false))) {
      return Failed(url, "its name points to an address that no key server has");
    }
    if (first.empty()) first = host;
  }
  if (first.empty()) return Failed(url, "its name has no address");
  return first;
}

std::unique_ptr<httplib::ClientImpl> NewClient(const FetchSettings& settings) {
  const FetchUrl& url = settings.url;
  if (!url.tls) return std::make_unique<httplib::ClientImpl>(url.host, url.port);
  auto client = std::make_unique<httplib::SSLClient>(url.host, url.port);
  if (!settings.ca_file.empty()) client->set_ca_cert_path(settings.ca_file);
  client->enable_server_certificate_verification(true);
  return client;
}

// Takes a body no longer than is allowed.
class Body {
 public:
  explicit Body(size_t most) : most_(most) {}

  httplib::ResponseHandler OnHead() {
    return [this](const httplib::Response& response) {
      status_ = response.status;
      return status_ == 200;
    };
  }
  httplib::ContentReceiver OnData() {
    return [this](const char* data, size_t size) {
      too_long_ = size > most_ - text_.size();
      if (!too_long_) text_.append(data, size);
      return !too_long_;
    };
  }
  absl::StatusOr<std::string> Take(const FetchUrl& url, httplib::Error error) {
    if (status_ != 0 && status_ != 200) return Failed(url, Cat("answered ", status_));
    if (too_long_) return Failed(url, Cat("sent more than ", most_, " bytes"));
    if (error != httplib::Error::Success) return Failed(url, httplib::to_string(error));
    return std::move(text_);
  }

 private:
  const size_t most_;
  int status_ = 0;
  bool too_long_ = false;
  std::string text_;
};

}  // namespace

template <class Exchange>
absl::StatusOr<std::string> Fetcher::Run(const Exchange& exchange) {
  const FetchUrl& url = settings_.url;
  const absl::StatusOr<std::string> address = Resolve(url);
  if (!address.ok()) return address.status();
  const std::unique_ptr<httplib::ClientImpl> client = NewClient(settings_);
  client->set_hostname_addr_map({{url.host, *address}});
  client->set_follow_location(false);
  client->set_decompress(false);
  client->set_keep_alive(false);
  client->set_connection_timeout(kStep);
  client->set_read_timeout(kStep);
  client->set_write_timeout(kStep);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return absl::CancelledError("the program ends");
    done_ = false;
  }
  bool late = false;
  // The library's own limits are for each read: a server that sends a byte now and then would be
  // listened to for ever.
  std::thread watch([&] {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, settings_.time_limit, [&] { return done_ || stopped_; });
    if (done_) return;
    late = !stopped_;
    lock.unlock();
    client->stop();
  });
  absl::StatusOr<std::string> text = exchange(*client);
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  watch.join();
  if (late) return Failed(url, "took too long");
  return text;
}

absl::StatusOr<std::string> Fetcher::Get() {
  return Run([&](httplib::ClientImpl& client) {
    Body body(settings_.most_bytes);
    const httplib::Headers headers = {{"Accept", "application/json"},
                                      {"Accept-Encoding", "identity"}};
    const auto result = client.Get(settings_.url.target, headers, body.OnHead(), body.OnData());
    return body.Take(settings_.url, result.error());
  });
}

absl::StatusOr<std::string> Fetcher::Post(const std::string& form, const std::string& user,
                                          const std::string& password) {
  return Run([&](httplib::ClientImpl& client) {
    Body body(settings_.most_bytes);
    httplib::Request request;
    request.method = "POST";
    request.path = settings_.url.target;
    request.headers = {{"Accept", "application/json"},
                       {"Accept-Encoding", "identity"},
                       {"Content-Type", "application/x-www-form-urlencoded"}};
    if (!user.empty()) {
      request.headers.insert(httplib::make_basic_authentication_header(user, password));
    }
    request.body = form;
    request.response_handler = body.OnHead();
    const auto receive = body.OnData();
    request.content_receiver = [&](const char* data, size_t size, uint64_t, uint64_t) {
      return receive(data, size);
    };
    const auto result = client.send(request);
    return body.Take(settings_.url, result.error());
  });
}

void Fetcher::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

}  // namespace frontdesk::identity
