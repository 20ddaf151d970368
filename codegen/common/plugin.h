// What all plugins of protoc share: from the request on stdin to a checked contract, and from the
// files that a generator writes to the response on stdout.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/contract/contract.h"
#include "google/protobuf/compiler/plugin.pb.h"

namespace frontdesk::codegen {

struct File {
  std::string name;  // relative to the folder that protoc writes into
  std::string content;
};

struct Input {
  const contract::Contract& contract;             // every method of all files of the request
  std::vector<std::string> files;                 // names of the files to generate for
  std::map<std::string, std::string> parameters;  // those of Plugin::parameters that were given
  bool only_checks = false;  // with `check`: nothing may be written, by the generator neither
};

struct Plugin {
  std::string name;  // "protoc-gen-frontdesk-cpp"
  // Names it knows besides those of every plugin: `src`, a folder of sources for exact places in
  // findings, and `check`.
  std::vector<std::string> parameters;
  // Deterministic: the same input gives the same files. Not called when a finding stands against
  // the contract, nor for files among which there is no service at all.
  std::function<absl::StatusOr<std::vector<File>>(const Input&)> generate;
};

// The answer to one request: the files sorted by name, or all that is wrong as the error, and then
// no file.
google::protobuf::compiler::CodeGeneratorResponse Respond(
    const Plugin& plugin, const google::protobuf::compiler::CodeGeneratorRequest& request);

// The whole main() of a plugin: --version, --help, else a request on stdin and the response on
// stdout.
int PluginMain(int argc, char** argv, const Plugin& plugin);

}  // namespace frontdesk::codegen
