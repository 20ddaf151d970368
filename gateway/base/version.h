#pragma once

namespace frontdesk {

// Of the gateway and of every plugin; the same as in CMakeLists.txt.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace frontdesk
