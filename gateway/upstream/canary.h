// Which version of an upstream a request's calls go to.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "gateway/upstream/call_context.h"
#include "gateway/upstream/cluster_view.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::upstream {

class Cluster;

// The name of the upstream's own end points.
inline constexpr std::string_view kStable = "stable";

// The request headers that the choice looks at, lower case, each once; a cookie as "cookie:NAME".
std::vector<std::string> VersionHeaders(const std::vector<UpstreamSettings>& upstreams);

// By weighted rendezvous: each version draws a number for the caller, that grows with its weight,
// and the largest one has it. So a version that gets more weight takes callers away from the
// others, and none of them from each other but by how their weights change. `weights` are not
// negative, and one is above zero.
size_t ChooseVersion(std::string_view caller, std::span<const std::string_view> names,
                     std::span<const double> weights);

// Of one upstream that has versions. Any thread.
class Canary {
 public:
  struct Choice {
    Choice(size_t of, ChosenBy why) : version(of), by(why) {}
    size_t version;  // 0 is the stable one
    ChosenBy by;
  };
  // `clusters`: the stable one first, then one for each version of the settings; they outlive this.
  Canary(const CanarySettings& settings, std::vector<Cluster*> clusters);

  size_t size() const { return clusters_.size(); }
  Cluster& cluster(size_t version) const { return *clusters_[version]; }
  std::string_view name(size_t version) const;
  bool falls_back(size_t version) const { return settings_.versions[version - 1].fallback; }
  double percent(size_t version) const;
  // False for a name that none has.
  bool SetPercent(std::string_view name, double percent);

  // The version that the request has already, or else the one that it gets: by a match, by who the
  // caller is, or, when nothing is known of it, by `random` in [0, 1).
  Choice Choose(CallContext& context, double random) const;
  // From now on the request has it.
  void Settle(CallContext& context, Choice choice);
  void OnEnd(size_t version, absl::StatusCode code, Duration took);

  // Of one version, for operators.
  VersionView Describe(size_t version) const;

 private:
  struct Cells {
    std::array<std::atomic<uint64_t>, kChosenBy.size()> chosen{};
    std::array<std::atomic<uint64_t>, std::tuple_size_v<decltype(VersionCounts::calls)>> calls{};
    std::atomic<uint64_t> micros{0};
  };

  size_t ByWeight(const std::string& caller, double random) const;
  // Who is calling; "" when nothing is known.
  std::string CallerOf(const CallContext& context) const;

  const CanarySettings settings_;
  const std::vector<Cluster*> clusters_;
  std::vector<std::string_view> names_;
  const std::unique_ptr<std::atomic<double>[]> percents_;  // by version; the first is not used
  const std::unique_ptr<Cells[]> cells_;
};

// To which versions a request's calls went in the end: "order@next, payment@stable"; "" where no
// upstream that was called has several.
std::string VersionsText(const VersionChoices& choices);

// Whether the failure says that nobody could be called, and nobody was.
bool CouldNotBeCalled(const absl::Status& status);

}  // namespace frontdesk::upstream
