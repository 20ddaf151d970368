#include "codegen/cpp/generator.h"

int main(int argc, char** argv) {
  return frontdesk::codegen::PluginMain(argc, argv, frontdesk::codegen::CppPlugin());
}
