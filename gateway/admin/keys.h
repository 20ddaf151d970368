// The page /keys: what callers are judged by.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "gateway/identity/key_source.h"

namespace frontdesk::admin {

// {"keys": [...]}, one entry for each source of keys.
nlohmann::ordered_json KeysToJson(const std::vector<identity::KeySourceStatus>& views);

}  // namespace frontdesk::admin
