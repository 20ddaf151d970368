// What a light back end can be told while it runs, as text.
#pragma once

#include <string_view>

#include "tests/support/light_backend.h"

namespace frontdesk::testing_support {

// "answer=never delay_ms=20 one_in=2": the behaviour, where what is not named is as usual; an empty
// line makes all as usual. Or one of refuse, listen, reset, goaway, drop, undrop, pause, resume.
// False, and nothing is changed, when it is not understood.
bool Tell(LightBackend& backend, std::string_view line);

}  // namespace frontdesk::testing_support
