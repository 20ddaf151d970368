// TLS of the operator's file: what must hold in it, what its files have to be, and the plain values
// that are made of it.
#pragma once

#include <filesystem>
#include <string>

#include "gateway/config/load.h"
#include "gateway/contract/findings.h"
#include "gateway/tls/context.h"

namespace frontdesk::config {

// What belongs together, whatever the files say: for CheckConfig().
void CheckTlsShape(const LoadedConfig& loaded, contract::Findings& findings);
// Reads every file: each has to be there, to be what it should be, to fit to its key, and to be
// valid at this time; a certificate that no client can be given is a mistake, too. Relative files
// are in `folder`.
void CheckTlsFiles(const LoadedConfig& loaded, const std::filesystem::path& folder,
                   tls::WallTime now, contract::Findings& findings);

tls::ServerSettings ToServerTls(const v1::Config::Listen::Tls& from,
                                const std::filesystem::path& folder);
tls::ClientSettings ToClientTls(const v1::Upstream::Tls& from, const std::filesystem::path& folder);

}  // namespace frontdesk::config
