// Message types of many shapes for the targets of the codec, chosen by the input's first byte.
#pragma once

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/message.h"
#include "tests/unit/transcode/kitchen_sink.h"

namespace frontdesk::fuzz {

// What the codec accepts may be nested more deeply in the other form: an array in JSON is a message
// in a Value, and a repeated message is an array too.
inline constexpr int kDeep = 1000;

inline constexpr const char* kTypes[] = {
    "Scalars", "Optionals", "Lists", "Maps",  "Tree",
    "Choice",  "Known",     "Names", "Order", "google.protobuf.Value"};

inline const char* TypeOf(uint8_t choice) { return kTypes[choice % std::size(kTypes)]; }

inline testing::MessageTypes& Types() {
  // What protobuf finds wrong is not news.
  static google::protobuf::LogSilencer silencer;
  static auto* const types = new testing::MessageTypes();
  return *types;
}

// The message that protobuf makes of the bytes; null if it is none.
inline std::unique_ptr<google::protobuf::Message> Parse(const char* type, std::string_view wire,
                                                        int depth) {
  auto message = Types().New(type);
  return Read(wire, depth, *message) ? std::move(message) : nullptr;
}

}  // namespace frontdesk::fuzz
