// Certificates, keys and authorities as files that change while the program runs: the newest good
// context that was made of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gateway/base/clock.h"
#include "gateway/base/mutex.h"
#include "gateway/base/sha256.h"
#include "gateway/tls/context.h"

namespace frontdesk::tls {

// How they do, for operators.
struct CredentialsView {
  std::string of;  // "listen", "upstream orders"
  struct One {
    std::string file;
    Certificate certificate;
  };
  std::vector<One> certificates;  // in force
  uint64_t reloads = 0;           // that succeeded, after the first
  uint64_t failures = 0;
  std::string trouble;  // why the newest files are not in force, or ""
};

// Any thread; whoever uses a context keeps it, however often it is replaced meanwhile.
class Credentials {
 public:
  // `keys` is shared with other listeners.
  static std::shared_ptr<Credentials> OfServer(std::string of, ServerSettings settings,
                                               std::shared_ptr<TicketKeys> keys);
  static std::shared_ptr<Credentials> OfClient(std::string of, ClientSettings settings);

  // Reads the files for the first time. Without it the first current() does.
  absl::Status Load();
  // Null while there never was a good one.
  std::shared_ptr<const Context> current();

  // Looks at the files. Those that changed since they were read are read anew as soon as two looks
  // in a row find them alike (a certificate and its key are two files: one is new first), or
  // `at_once`. Nothing changes when what is in them is what was in them. Says in the log what
  // became of it; when that was no good, what was in force stays in force.
  void Refresh(bool at_once = false);

  CredentialsView Describe();
  // Of a client; empty fields for a server.
  const ClientSettings& client() const { return client_; }
  // Says in the log why no connection could be made with these, unless the same was said less than
  // a minute ago: attempts are made again and again.
  void Complain(std::string_view why, TimePoint now);

  // Text of a certificate that ends soon, for the log; "" when there is none. `now` is the time.
  std::string EndsSoon(WallTime now);

 private:
  struct Stamp {
    dev_t device = 0;
    ino_t file = 0;
    off_t size = 0;
    int64_t changed = 0;  // nanoseconds
    bool operator==(const Stamp&) const = default;
  };
  using Make = std::function<absl::StatusOr<std::shared_ptr<const Context>>()>;

  Credentials(std::string of, std::vector<std::string> files, std::vector<std::string> cert_files,
              Make make)
      : of_(std::move(of)),
        files_(std::move(files)),
        cert_files_(std::move(cert_files)),
        make_(std::move(make)) {}
  std::vector<Stamp> Look() const;
  Sha256Digest Contents() const;
  bool in_trouble();

  const std::string of_;
  const std::vector<std::string> files_;
  const std::vector<std::string> cert_files_;
  const Make make_;
  ClientSettings client_;

  Mutex reading_;  // one at a time
  std::vector<Stamp> read_ ABSL_GUARDED_BY(reading_);
  std::vector<Stamp> seen_ ABSL_GUARDED_BY(reading_);
  Sha256Digest contents_ ABSL_GUARDED_BY(reading_){};

  Mutex mutex_;
  std::shared_ptr<const Context> current_ ABSL_GUARDED_BY(mutex_);
  uint64_t reloads_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t failures_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string trouble_ ABSL_GUARDED_BY(mutex_);
  std::string complaint_ ABSL_GUARDED_BY(mutex_);
  TimePoint complained_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace frontdesk::tls
