// The access log: formatted on the loop, written by a thread of its own. A loop never waits for the
// log; what can't be written in time is dropped and counted.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/base/mutex.h"
#include "gateway/observe/access_record.h"
#include "gateway/observe/byte_ring.h"

namespace frontdesk::observe {

class LogSink;
class MetricsShard;

class AccessLog {
 public:
  // Bytes that a channel holds back while the log can't be written.
  static constexpr size_t kRingBytes = 1 << 20;

  // One worker's end of the log. Write() and Push() belong to that worker's thread.
  class Channel {
   public:
    // False when the line was dropped because the channel is full.
    bool Write(const AccessRecord& record) { return Push(formatter_.Format(record)); }
    // A line that is ready, with its newline.
    bool Push(std::string_view line);
    // Lines dropped so far; any thread.
    uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

   private:
    friend class AccessLog;
    Channel(AccessLog& log, size_t bytes) : log_(log), ring_(bytes) {}

    AccessLog& log_;
    AccessFormatter formatter_;
    ByteRing ring_;
    std::atomic<uint64_t> dropped_{0};
  };

  // Appends to the file, which is made if need be; fails with the system's reason. `metrics`, if
  // given, counts dropped lines: a shard for the log's own thread, which outlives the log.
  static absl::StatusOr<std::unique_ptr<AccessLog>> OpenFile(const std::string& path,
                                                             MetricsShard* metrics = nullptr);
  // Writes to `fd`, which stays open and belongs to the caller (such as stderr).
  static std::unique_ptr<AccessLog> OpenFd(int fd, MetricsShard* metrics = nullptr);
  // Close() with a short patience.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // For a new worker; lives as long as the log.
  Channel& AddChannel(size_t bytes = kRingBytes);
  // Opens the file anew, for when it was moved away. Any thread; takes effect soon after.
  void Reopen();
  // Writes what is left, for at most `patience`, and ends the thread. Nothing may be pushed during
  // or after it.
  void Close(std::chrono::milliseconds patience);
  // Lines that were dropped or could not be written; any thread.
  uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  AccessLog(std::unique_ptr<LogSink> sink, MetricsShard* metrics);

  // All of these run on the writing thread.
  void Run();
  void HandleWake();
  void Refill();
  void WritePending();
  void SleepUntilWork();
  bool AnyWaiting();
  void CountLost();
  bool OutOfPatience() const;
  void GiveUp();

  void Wake();

  const std::unique_ptr<LogSink> sink_;
  MetricsShard* const metrics_;
  const int wake_fd_;
  // The writing thread waits, or is about to wait, for Wake().
  std::atomic<bool> asleep_{false};
  std::atomic<bool> reopen_{false};
  std::atomic<bool> closing_{false};
  std::atomic<uint64_t> lost_{0};
  // Set before closing_.
  std::chrono::steady_clock::time_point give_up_at_;

  Mutex mutex_;
  std::vector<std::unique_ptr<Channel>> channels_ ABSL_GUARDED_BY(mutex_);

  // The writing thread's: whole lines taken from the channels, and how much of them is written.
  std::string pending_;
  size_t written_ = 0;
  uint64_t given_up_ = 0;
  std::thread thread_;
};

}  // namespace frontdesk::observe
