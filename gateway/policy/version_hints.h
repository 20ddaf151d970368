// What of a request says to which version of an upstream its calls go.
#pragma once

#include <string>
#include <vector>

#include "gateway/exchange.h"

namespace frontdesk::policy {

// `names` as upstream::VersionHeaders() gives them. A header or cookie that stands there more than
// once is left out: readers disagree about which of them counts.
upstream::VersionHints ReadVersionHints(const Exchange& exchange,
                                        const std::vector<std::string>& names);

}  // namespace frontdesk::policy
