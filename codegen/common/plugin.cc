#include "codegen/common/plugin.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string_view>

#include "codegen/common/parameters.h"
#include "codegen/common/stale.h"
#include "gateway/base/text.h"
#include "gateway/base/version.h"
#include "gateway/contract/report.h"
#include "google/protobuf/descriptor.pb.h"

namespace frontdesk::codegen {
namespace {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::compiler::CodeGeneratorRequest;
using google::protobuf::compiler::CodeGeneratorResponse;

// protoc puts the plugin's name in front of an error; the lines of findings begin behind it.
std::string AllThatIsWrong(const contract::Findings& findings,
                           const contract::SourceReader& sources) {
  return Cat(findings.size(), findings.size() == 1 ? " error" : " errors", ", nothing written\n",
             contract::Report(findings.Sorted(), sources));
}

absl::StatusOr<std::vector<File>> Generate(const Plugin& plugin,
                                           const CodeGeneratorRequest& request,
                                           const Parameters& parameters) {
  const auto& protos = request.proto_file();
  // A file of messages only has no contract to check, and nothing is written for it.
  if (std::none_of(protos.begin(), protos.end(),
                   [](const FileDescriptorProto& file) { return file.service_size() > 0; })) {
    return std::vector<File>();
  }
  FileDescriptorSet set;
  *set.mutable_file() = protos;
  const contract::SourceReader sources = contract::SourcesBelow(parameters.src);
  contract::Findings findings;
  const auto contract =
      contract::Contract::Load(set.SerializeAsString(), "the request", findings, sources);
  if (contract == nullptr) return absl::InvalidArgumentError(AllThatIsWrong(findings, sources));
  const auto& files = request.file_to_generate();
  return plugin.generate(
      {*contract, {files.begin(), files.end()}, parameters.own, !parameters.check.empty()});
}

std::string Help(const Plugin& plugin) {
  const std::string_view name = std::string_view(plugin.name).substr(plugin.name.rfind("gen-") + 4);
  std::string text =
      Cat(plugin.name, ": a plugin of protoc, which runs it:\n\n  protoc -I DIR --", name,
          "_out=OUT --", name, "_opt=src=DIR FILE.proto ...\n\nParameters (--", name,
          "_opt=NAME=VALUE, separated by commas or repeated):\n"
          "  src=DIR    a folder given with -I: errors then point into options (default: .)\n"
          "  check=DIR  write nothing; fail if the files in DIR are not what would be written\n");
  for (const std::string& parameter : plugin.parameters) text += Cat("  ", parameter, "=...\n");
  return text;
}

}  // namespace

CodeGeneratorResponse Respond(const Plugin& plugin, const CodeGeneratorRequest& request) {
  CodeGeneratorResponse response;
  response.set_supported_features(CodeGeneratorResponse::FEATURE_PROTO3_OPTIONAL);
  const absl::StatusOr<Parameters> parameters =
      ParseParameters(request.parameter(), plugin.parameters);
  absl::StatusOr<std::vector<File>> files =
      parameters.ok() ? Generate(plugin, request, *parameters) : parameters.status();
  if (files.ok() && !parameters->check.empty()) {
    const absl::Status stale = CheckStale(*files, parameters->check);
    files = stale.ok() ? std::vector<File>() : absl::StatusOr<std::vector<File>>(stale);
  }
  if (!files.ok()) {
    response.set_error(std::string(files.status().message()));
    return response;
  }
  std::sort(files->begin(), files->end(),
            [](const File& a, const File& b) { return a.name < b.name; });
  for (File& file : *files) {
    CodeGeneratorResponse::File& out = *response.add_file();
    out.set_name(std::move(file.name));
    out.set_content(std::move(file.content));
  }
  return response;
}

int PluginMain(int argc, char** argv, const Plugin& plugin) {
  const std::string_view argument = argc > 1 ? argv[1] : "";
  if (argument == "--version") {
    std::cout << plugin.name << ' ' << kVersion << '\n';
    return 0;
  }
  if (argument == "--help") {
    std::cout << Help(plugin);
    return 0;
  }
  if (argc > 1 || isatty(STDIN_FILENO)) {
    std::cerr << Help(plugin);
    return 2;
  }
  CodeGeneratorRequest request;
  if (!request.ParseFromIstream(&std::cin)) {
    std::cerr << plugin.name << ": stdin is not a request of protoc; see --help\n";
    return 1;
  }
  return Respond(plugin, request).SerializeToOstream(&std::cout) && std::cout.flush() ? 0 : 1;
}

}  // namespace frontdesk::codegen
