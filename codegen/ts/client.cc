#include "codegen/ts/client.h"

#include <map>
#include <set>
#include <utility>

#include "codegen/common/endpoint.h"
#include "codegen/ts/runtime.h"
#include "codegen/ts/service.h"
#include "codegen/ts/text.h"
#include "codegen/ts/types.h"
#include "gateway/base/text.h"
#include "gateway/base/version.h"

namespace frontdesk::codegen::ts {
namespace {

std::string Head(const std::set<std::string>& files) {
  std::string out = Cat("// protoc-gen-frontdesk-ts ", kVersion);
  for (const std::string& file : files) {
    out += Cat(file == *files.begin() ? ", from " : ", ", file);
  }
  return out + "\n/* eslint-disable */\n";
}

std::string Import(const char* how, const std::string& name, const std::string& module,
                   const ClientOptions& options) {
  return Cat(how, " * as ", name, " from ", Quoted(Cat("./", module, options.extension)), ";\n");
}

std::string Text(const Module& module, const ClientOptions& options) {
  std::string out = Head(module.files);
  // Types alone need nothing at run time, and a class needs the whole.
  out += Import(module.classes.empty() ? "import type" : "import", "$rt", kRuntimeModule, options);
  for (const auto& [package, alias] : module.imports) {
    out += Import("import type", alias, ModuleName(package), options);
  }
  for (const auto& [name, text] : module.types) out += '\n' + text;
  if (!module.classes.empty()) out += '\n' + module.classes;
  return out;
}

}  // namespace

std::vector<File> WriteClient(const contract::Contract& contract, const ClientOptions& options) {
  std::map<std::string, std::vector<const contract::Method*>> services;
  for (const contract::Method* method : BoundMethods(contract, options.files)) {
    services[method->service].push_back(method);
  }
  Types types;
  for (const auto& [name, methods] : services) AddService(methods, types);
  types.Finish();
  std::vector<File> files;
  for (const auto& [package, module] : types.modules()) {
    files.push_back({ModuleName(package) + ".ts", Text(module, options)});
  }
  files.push_back({Cat(kRuntimeModule, ".ts"), Head({}) + kRuntime});
  return files;
}

}  // namespace frontdesk::codegen::ts
