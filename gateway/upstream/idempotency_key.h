// The idempotency keys of calls: derived, so that whoever does the same work again, also another
// process that knows nothing of the first try, sends the same ones.
#pragma once

#include <string>
#include <string_view>

#include "gateway/base/sha256.h"
#include "gateway/base/text.h"
#include "gateway/upstream/call_context.h"

namespace frontdesk::upstream {

// 32 hexadecimal digits. `scope` is CallContext::key_scope; `what` tells the calls of one request
// apart: the step and, of an `each`, the element ("charge", "lines[3]", "undo charge").
inline std::string DeriveKey(std::string_view scope, std::string_view what) {
  return ToHex(Sha256({"call", scope, what}), 16);
}

// The same for a call of the context; "" when its calls have no keys.
inline std::string KeyFor(const CallContext& context, std::string_view what) {
  return context.key_scope.empty() ? std::string() : DeriveKey(context.key_scope, what);
}

}  // namespace frontdesk::upstream
