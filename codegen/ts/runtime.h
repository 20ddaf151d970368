// What all generated modules share, written beside them as a file of its own.
#pragma once

namespace frontdesk::codegen::ts {

// "frontdesk-client.ts": no package of a contract can have a dash in its name.
inline constexpr char kRuntimeModule[] = "frontdesk-client";
extern const char kRuntime[];

}  // namespace frontdesk::codegen::ts
