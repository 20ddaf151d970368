// The page /certificates: what listeners and upstreams prove themselves with.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "gateway/tls/credentials.h"

namespace frontdesk::admin {

// {"certificates": [...]}, one entry for the listener and each upstream with TLS.
nlohmann::ordered_json CertificatesToJson(const std::vector<tls::CredentialsView>& views,
                                          tls::WallTime now);

}  // namespace frontdesk::admin
