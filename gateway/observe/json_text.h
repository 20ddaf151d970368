// Text of strangers, written so that neither a JSON parser nor a terminal can be fooled by it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace frontdesk::observe {

// Appends `text` as a quoted JSON string, at most `limit` bytes of it; what was cut is told by a
// final "...". Control characters (C0, DEL, C1), line separators and marks that change the writing
// direction come as \u escapes, bytes that are not UTF-8 as U+FFFD each.
void AppendJsonString(std::string& out, std::string_view text, size_t limit = 4096);

// The same, written to `to`, where there is JsonStringRoom() of what is shown; returns its end.
char* WriteJsonString(char* to, std::string_view text, size_t limit);
// An escape takes six bytes and stands for one at least; quotes, and three dots.
constexpr size_t JsonStringRoom(size_t shown) { return 6 * shown + 5; }

}  // namespace frontdesk::observe
