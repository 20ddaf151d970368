// Wire to JSON. Input: a byte for the type, a byte of options, the wire. What must hold for any
// input: what comes out is JSON, reading it gives canonical bytes, and those give the same text
// again; when protobuf reads the wire too, its message has the same text.
#include <nlohmann/json.hpp>
#include <string>

#include "tests/fuzz/kitchen.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  if (size < 2) return 0;
  const char* const type = fuzz::TypeOf(data[0]);
  const std::string_view wire = fuzz::Text(data, size).substr(2);
  const contract::MessageTable& table = fuzz::Types().Table(type);
  const contract::MessageTables& types = fuzz::Types().tables();
  const transcode::PrintOptions print{.defaults = (data[1] & 1) != 0,
                                      .proto_names = (data[1] & 2) != 0,
                                      .enum_numbers = (data[1] & 4) != 0};
  std::string text = "kept";
  const absl::Status status = transcode::EncodeJson(table, wire, print, types, text);
  const auto message = fuzz::Parse(type, wire, transcode::PrintOptions().max_depth);
  if (!status.ok()) {
    FUZZ_CHECK(text == "kept");
    return 0;
  }
  text.erase(0, 4);
  FUZZ_CHECK(nlohmann::json::accept(text));

  std::string canonical, again;
  const transcode::ParseOptions parse{.max_depth = fuzz::kDeep, .max_messages = fuzz::kDeep};
  const absl::Status read = transcode::DecodeJson(table, text, parse, types, canonical);
  if (read.ok()) {
    const auto parsed = fuzz::Parse(type, canonical, fuzz::kDeep);
    FUZZ_CHECK(parsed != nullptr && testing::MessageTypes::Deterministic(*parsed) == canonical);
    FUZZ_CHECK(transcode::EncodeJson(table, canonical, print, types, again).ok());
    FUZZ_CHECK(again == text);
  } else {
    // An Any of a type that is not known can be shown but not read.
    FUZZ_CHECK(text.find("\"@type\":") != std::string::npos);
  }
  if (message == nullptr) return 0;
  again.clear();
  FUZZ_CHECK(transcode::EncodeJson(table, testing::MessageTypes::Deterministic(*message), print,
                                   types, again)
                 .ok());
  FUZZ_CHECK(again == text);
  return 0;
}
