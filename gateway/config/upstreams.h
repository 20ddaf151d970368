// An upstream of the operator's file -> the plain values that it is called with.
#pragma once

#include <string>

#include "frontdesk/v1/config.pb.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::config {

// All but the policies of its methods. `zone`: where this gateway is.
upstream::UpstreamSettings ToSettings(const std::string& name, const v1::Upstream& from,
                                      const std::string& zone);

}  // namespace frontdesk::config
