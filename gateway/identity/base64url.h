// base64url without padding (RFC 7515, section 2), read strictly: what has two spellings elsewhere
// has one here, so that a token has one text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace frontdesk::identity {

// Nothing for padding, whitespace, the other alphabet, an impossible length, or bits that are set
// beyond the last byte.
std::optional<std::string> DecodeBase64Url(std::string_view text);

std::string EncodeBase64Url(std::string_view bytes);

}  // namespace frontdesk::identity
