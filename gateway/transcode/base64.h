// Base64 (RFC 4648): written in the standard alphabet with padding, read in either alphabet, padded
// or not, as ProtoJSON asks.
#pragma once

#include <cstddef>
#include <string_view>

namespace frontdesk::transcode {

inline size_t Base64Size(size_t bytes) { return (bytes + 2) / 3 * 4; }
// Writes Base64Size(bytes.size()) characters at `out`; returns the end.
char* EncodeBase64(std::string_view bytes, char* out);

// Most bytes that `text` can decode to.
inline size_t Base64DecodedMax(size_t text) { return text / 4 * 3 + 3; }
// Writes at `out` (room for Base64DecodedMax); returns the end, or null when it is not base64.
char* DecodeBase64(std::string_view text, char* out);

}  // namespace frontdesk::transcode
