// generators [SERVICES [METHODS]]: how long each writer takes for a large contract, 50 services of
// 20 methods if not told otherwise.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "codegen/cpp/generator.h"
#include "codegen/docs/reference.h"
#include "codegen/openapi/document.h"
#include "codegen/ts/client.h"
#include "gateway/base/text.h"
#include "gateway/contract/contract.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk {
namespace {

using Clock = std::chrono::steady_clock;

// A message with a field of most kinds, its own request and reply, and every fifth method composed
// of the two before it.
std::string Method(int service, int method) {
  const std::string name = Cat("M", method);
  const std::string path = Cat("/v1/s", service, "/m", method);
  std::string compose;
  if (method % 5 == 4) {
    const std::string call = Cat("call: \"large.s", service, ".S/M");
    compose = Cat("option (frontdesk.v1.compose) = { deadline: \"1s\" step { id: \"a\" ", call,
                  method - 1, "\" bind { to: \"id\" from: \"request.id\" } } step { id: \"b\" ",
                  call, method - 2,
                  "\" bind { to: \"id\" from: \"a.id\" } on_error: OMIT } "
                  "out { to: \"id\" from: \"a.id\" } out { to: \"text\" from: \"b.text\" } };");
  }
  return Cat("// Method number ", method, ".\n  rpc ", name, "(", name, "Request) returns (", name,
             "Reply) { option (google.api.http) = { post: \"", path, "/{id}\" body: \"*\" ",
             "additional_bindings { get: \"", path, "\" } }; ", compose, " }\n");
}

std::string Messages(int method) {
  const std::string name = Cat("M", method);
  return Cat("// What is asked for.\nmessage ", name,
             "Request { string id = 1; int32 page_size = 2; repeated string tags = 3; "
             "google.protobuf.Timestamp since = 4; Common common = 5; }\n// The answer.\nmessage ",
             name,
             "Reply { string id = 1; string text = 2; repeated Common all = 3; map<string, int64> "
             "counts = 4; oneof kind { string word = 5; int64 number = 6; } Common.Colour colour = "
             "7; }\n");
}

std::string Proto(int service, int methods) {
  std::string text = Cat("syntax = \"proto3\";\npackage large.s", service,
                         ";\nimport \"frontdesk/v1/compose.proto\";\n"
                         "import \"google/api/annotations.proto\";\n"
                         "import \"google/protobuf/timestamp.proto\";\n// Service number ",
                         service, ".\nservice S {\n");
  for (int m = 0; m < methods; ++m) text += Method(service, m);
  text +=
      "}\nmessage Common { enum Colour { NONE = 0; RED = 1; } string id = 1; Colour colour = 2; "
      "Common inside = 3; bytes data = 4; double ratio = 5; }\n";
  for (int m = 0; m < methods; ++m) text += Messages(m);
  return text;
}

template <class Work>
auto Timed(const char* name, const Work& work) {
  const auto begin = Clock::now();
  auto result = work();
  const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
  std::printf("%-8s %8.1f ms\n", name, took.count());
  return result;
}

size_t Bytes(const std::vector<codegen::File>& files) {
  size_t bytes = 0;
  for (const codegen::File& file : files) bytes += file.content.size();
  return bytes;
}

int Main(int services, int methods) {
  std::map<std::string, std::string> protos;
  for (int s = 0; s < services; ++s) protos[Cat("s", s, ".proto")] = Proto(s, methods);
  const std::string set = testing::CompileProtos(protos);
  std::printf("%d services x %d methods, %zu KB of descriptors\n", services, methods,
              set.size() / 1024);
  contract::Findings findings;
  const auto contract =
      Timed("load", [&] { return contract::Contract::Load(set, "large", findings); });
  if (contract == nullptr) {
    std::printf("%s", findings.ToString().c_str());
    return 1;
  }
  std::vector<std::string> files;
  for (const auto& [name, text] : protos) files.push_back(name);
  const auto cpp = Timed("cpp", [&] { return codegen::GenerateCpp({*contract, files, {}}); });
  if (!cpp.ok()) {
    std::printf("%s\n", cpp.status().ToString().c_str());
    return 1;
  }
  size_t bytes = Bytes(*cpp);
  bytes += Timed("openapi", [&] { return codegen::openapi::WriteDocument(*contract, {}); }).size();
  bytes += Bytes(Timed("ts", [&] { return codegen::ts::WriteClient(*contract, {}); }));
  bytes += Bytes(Timed("docs", [&] { return codegen::docs::WriteReference(*contract, {}); }));
  std::printf("%zu KB written\n", bytes / 1024);
  return 0;
}

}  // namespace
}  // namespace frontdesk

int main(int argc, char** argv) {
  const int services = argc > 1 ? std::atoi(argv[1]) : 50;
  const int methods = argc > 2 ? std::atoi(argv[2]) : 20;
  return frontdesk::Main(services, methods);
}
