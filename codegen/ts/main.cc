#include "codegen/common/plugin.h"
#include "codegen/ts/client.h"

namespace frontdesk::codegen::ts {
namespace {

absl::StatusOr<std::vector<File>> Generate(const Input& input) {
  ClientOptions options{.files = input.files};
  const auto extension = input.parameters.find("import_extension");
  if (extension != input.parameters.end()) {
    const std::string& name = extension->second;
    if (name != "js" && name != "ts" && name != "none") {
      return absl::InvalidArgumentError("import_extension must be js, ts or none");
    }
    options.extension = name == "none" ? "" : "." + name;
  }
  return WriteClient(input.contract, options);
}

}  // namespace
}  // namespace frontdesk::codegen::ts

int main(int argc, char** argv) {
  return frontdesk::codegen::PluginMain(
      argc, argv,
      {"protoc-gen-frontdesk-ts", {"import_extension"}, frontdesk::codegen::ts::Generate});
}
