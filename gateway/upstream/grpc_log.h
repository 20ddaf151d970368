// What gRPC C++ has to say about itself, on threads of its own and of ours.
#pragma once

namespace frontdesk::upstream {

// From now on it goes to the program's log: errors at most once a minute for each place in the
// library, for it tries again and again, and what GRPC_VERBOSITY asks for besides. The library
// would write lines of its own form to stderr, and wait for whoever reads that. For the whole
// process; more than once does no harm. Any thread.
void TakeGrpcLog();

}  // namespace frontdesk::upstream
