#include "services_mock/paging.h"

#include <charconv>

#include "absl/strings/escaping.h"
#include "gateway/base/text.h"

namespace frontdesk::mock {
namespace {

constexpr int32_t kDefaultSize = 20;
constexpr int32_t kLargestSize = 100;

// FNV-1a: tells lists apart, keeps no secret.
uint64_t Fingerprint(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

std::string PageToken(std::string_view list, size_t begin) {
  return absl::WebSafeBase64Escape(Cat(begin, '.', Fingerprint(list)));
}

Outcome ReadPage(std::string_view list, int32_t page_size, const std::string& token, Page& page) {
  Violations violations;
  violations.AddIf(page_size < 0, "page_size", "must not be negative");
  page.size =
      static_cast<size_t>(page_size == 0 ? kDefaultSize : std::min(page_size, kLargestSize));
  page.begin = 0;
  if (!token.empty()) {
    std::string text;
    const bool decoded = absl::WebSafeBase64Unescape(token, &text);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), page.begin);
    // Writing it again is the simplest whole check of what was read.
    if (!decoded || error != std::errc() || PageToken(list, page.begin) != token) {
      violations.Add("page_token", "is not a token of this list");
    }
  }
  return violations.Finish();
}

}  // namespace frontdesk::mock
