// What protobuf's conformance runner drives: the codec, behind the runner's protocol of
// length-prefixed messages on stdin and stdout. Argument: a descriptor set with the test messages.
// Asked for neither JSON in nor JSON out, it answers "skipped".
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/base/text.h"
#include "gateway/transcode/decode.h"
#include "gateway/transcode/encode.h"
#include "gateway/transcode/wire.h"

namespace frontdesk {
namespace {

// conformance.proto, whose generated code is not packaged: the fields that matter here.
struct Request {
  std::string_view protobuf;
  std::string_view json;
  bool has_json = false;
  uint64_t output = 0;
  std::string_view type;
  uint64_t category = 0;
};
constexpr uint64_t kProtobuf = 1;
constexpr uint64_t kJson = 2;
constexpr uint64_t kIgnoreUnknown = 3;  // test category

enum ResponseField : uint32_t {
  kParseError = 1,
  kProtobufPayload = 3,
  kJsonPayload = 4,
  kSkipped = 5,
  kSerializeError = 6,
};

Request ReadRequest(std::string_view bytes) {
  Request request;
  transcode::WireReader reader(bytes);
  for (transcode::WireField field; reader.Next(field);) {
    switch (field.number) {
      case 1:
        request.protobuf = field.bytes;
        break;
      case 2:
        request.json = field.bytes;
        request.has_json = true;
        break;
      case 3:
        request.output = field.value;
        break;
      case 4:
        request.type = field.bytes;
        break;
      case 5:
        request.category = field.value;
        break;
      default:
        break;
    }
  }
  return request;
}

std::string Response(ResponseField field, std::string_view bytes) {
  char head[2 * transcode::kMaxVarint];
  char* end = transcode::WriteVarint(head, transcode::Tag(field, transcode::WireType::kBytes));
  end = transcode::WriteVarint(end, bytes.size());
  return std::string(head, end).append(bytes);
}

std::string Answer(const contract::MessageTables& tables, const Request& request) {
  const contract::MessageTable* const table = tables.Find(request.type);
  if (table == nullptr) return Response(kSkipped, "unknown message type");
  const bool json_out = request.output == kJson;
  if ((!request.has_json && !json_out) || (request.output != kProtobuf && !json_out)) {
    return Response(kSkipped, "not about JSON");
  }
  std::string wire(request.protobuf);
  if (request.has_json) {
    transcode::ParseOptions options;
    options.ignore_unknown = request.category == kIgnoreUnknown;
    wire.clear();
    const absl::Status status = transcode::DecodeJson(*table, request.json, options, tables, wire);
    if (!status.ok()) return Response(kParseError, Std(status.message()));
  }
  if (!json_out) return Response(kProtobufPayload, wire);
  std::string json;
  const absl::Status status = transcode::EncodeJson(*table, wire, {}, tables, json);
  if (!status.ok()) return Response(kSerializeError, Std(status.message()));
  return Response(kJsonPayload, json);
}

bool ReadAll(char* to, size_t size) { return std::fread(to, 1, size, stdin) == size; }

int Run(const char* descriptor_set) {
  std::ifstream file(descriptor_set, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  google::protobuf::FileDescriptorSet set;
  if (bytes.empty() || !set.ParseFromString(bytes)) {
    std::fprintf(stderr, "%s: not a descriptor set\n", descriptor_set);
    return 2;
  }
  google::protobuf::DescriptorPool pool;
  contract::MessageTables tables;
  for (const auto& one : set.file()) {
    const auto* built = pool.BuildFile(one);
    for (int i = 0; built != nullptr && i < built->message_type_count(); ++i) {
      tables.Add(built->message_type(i));
    }
  }
  uint32_t size = 0;
  std::string request;
  while (ReadAll(reinterpret_cast<char*>(&size), sizeof size)) {
    request.resize(size);
    if (!ReadAll(request.data(), size)) return 1;
    const std::string answer = Answer(tables, ReadRequest(request));
    const auto length = static_cast<uint32_t>(answer.size());
    std::fwrite(&length, 1, sizeof length, stdout);
    std::fwrite(answer.data(), 1, answer.size(), stdout);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace frontdesk

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: conformance_testee DESCRIPTOR_SET\n");
    return 2;
  }
  return frontdesk::Run(argv[1]);
}
