#include "codegen/common/plugin.h"
#include "codegen/openapi/document.h"

namespace frontdesk::codegen::openapi {
namespace {

// All files become one document.
absl::StatusOr<std::vector<File>> Generate(const Input& input) {
  const auto value = [&](const char* name, const char* otherwise) {
    const auto found = input.parameters.find(name);
    return found == input.parameters.end() ? std::string(otherwise) : found->second;
  };
  DocumentOptions options;
  options.title = value("title", "API");
  options.version = value("version", "1");
  options.server = value("server", "");
  options.files = input.files;
  return std::vector{File{value("file", "openapi.json"), WriteDocument(input.contract, options)}};
}

}  // namespace
}  // namespace frontdesk::codegen::openapi

int main(int argc, char** argv) {
  return frontdesk::codegen::PluginMain(argc, argv,
                                        {"protoc-gen-frontdesk-openapi",
                                         {"file", "server", "title", "version"},
                                         frontdesk::codegen::openapi::Generate});
}
