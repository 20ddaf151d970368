// The HTTP/1.1 parsers. The first byte of the input says how the rest is cut. What must hold for
// any input: the verdict does not depend on the cut, and what was accepted is as strict as
// promised.
#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "gateway/http/authority.h"
#include "gateway/http/chars.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/http/drive.h"

namespace frontdesk::http {
namespace {

bool All(const CharTable& table, std::string_view text) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return Is(table, c); });
}

size_t Count(const Got& got, std::string_view name) {
  return static_cast<size_t>(std::count_if(got.headers.begin(), got.headers.end(),
                                           [&](const auto& field) { return field.first == name; }));
}

void CheckAccepted(const Got& got, const ServerLimits& limits) {
  FUZZ_CHECK(!got.method.empty() && All(kMethodChar, got.method) && got.method != "CONNECT");
  FUZZ_CHECK(!got.target.empty() && All(kTargetChar, got.target));
  FUZZ_CHECK(got.target.size() <= limits.target_bytes);
  FUZZ_CHECK(got.path[0] == '/' || (got.path == "*" && got.method == "OPTIONS"));
  FUZZ_CHECK(got.path.find('?') == std::string::npos);
  FUZZ_CHECK(got.protocol == "HTTP/1.1" || got.protocol == "HTTP/1.0");
  FUZZ_CHECK(got.authority.empty() ? got.protocol == "HTTP/1.0" : IsAuthority(got.authority));
  FUZZ_CHECK(got.headers.size() <= limits.header_fields);
  for (const auto& [name, value] : got.headers) {
    FUZZ_CHECK(!name.empty() && All(kTokenLower, name));
    FUZZ_CHECK(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
    FUZZ_CHECK(All(kFieldChar, value) && Trim(value) == value);
  }
  const size_t lengths = Count(got, "content-length"), codings = Count(got, "transfer-encoding");
  FUZZ_CHECK(lengths + codings <= 1);
  FUZZ_CHECK(Count(got, "host") <= 1);
  FUZZ_CHECK(codings == 0 || got.protocol == "HTTP/1.1");
  FUZZ_CHECK(lengths + codings == 1 || got.body.empty());
  FUZZ_CHECK(got.body.size() <= limits.body_bytes);
  for (const auto& [name, value] : got.headers) {
    if (name == "content-length") FUZZ_CHECK(std::stoull(value) == got.body.size());
    if (name == "transfer-encoding") FUZZ_CHECK(EqualsLower(value, "chunked"));
  }
}

}  // namespace
}  // namespace frontdesk::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk::http;  // NOLINT(google-build-using-namespace)
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ServerLimits limits;
  limits.header_bytes = 1024;
  limits.header_fields = 20;
  limits.target_bytes = 300;
  limits.body_bytes = 2000;
  const Driven whole = DriveInPieces(
      bytes, [&] { return bytes.size(); }, limits);
  std::mt19937 random(data[0]);
  const size_t most = data[0] % 8 == 0 ? 1 : 1 + data[0];
  const Driven cut = DriveInPieces(
      bytes, [&] { return 1 + random() % most; }, limits);
  FUZZ_CHECK(whole.requests == cut.requests);
  FUZZ_CHECK((whole.refused != 0) == (cut.refused != 0));
  FUZZ_CHECK(whole.within == cut.within);
  FUZZ_CHECK(whole.closed == cut.closed);
  for (const Got& got : whole.requests) CheckAccepted(got, limits);
  return 0;
}
