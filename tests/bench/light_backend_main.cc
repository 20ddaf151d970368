// A gRPC back end that costs as little as possible, for benches.
//
//   light_backend --port PORT [--reply-file FILE | --echo] [--delay-ms N]
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "tests/support/light_backend.h"

namespace {

using frontdesk::testing_support::LightBackend;
using frontdesk::testing_support::LightBackendOptions;

int Usage() {
  std::fprintf(stderr,
               "usage: light_backend --port PORT [--reply-file FILE | --echo] [--delay-ms N]\n");
  return 2;
}

bool ReadNumber(const char* text, int limit, int& number) {
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  return error == std::errc() && stop == end && number >= 0 && number <= limit;
}

bool ReadFile(const char* name, std::string& bytes) {
  std::ifstream file(name, std::ios::binary);
  bytes.assign(std::istreambuf_iterator<char>(file), {});
  return file.good() || file.eof();
}

bool ReadOptions(int argc, char** argv, LightBackendOptions& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--echo") {
      options.echo = true;
      continue;
    }
    if (++i == argc) return false;
    int number = 0;
    if (name == "--port" && ReadNumber(argv[i], 65535, number)) {
      options.port = static_cast<uint16_t>(number);
    } else if (name == "--delay-ms" && ReadNumber(argv[i], 1 << 30, number)) {
      options.behaviour.delay = std::chrono::milliseconds(number);
    } else if (name != "--reply-file" || !ReadFile(argv[i], options.reply)) {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  LightBackendOptions options;
  if (!ReadOptions(argc, argv, options)) return Usage();
  std::signal(SIGPIPE, SIG_IGN);
  frontdesk::Loop loop;
  LightBackend backend(loop, options);
  std::printf("127.0.0.1:%u\n", unsigned{backend.port()});
  std::fflush(stdout);
  loop.Run();
}
