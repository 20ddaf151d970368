// Asking work to stop. Cancelling never destroys anything: whoever listens ends its own work and
// returns CANCELLED (or the reason given), and the frames unwind.
#pragma once

#include <utility>

#include "absl/status/status.h"

namespace frontdesk {

class Cancellation;

// Told once when the cancellation it listens to happens; unlinks itself when destroyed.
class CancelListener {
 public:
  CancelListener() = default;
  CancelListener(const CancelListener&) = delete;
  CancelListener& operator=(const CancelListener&) = delete;
  virtual ~CancelListener() { Unlisten(); }

  // Listening to a cancellation that has happened calls OnCancel() at once.
  void Listen(Cancellation& cancellation);
  void Unlisten();

 private:
  friend class Cancellation;
  // Must not resume a coroutine inline, which could end the frame that holds the cancellation:
  // resume through Loop::Defer().
  virtual void OnCancel(const absl::Status& reason) = 0;

  CancelListener* previous_ = nullptr;
  CancelListener* next_ = nullptr;
  Cancellation* source_ = nullptr;
};

// Touched only on its owning loop. A child (constructed with a parent) is cancelled with it.
class Cancellation final : private CancelListener {
 public:
  Cancellation() = default;
  explicit Cancellation(Cancellation& parent) { Listen(parent); }
  ~Cancellation() override;

  bool cancelled() const { return !reason_.ok(); }
  // OK until cancelled.
  const absl::Status& reason() const { return reason_; }
  // The first reason stays.
  void Cancel(absl::Status reason);

 private:
  friend class CancelListener;
  void OnCancel(const absl::Status& reason) override { Cancel(reason); }

  absl::Status reason_;
  CancelListener* first_ = nullptr;
};

}  // namespace frontdesk
