// The operator's YAML file. What must hold for any input: a file that can't be used has findings,
// each on a line of its own with its place, without control characters from the file; what was
// read without findings reads the same again.
#include "gateway/config/load.h"

#include <string>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  const std::string_view text = fuzz::Text(data, size);
  contract::Findings findings;
  const auto loaded = config::ParseConfig(text, "f", findings);
  FUZZ_CHECK(loaded || !findings.empty());
  const std::string told = findings.ToString();
  for (std::string_view rest = told; !rest.empty();) {
    const std::string_view line = fuzz::TakeLine(rest);
    FUZZ_CHECK(line.starts_with("f:"));
    for (const char c : line) FUZZ_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
  if (!findings.empty()) return 0;
  contract::Findings none;
  const auto again = config::ParseConfig(text, "f", none);
  FUZZ_CHECK(again && none.empty());
  FUZZ_CHECK(again->config.SerializeAsString() == loaded->config.SerializeAsString() ||
             again->config.DebugString() == loaded->config.DebugString());
  return 0;
}
