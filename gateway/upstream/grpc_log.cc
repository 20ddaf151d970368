#include "gateway/upstream/grpc_log.h"

#include <grpc/support/log.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "gateway/base/clock.h"
#include "gateway/base/text.h"
#include "gateway/observe/log.h"

namespace frontdesk::upstream {
namespace {

constexpr std::chrono::minutes kSayAgain{1};

// Whoever says something may hold locks of the library's: nobody waits here. That two places share
// an entry only means that one of them may be silent for the other.
bool IsNews(const gpr_log_func_args& said) {
  static std::array<std::atomic<Duration::rep>, 256> silent_until{};
  const size_t place = std::hash<std::string_view>()(said.file) + static_cast<size_t>(said.line);
  std::atomic<Duration::rep>& until = silent_until[place % silent_until.size()];
  const Duration now = Clock::now().time_since_epoch();
  Duration::rep before = until.load(std::memory_order_relaxed);
  return now.count() >= before &&
         until.compare_exchange_strong(before, Duration(now + kSayAgain).count(),
                                       std::memory_order_relaxed);
}

void Log(gpr_log_func_args* said) {
  const std::string_view message = said->message;
  std::string_view file = said->file;
  file.remove_prefix(file.rfind('/') + 1);
  const std::string text = Cat("gRPC C++: ", message, " (", file, ":", said->line, ")");
  if (said->severity != GPR_LOG_SEVERITY_ERROR) return observe::LogInfo(text);
  // The process ends with this.
  if (message.starts_with("assertion failed")) return observe::LogError(text);
  if (IsNews(*said)) observe::LogWarn(text);
}

}  // namespace

void TakeGrpcLog() { gpr_set_log_function(Log); }

}  // namespace frontdesk::upstream
