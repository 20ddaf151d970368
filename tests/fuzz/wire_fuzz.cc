// The wire reader against protobuf's. Input: a byte for the type, the wire. What must hold for any
// input: what is well-formed here is a message there. What is a message there but not well-formed
// here (groups, strings outside of UTF-8 in unknown places, field numbers that are cut to 32 bits)
// is well-formed once protobuf has written it without its unknown fields.
#include "gateway/contract/wire.h"

#include "tests/fuzz/kitchen.h"
#include "tests/fuzz/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  if (size < 1) return 0;
  const char* const type = fuzz::TypeOf(data[0]);
  const std::string_view wire = fuzz::Text(data, size).substr(1);
  const contract::MessageTable& table = fuzz::Types().Table(type);
  const bool well_formed = contract::IsWellFormed(table, wire);
  // Protobuf does not count the outermost message.
  const auto message = fuzz::Parse(type, wire, contract::kMaxWireDepth - 1);
  FUZZ_CHECK(!well_formed || message != nullptr);
  if (message == nullptr || well_formed) return 0;
  fuzz::DiscardUnknownFields(*message);
  FUZZ_CHECK(contract::IsWellFormed(table, message->SerializePartialAsString()));
  return 0;
}
