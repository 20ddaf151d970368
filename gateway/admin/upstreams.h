// The page /upstreams: how each upstream does.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "gateway/upstream/cluster_view.h"

namespace frontdesk::admin {

// {"upstreams": [...]}. Each time is there twice: "until_probe" for readers, "780ms", and
// "until_probe_ms" for programs.
nlohmann::ordered_json UpstreamsToJson(const std::vector<upstream::ClusterView>& views);

}  // namespace frontdesk::admin
