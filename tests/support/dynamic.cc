#include "tests/support/dynamic.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <cstdio>
#include <cstdlib>

namespace frontdesk::testing {
namespace {

namespace pb = google::protobuf;

[[noreturn]] void Die(std::string_view what, std::string_view about) {
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(about.size()), about.data());
  std::abort();
}

}  // namespace

std::unique_ptr<pb::Message> Dynamic::New(std::string_view type) {
  const pb::Descriptor* descriptor = contract_.pool().FindMessageTypeByName(std::string(type));
  if (!descriptor) Die("no such message type", type);
  return std::unique_ptr<pb::Message>(factory_.GetPrototype(descriptor)->New());
}

std::string Dynamic::Wire(std::string_view type, std::string_view text) {
  const std::unique_ptr<pb::Message> message = New(type);
  if (!pb::TextFormat::ParseFromString(std::string(text), message.get())) {
    Die("not the text of a message", text);
  }
  return Serialize(*message);
}

std::string Dynamic::Text(std::string_view type, std::string_view wire) {
  const std::unique_ptr<pb::Message> message = New(type);
  if (!message->ParseFromArray(wire.data(), static_cast<int>(wire.size()))) return "unreadable";
  pb::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string text;
  printer.PrintToString(*message, &text);
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::string Serialize(const pb::Message& message) {
  std::string wire;
  {
    pb::io::StringOutputStream stream(&wire);
    pb::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&coded);
  }
  return wire;
}

}  // namespace frontdesk::testing
