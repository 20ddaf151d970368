#include "codegen/common/plugin.h"
#include "codegen/docs/reference.h"

namespace frontdesk::codegen::docs {
namespace {

absl::StatusOr<std::vector<File>> Generate(const Input& input) {
  ReferenceOptions options{.files = input.files};
  const auto read = [&](const char* name, std::string& value) {
    const auto found = input.parameters.find(name);
    if (found != input.parameters.end()) value = found->second;
  };
  read("server", options.server);
  read("single", options.single);
  read("title", options.title);
  return WriteReference(input.contract, options);
}

}  // namespace
}  // namespace frontdesk::codegen::docs

int main(int argc, char** argv) {
  return frontdesk::codegen::PluginMain(argc, argv,
                                        {"protoc-gen-frontdesk-docs",
                                         {"server", "single", "title"},
                                         frontdesk::codegen::docs::Generate});
}
