// Which header names may cross the gateway, whatever a policy's lists say.
#pragma once

#include <string>
#include <string_view>

namespace frontdesk::contract {

// A key that gRPC metadata can have: lower-case letters, digits and `-_.`.
bool IsMetadataKey(std::string_view name);

// True if a header of this lower-case name may never become metadata or leave as a header:
// hop-by-hop, framing, `grpc-*`, what the gateway sets itself, and any spelling of a header that
// carries identity ("x_user.id", "x-user-id-bin", "grpc-metadata-x-user-id").
bool NeverForwarded(std::string_view name);

std::string LowerCase(std::string_view text);

}  // namespace frontdesk::contract
