// How calls are protected: the words of contract/call_policy.h where calls are made.
#pragma once

#include "gateway/contract/call_policy.h"

namespace frontdesk::upstream {

using contract::CallPolicy;
using contract::CodeSet;
using contract::HedgePolicy;
using contract::MethodBreaker;
using contract::RetryPolicy;

}  // namespace frontdesk::upstream
