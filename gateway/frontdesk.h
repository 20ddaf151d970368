// A gateway with code of its own. The whole program:
//
//   #include "gateway/frontdesk.h"
//   #include "my_web.h"
//
//   int main(int argc, char** argv) {
//     frontdesk::Registry registry;
//     registry.Add<MyWeb>();
//     return frontdesk::Main(argc, argv, registry);
//   }
#pragma once

#include "gateway/compose/registry.h"

namespace frontdesk {

using compose::Registry;

// Everything that the program `frontdesk` does, with the code of `registry`; the exit code.
int Main(int argc, char** argv, const Registry& registry);

}  // namespace frontdesk
