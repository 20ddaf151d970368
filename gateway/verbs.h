// What the program can be asked to do. Each returns the exit code.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/version.h"
#include "gateway/compose/registry.h"

namespace frontdesk {

// Findings go to stdout, logs to stderr.
enum ExitCode { kFine = 0, kFindings = 1, kUsage = 2 };

struct VerbOptions {
  const compose::Registry* code = nullptr;  // never null; perhaps empty
  std::string config = "frontdesk.yaml";
  // Folders with the contract's .proto files, for exact places in findings.
  std::vector<std::string> proto_path;
  // check: .proto files and folders to check instead of a configuration.
  std::vector<std::string> protos;
  bool json = false;
  std::string before;  // diff: descriptor sets
  std::string after;
  std::string method;
  std::string path;
  std::string host;  // explain: whom the request names
  std::string api;   // explain, routes and openapi: a front of the configuration
  // Of `openapi`: a descriptor set instead of the YAML file, and what the document says of itself.
  std::string set;
  std::string title;
  std::string api_version;
  std::string server;
  // Of `token`.
  std::string sub;
  std::string scopes;  // with spaces between them
  std::vector<std::string> roles;
  std::string provider;
  std::string life = "1h";
  std::string new_key;  // a file to write a key to, instead of a token
};

int Serve(const VerbOptions& options);
int Check(const VerbOptions& options);
int Diff(const VerbOptions& options);
int Routes(const VerbOptions& options);
int Explain(const VerbOptions& options);
int OpenApi(const VerbOptions& options);
int Token(const VerbOptions& options);
int Version(const VerbOptions& options);

}  // namespace frontdesk
