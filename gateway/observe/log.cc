#include "gateway/observe/log.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "gateway/observe/access_record.h"
#include "gateway/observe/json_text.h"
#include "gateway/observe/write_now.h"

namespace frontdesk::observe {
namespace {

// Escaping makes at most 6 bytes of one, so that a line stays below PIPE_BUF: it is written whole
// or not at all, and never in the middle of another one.
constexpr size_t kTextLimit = 600;

void Write(std::string_view level, std::string_view text) {
  std::string line = R"({"time":")";
  AppendRfc3339(line, std::chrono::system_clock::now());
  line += R"(","kind":"program","level":")";
  line += level;
  line += R"(","text":)";
  AppendJsonString(line, text, kTextLimit);
  line += "}\n";
  // May be called on a loop, which must not wait for a reader of stderr.
  pollfd writable{STDERR_FILENO, POLLOUT, 0};
  if (poll(&writable, 1, 0) != 1) return;
  // What can't be logged can't be reported either.
  [[maybe_unused]] const ssize_t written = WriteNow(STDERR_FILENO, line);
}

}  // namespace

void LogInfo(std::string_view text) { Write("info", text); }
void LogWarn(std::string_view text) { Write("warn", text); }
void LogError(std::string_view text) { Write("error", text); }

}  // namespace frontdesk::observe
