// An upstream of the operator's file -> the plain values that it is called with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "frontdesk/v1/config.pb.h"
#include "gateway/config/load.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::config {

// All but the policies of its methods. `zone`: where this gateway is.
upstream::UpstreamSettings ToSettings(const std::string& name, const v1::Upstream& from,
                                      const std::string& zone);

// What a version of an upstream gets, as the file says now.
struct VersionPercent {
  std::string upstream, version;
  double percent = 0;
};

// Reads the file again for these alone. Nothing, with findings, when it is not right.
std::optional<std::vector<VersionPercent>> ReadPercents(const std::string& config_file,
                                                        contract::Findings& findings);

}  // namespace frontdesk::config
