#include "gateway/upstream/head_limit.h"

#include <string_view>

#include "gateway/base/text.h"

namespace frontdesk::upstream {

size_t HeadBytes(const Metadata& metadata) {
  size_t bytes = 0;
  for (const auto& [name, value] : metadata) {
    const bool encoded = std::string_view(name).ends_with("-bin");
    bytes += kFieldBytes + name.size() + (encoded ? (4 * value.size() + 2) / 3 : value.size());
  }
  return bytes;
}

Failure HeadTooLarge(size_t bytes, size_t limit) {
  return Failure(absl::StatusCode::kResourceExhausted, "REQUEST_METADATA_TOO_LARGE",
                 Cat("the headers that go on to the back end have ", bytes,
                     " bytes together, above the limit of ", limit))
      .Http(431)
      .NeverSent();
}

}  // namespace frontdesk::upstream
