// A program under test, as a child process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

namespace frontdesk::testing_support {

// Its stdout is read here, its stderr goes to a file. Ends the child when destroyed.
class Process {
 public:
  // argv[0] is the program's path. Fails the program with a message if it can't be started.
  explicit Process(std::vector<std::string> argv);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }
  // Next line of stdout, or nothing when it ends or the time is over.
  std::optional<std::string> ReadLine(std::chrono::milliseconds timeout);
  void Signal(int signal) const;
  // Exit code, or 128 + the signal that ended it; nothing when it still runs after `timeout`.
  std::optional<int> Wait(std::chrono::milliseconds timeout);
  // All of stderr so far.
  std::string Stderr() const;
  // Resident bytes, from /proc.
  size_t ResidentBytes() const;

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string buffered_;
  std::string stderr_file_;
  std::optional<int> code_;
};

// Everything of a file; "" if there is none.
std::string ReadFile(const std::string& path);
// A file of its own in the test's temporary folder, removed at exit by the folder's owner.
std::string WriteTempFile(const std::string& name, const std::string& text);

}  // namespace frontdesk::testing_support
