// A text that a regular expression matches, for examples.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace frontdesk::codegen {

// Of the usual words of RE2 (classes, groups, choices, repetitions), of which `more` further rounds
// are made where they have no end or a later one. A guess: who uses it asks the expression itself.
std::string PatternText(std::string_view pattern, size_t more);

}  // namespace frontdesk::codegen
