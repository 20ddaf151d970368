// Asking one address that the configuration names, such as for an issuer's keys. Blocking: for
// threads of its own, never for a loop.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/identity/client_connection.h"
#include "gateway/identity/url.h"

namespace frontdesk::identity {

struct FetchSettings {
  FetchUrl url;
  // Certificates that its server's must come from; "" for those of the system.
  std::string ca_file;
  // For all of it, from the look-up of the name to the answer's last byte.
  Duration time_limit = std::chrono::seconds(5);
  size_t most_bytes = 1 << 20;
};

// The addresses of a name, numeric ones. Blocking, no longer than `patience` says; failures are
// UNAVAILABLE or CANCELLED.
using HostLookup = std::function<absl::StatusOr<std::vector<std::string>>(
    const std::string& host, const Patience& patience)>;

// No redirects, no proxies, no decompression. A name is looked up by each fetch, and what it points
// to then must be an address that a key server may have: where the connection goes is what was
// looked at.
class Fetcher {
 public:
  // `look_up` is called on the fetching thread, for what is no address itself.
  Fetcher(FetchSettings settings, HostLookup look_up);
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;
  ~Fetcher();

  // The body of an answer 200. From one thread at a time. Failures are told apart by whose they
  // are: PERMISSION_DENIED when the server does not know us (401, 403, and what RFC 6749, section
  // 5.2, says so with 400), INVALID_ARGUMENT when it can't make sense of this very request (other
  // 400, 413, 414, 422, 431), RESOURCE_EXHAUSTED for an answer that is larger than most_bytes,
  // CANCELLED at the end of the program, and UNAVAILABLE for everything else.
  absl::StatusOr<std::string> Get();
  // A form sent by POST (application/x-www-form-urlencoded), with these HTTP Basic credentials
  // ("user:password") where they are not empty; else as Get().
  absl::StatusOr<std::string> Post(std::string_view form, std::string_view credentials);
  // Ends a fetch under way and all later ones. From any thread.
  void Stop();

 private:
  absl::StatusOr<std::string> Run(const std::string& request);
  absl::StatusOr<std::string> Exchange(const std::string& request);
  absl::StatusOr<std::vector<std::string>> Addresses(const Patience& patience) const;
  absl::StatusOr<std::unique_ptr<ClientConnection>> Connect(const Patience& patience);
  absl::StatusOr<std::shared_ptr<const tls::Context>> TlsContext();

  const FetchSettings settings_;
  const HostLookup look_up_;
  size_t address_ = 0;  // of several that which is tried first: the last one that was there
  int stop_ = -1;       // an event descriptor
  std::atomic<bool> stopped_{false};
  // Whom it believes, and until when that is not read anew.
  std::shared_ptr<const tls::Context> context_;
  TimePoint context_until_;
  std::shared_ptr<tls::Resumption> resumption_;
};

}  // namespace frontdesk::identity
