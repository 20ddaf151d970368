// A gRPC back end that costs as little as possible, for benches and for trying out faults by hand:
// each line of stdin is something that it is told (see light_words.h), and echoed by "ok" or "?".
//
//   light_backend --port PORT [--reply-file FILE | --echo] [--delay-ms N]
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "tests/support/light_words.h"
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

class Listener {
 public:
  Listener(frontdesk::Loop& loop, LightBackend& backend)
      : backend_(backend), input_(loop.io(), ::dup(STDIN_FILENO)) {
    Next();
  }

 private:
  // Until the end of stdin; a file, which can't be waited for, counts as that.
  void Next() {
    boost::asio::async_read_until(input_, boost::asio::dynamic_buffer(text_), '\n',
                                  [this](const boost::system::error_code& error, size_t size) {
                                    if (error) return;
                                    const std::string_view line(text_.data(), size - 1);
                                    std::puts(frontdesk::testing_support::Tell(backend_, line) ? "ok" : "?");
                                    std::fflush(stdout);
                                    text_.erase(0, size);
                                    Next();
                                  });
  }

  LightBackend& backend_;
  boost::asio::posix::stream_descriptor input_;
  std::string text_;
};

}  // namespace

int main(int argc, char** argv) {
  LightBackendOptions options;
  if (!ReadOptions(argc, argv, options)) return Usage();
  std::signal(SIGPIPE, SIG_IGN);
  frontdesk::Loop loop;
  LightBackend backend(loop, options);
  std::printf("127.0.0.1:%u\n", unsigned{backend.port()});
  std::fflush(stdout);
  const Listener listener(loop, backend);
  loop.Run();
}
