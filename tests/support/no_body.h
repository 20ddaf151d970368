// The body of a request that has none.
#pragma once

#include <string_view>

#include "gateway/http/message.h"

namespace frontdesk::testing_support {

struct NoBody final : http::BodySource {
  Task<absl::StatusOr<std::string_view>> Next(TimePoint) override { co_return std::string_view(); }
};

}  // namespace frontdesk::testing_support
