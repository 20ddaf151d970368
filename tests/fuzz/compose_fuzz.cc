// Replies of back ends in compositions: the input is the wire of a reply that is spliced and
// converted. What must hold for any input: what is accepted, protobuf reads too, and the answer is
// the one that protobuf's own messages give. What protobuf reads but is refused (groups, field
// numbers that are cut to 32 bits) is accepted when protobuf has written it anew.
#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <string>

#include "gateway/contract/wire.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message.h"
#include "tests/support/composition.h"
#include "tests/unit/compose/by_name.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  static google::protobuf::LogSilencer silencer;
  static testing::Composition run(compose::kMessages, "Key", "Answer", compose::kComposition);
  std::string wire(reinterpret_cast<const char*>(data), size);
  run.caller.Reply("GetA", [&](std::string_view) { return wire; });
  run.caller.Forget();
  const auto a = run.dynamic().New("test.A");
  // Protobuf does not count the outermost message.
  const bool readable = fuzz::Read(wire, contract::kMaxWireDepth - 1, *a);
  run.Start("");
  FUZZ_CHECK(run.done());
  absl::StatusOr<compose::Composed> result = run.TakeResult();
  if (!result.ok()) {
    FUZZ_CHECK(ReasonOf(result.status()) == "UPSTREAM_PROTOCOL");
    if (!readable) return 0;
    fuzz::DiscardUnknownFields(*a);
    wire = testing::Serialize(*a);
    run.Start("");
    result = run.TakeResult();
  }
  FUZZ_CHECK(readable && result.ok());
  const std::string difference =
      compose::Difference(run, compose::Expected(run, *a), result->message);
  if (!difference.empty()) std::fprintf(stderr, "%s\n", difference.c_str());
  FUZZ_CHECK(difference.empty());
  return 0;
}
