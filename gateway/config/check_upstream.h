// What can be wrong with an upstream by itself.
#pragma once

#include <map>
#include <string>

#include "frontdesk/v1/config.pb.h"
#include "gateway/config/load.h"

namespace frontdesk::config {

class UpstreamChecker {
 public:
  UpstreamChecker(const LoadedConfig& loaded, contract::Findings& findings)
      : loaded_(loaded), findings_(findings) {}

  // `path`: "upstreams.orders". A service may be named by one upstream of all that are checked.
  void Check(const std::string& path, const v1::Upstream& upstream);

 private:
  void CheckServices(const std::string& path, const v1::Upstream& upstream);
  using Seen = std::map<std::string, int>;
  // `from`: an Upstream, or a version of one. No end point stands in two versions.
  template <class From>
  void CheckEndpoints(const std::string& path, const From& from, v1::Upstream::Transport transport,
                      Seen& seen);
  // check_canary.cc
  void CheckCanary(const std::string& path, const v1::Upstream& upstream);
  void CheckVersion(const std::string& path, const v1::Upstream::Canary::Version& version);
  void CheckMatch(const std::string& path, const v1::Upstream::Canary::Match& match);
  // A header that a client may send, and that the choice of a version may look at.
  void CheckHeader(const std::string& path, const std::string& header);
  void CheckEndpoint(const std::string& path, const std::string& address,
                     v1::Upstream::Transport transport, Seen& seen);
  void CheckBreaker(const std::string& path, const v1::Upstream& upstream);
  void CheckTogether(const std::string& path, const v1::Upstream& upstream);
  // A finding, unless one of the two is not there or `less` is not longer than `more`.
  void CheckOrder(const std::string& path, const std::string& less, const std::string& less_text,
                  const std::string& more, const std::string& more_text);
  void Add(const std::string& path, std::string_view text);

  const LoadedConfig& loaded_;
  contract::Findings& findings_;
  std::map<std::string, std::string> home_;  // service -> path where it was named first
};

}  // namespace frontdesk::config
