// Waiting for one attempt at a unary call: its answer, its deadline or its cancellation, whichever
// comes first. What protects a call (call.h) is made of these.
#pragma once

#include <chrono>
#include <coroutine>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/upstream/caller.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

// A back end that keeps the deadline itself may be earlier than our timer by so much: it is told
// whole milliseconds, rounded down, while the timer rounds up.
inline constexpr std::chrono::milliseconds kEarly{2};

// To be awaited once, as a named local: `co_await attempt; ... attempt.TakeResult()`.
class UnaryAttempt final : private CallEvents, private Timer, private CancelListener {
 public:
  // Nothing happens before it is awaited; everything referred to lives at least until then, and
  // `transport`, `loop` and `cancel` until the end.
  UnaryAttempt(Transport& transport, Loop& loop, Cancellation& cancel, const CallSpec& spec,
               std::string_view request);
  ~UnaryAttempt() override;

  bool await_ready();
  void await_suspend(std::coroutine_handle<> waiter);
  void await_resume() const {}

  absl::StatusOr<UnaryReply> TakeResult();

 private:
  void OnHeaders(Metadata headers) override { reply_.headers = std::move(headers); }
  void OnMessage(std::string message) override;
  void OnDone(absl::Status status, Metadata trailers) override;
  void OnTimer() override;
  void OnCancel(const absl::Status& reason) override;
  // The back end has ended it because its time was over.
  bool RanOut(const absl::Status& status) const;
  void End(absl::Status status);

  Transport& transport_;
  Loop& loop_;
  Cancellation& cancel_;
  const CallSpec& spec_;
  const TimePoint deadline_;
  const std::string_view request_;
  std::coroutine_handle<> waiter_;
  std::unique_ptr<OutgoingCall> call_;
  bool has_message_ = false;
  bool ended_ = false;
  absl::Status status_;
  UnaryReply reply_;
};

}  // namespace frontdesk::upstream
