// JSON to wire. Input: a byte for the type, a byte of options, the JSON. What must hold for any
// input: what is accepted is JSON, the bytes are those of protobuf's deterministic serialisation,
// and their JSON gives the same bytes again. What is refused leaves the output as it was.
#include <nlohmann/json.hpp>
#include <string>

#include "tests/fuzz/kitchen.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  if (size < 2) return 0;
  const char* const type = fuzz::TypeOf(data[0]);
  const std::string_view json = fuzz::Text(data, size).substr(2);
  const contract::MessageTable& table = fuzz::Types().Table(type);
  const contract::MessageTables& types = fuzz::Types().tables();
  const transcode::ParseOptions options{.ignore_unknown = (data[1] & 1) != 0,
                                        .last_key_wins = (data[1] & 2) != 0};
  std::string wire = "kept";
  if (!transcode::DecodeJson(table, json, options, types, wire).ok()) {
    FUZZ_CHECK(wire == "kept");
    return 0;
  }
  wire.erase(0, 4);
  // Its reader refuses numbers that no double holds, which are fine where they are ignored.
  FUZZ_CHECK(options.ignore_unknown || nlohmann::json::accept(json));
  // By the limit that back ends have.
  const auto message = fuzz::Parse(type, wire, transcode::ParseOptions().max_messages);
  FUZZ_CHECK(message != nullptr);
  FUZZ_CHECK(testing::MessageTypes::Deterministic(*message) == wire);

  const transcode::PrintOptions print{.defaults = (data[1] & 4) != 0,
                                      .proto_names = (data[1] & 8) != 0,
                                      .enum_numbers = (data[1] & 16) != 0,
                                      .max_depth = fuzz::kDeep};
  std::string text, again;
  FUZZ_CHECK(transcode::EncodeJson(table, wire, print, types, text).ok());
  FUZZ_CHECK(transcode::DecodeJson(table, text, {.max_depth = fuzz::kDeep}, types, again).ok());
  FUZZ_CHECK(again == wire);
  return 0;
}
