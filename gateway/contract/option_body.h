// The text between the braces of an option.
#pragma once

#include <string>
#include <string_view>

#include "gateway/contract/option_source.h"

namespace frontdesk::contract {

// What stands between the braces of the option at `span`, at the lines and columns that it has in
// the file, without comments; "" if there are no braces.
std::string OptionBody(std::string_view text, const SourceSpan& span);

}  // namespace frontdesk::contract
