// Replies of back ends in compositions: the input is the wire of a reply that is spliced and
// converted. What must hold for any input: what protobuf reads gives the answer that protobuf's own
// messages give, what the composition refuses protobuf refuses too (or it holds a group), and what
// it makes is a message.
#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "gateway/contract/wire.h"
#include "tests/support/composition.h"
#include "tests/unit/compose/by_name.h"

#define FUZZ_CHECK(condition)                                                    \
  do {                                                                           \
    if (!(condition)) {                                                          \
      std::fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #condition); \
      std::abort();                                                              \
    }                                                                            \
  } while (false)

namespace frontdesk::compose {
namespace {

// Framing that is fine but for groups is what the composition alone refuses; a group may hide
// anywhere, so anything that looks like one excuses.
bool MayHoldAGroup(const std::string& wire) {
  for (const char c : wire) {
    if ((c & 7) == 3 || (c & 7) == 4) return true;
  }
  return false;
}

}  // namespace
}  // namespace frontdesk::compose

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  static google::protobuf::LogSilencer silencer;
  static testing::Composition run(compose::kMessages, "Key", "Answer", compose::kComposition);
  const std::string wire(reinterpret_cast<const char*>(data), size);
  run.caller.Reply("GetA", [&](std::string_view) { return wire; });
  run.caller.Forget();
  run.Start("");
  FUZZ_CHECK(run.done());
  const absl::StatusOr<compose::Composed> result = run.TakeResult();
  const auto a = run.dynamic().New("test.A");
  const bool readable = a->ParseFromString(wire);
  if (!result.ok()) {
    FUZZ_CHECK(ReasonOf(result.status()) == "UPSTREAM_PROTOCOL");
    FUZZ_CHECK(!readable || compose::MayHoldAGroup(wire));
    return 0;
  }
  FUZZ_CHECK(readable);
  const std::string difference =
      compose::Difference(run, compose::Expected(run, *a), result->message);
  if (!difference.empty()) std::fprintf(stderr, "%s\n", difference.c_str());
  FUZZ_CHECK(difference.empty());
  return 0;
}
