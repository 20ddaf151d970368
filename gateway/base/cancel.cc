#include "gateway/base/cancel.h"

namespace frontdesk {

void CancelListener::Listen(Cancellation& cancellation) {
  Unlisten();
  if (cancellation.cancelled()) {
    OnCancel(cancellation.reason());
    return;
  }
  source_ = &cancellation;
  next_ = cancellation.first_;
  previous_ = nullptr;
  if (next_) next_->previous_ = this;
  cancellation.first_ = this;
}

void CancelListener::Unlisten() {
  if (!source_) return;
  if (previous_) {
    previous_->next_ = next_;
  } else {
    source_->first_ = next_;
  }
  if (next_) next_->previous_ = previous_;
  source_ = nullptr;
  previous_ = next_ = nullptr;
}

Cancellation::~Cancellation() {
  while (first_) first_->Unlisten();
}

void Cancellation::Cancel(absl::Status reason) {
  if (cancelled()) return;
  reason_ = std::move(reason);
  // A listener may unlink others, or end the frame it lives in: take one at a time.
  while (first_) {
    CancelListener* listener = first_;
    listener->Unlisten();
    listener->OnCancel(reason_);
  }
}

}  // namespace frontdesk
