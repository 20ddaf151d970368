// Which header names may cross the gateway, whatever a policy's lists say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace frontdesk::contract {

// A key that gRPC metadata can have: lower-case letters, digits and `-_.`.
bool IsMetadataKey(std::string_view name);

// True if a header of this lower-case name may never become metadata or leave as a header:
// hop-by-hop, framing, `grpc-*`, what the gateway sets itself, and any spelling of a header that
// carries identity ("x_user.id", "x-user-id-bin", "grpc-metadata-x-user-id").
bool NeverForwarded(std::string_view name);

// True if some back end's framework would read a header of this lower-case name as one of `keys`:
// "x_tenant", "x.tenant" and "x-tenant-bin" for "x-tenant".
bool IsAliasOf(std::string_view name, const std::vector<std::string>& keys);

std::string LowerCase(std::string_view text);

}  // namespace frontdesk::contract
