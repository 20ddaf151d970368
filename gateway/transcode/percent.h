// Percent-decoding of path variables and query parameters.
#pragma once

#include <string>
#include <string_view>

namespace frontdesk::transcode {

enum class Keep {
  kNothing,   // a variable of one segment: everything is decoded, once
  kSlash,     // a variable of several: "%2F" stays, so that it is no separator
  kReserved,  // an older reading of the rule: all reserved characters of RFC 6570 stay encoded
};

// The decoded value, which replaces `out`. '+' stays '+'; what stays encoded is in upper case.
// False for a '%' without two digits.
bool DecodePathValue(std::string_view raw, Keep keep, std::string& out);

// A name or value of a query as HTML forms write it: '+' is a space. Replaces `out`.
bool DecodeQueryText(std::string_view raw, std::string& out);

}  // namespace frontdesk::transcode
