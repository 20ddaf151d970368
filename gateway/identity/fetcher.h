// Fetching one document that the configuration names, such as an issuer's keys. Blocking: for
// threads of its own, never for a loop.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/base/clock.h"
#include "gateway/identity/url.h"

namespace httplib {
class ClientImpl;
}

namespace frontdesk::identity {

struct FetchSettings {
  FetchUrl url;
  // Certificates that its server's must come from; "" for those of the system.
  std::string ca_file;
  // For all of it, look-up of the name aside.
  Duration time_limit = std::chrono::seconds(5);
  size_t most_bytes = 1 << 20;
};

// No redirects, no proxies, no decompression. A name is looked up by each fetch, and what it points
// to then must be an address that a key server may have: where the connection goes is what was
// looked at.
class Fetcher {
 public:
  explicit Fetcher(FetchSettings settings) : settings_(std::move(settings)) {}

  // The body of an answer 200. From one thread at a time.
  absl::StatusOr<std::string> Get();
  // A form sent by POST (application/x-www-form-urlencoded), with HTTP Basic credentials where
  // `user` is not empty; else as Get().
  absl::StatusOr<std::string> Post(const std::string& form, const std::string& user,
                                   const std::string& password);
  // Ends a fetch under way and all later ones. From any thread.
  void Stop();

 private:
  template <class Exchange>
  absl::StatusOr<std::string> Run(const Exchange& exchange);

  const FetchSettings settings_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
  bool done_ = true;
};

}  // namespace frontdesk::identity
