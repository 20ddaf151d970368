#pragma once

namespace frontdesk {

// Of the gateway and of every plugin; the same as in CMakeLists.txt.
inline constexpr char kVersion[] = "0.1.0";

// Raised when code that an earlier protoc-gen-frontdesk-cpp wrote fits no longer. 2: calls are
// protected as the contract says.
inline constexpr int kGeneratedCode = 2;

}  // namespace frontdesk
