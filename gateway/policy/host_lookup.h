// Names of servers that identity/ asks, looked up as those of upstreams are.
#pragma once

#include "gateway/identity/fetcher.h"
#include "gateway/upstream/settings.h"

namespace frontdesk::policy {

// By c-ares, on a loop that the calling thread has for as long as that takes: a name server that
// does not answer holds up nobody but the thread that asks, and that one no longer than its time
// limit, nor when it is told to stop.
identity::HostLookup MakeHostLookup(const upstream::DnsSettings& dns);

}  // namespace frontdesk::policy
