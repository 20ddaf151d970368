#include "tests/support/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

extern char** environ;

namespace frontdesk::testing_support {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::string TempName(const std::string& name) {
  static std::atomic<int> count{0};
  return ::testing::TempDir() + "frontdesk-" + std::to_string(getpid()) + "-" +
         std::to_string(count++) + "-" + name;
}

}  // namespace

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string WriteTempFile(const std::string& name, const std::string& text) {
  const std::string path = TempName(name);
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

Process::Process(std::vector<std::string> argv) : stderr_file_(TempName("stderr")) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) std::abort();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, stderr_file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0600);
  std::vector<char*> arguments;
  for (std::string& argument : argv) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  const int error = posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  out_ = pipe_ends[0];
  if (error != 0) {
    std::fprintf(stderr, "cannot start %s\n", argv[0].c_str());
    std::abort();
  }
}

Process::~Process() {
  if (!code_) {
    Signal(SIGTERM);
    if (!Wait(milliseconds(10000))) {
      Signal(SIGKILL);
      Wait(milliseconds(10000));
    }
  }
  close(out_);
  std::remove(stderr_file_.c_str());
}

std::optional<std::string> Process::ReadLine(milliseconds timeout) {
  const Clock::time_point end = Clock::now() + timeout;
  while (true) {
    if (const size_t newline = buffered_.find('\n'); newline != std::string::npos) {
      std::string line = buffered_.substr(0, newline);
      buffered_.erase(0, newline + 1);
      return line;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
    if (left <= milliseconds(0)) return std::nullopt;
    pollfd readable{out_, POLLIN, 0};
    if (poll(&readable, 1, static_cast<int>(left.count())) <= 0) continue;
    char bytes[4096];
    const ssize_t size = read(out_, bytes, sizeof bytes);
    if (size <= 0) return std::nullopt;
    buffered_.append(bytes, static_cast<size_t>(size));
  }
}

void Process::Signal(int signal) const {
  if (pid_ > 0 && !code_) kill(pid_, signal);
}

std::optional<int> Process::Wait(milliseconds timeout) {
  const Clock::time_point end = Clock::now() + timeout;
  while (!code_) {
    int status = 0;
    const pid_t ended = waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) {
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (Clock::now() >= end) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(milliseconds(2));
    }
  }
  return code_;
}

std::string Process::Stderr() const { return ReadFile(stderr_file_); }

size_t Process::ResidentBytes() const {
  std::istringstream statm(ReadFile("/proc/" + std::to_string(pid_) + "/statm"));
  size_t total = 0;
  size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace frontdesk::testing_support
