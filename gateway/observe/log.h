// What the program says about itself: JSON lines on stderr, for starts, stops and trouble. Requests
// have a log of their own, access_log.h.
#pragma once

#include <string_view>

namespace frontdesk::observe {

// One line each, from any thread. A line is dropped rather than waited for when stderr is a pipe
// that nobody reads; very long text is cut.
void LogInfo(std::string_view text);
void LogWarn(std::string_view text);
void LogError(std::string_view text);

}  // namespace frontdesk::observe
