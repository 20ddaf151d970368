// What `explain` says of the versions of an upstream.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "gateway/upstream/settings.h"

namespace frontdesk {

// Who goes where, beside the stable version.
nlohmann::ordered_json CanaryToJson(const upstream::CanarySettings& canary);
void PrintCanary(const nlohmann::ordered_json& canary);

}  // namespace frontdesk
