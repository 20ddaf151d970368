#include "gateway/policy/shed.h"

#include "gateway/base/failure.h"

namespace frontdesk::policy {

absl::Status Overloaded(std::string_view what) {
  return Failure(absl::StatusCode::kUnavailable, "OVERLOADED", what, Origin::kGateway)
      .NeverSent()
      .Header("Retry-After", "1");
}

bool Shedder::TooLateFor(Priority priority, TimePoint now) {
  const Lateness::Level level = lateness_.level(now);
  switch (priority) {
    case Priority::kCritical:
      return false;
    case Priority::kNormal:
      // Every other one: a refusal costs half of what an answer costs, so a worker that refuses all
      // that come too late may end up doing nothing else.
      return level == Lateness::Level::kVeryLate && !(spared_ = !spared_);
    case Priority::kSheddable:
      return level != Lateness::Level::kNone;
  }
  return false;
}

absl::Status Shedder::TooMany() {
  static const auto& kTooMany = *new absl::Status(Overloaded("too many requests are in flight"));
  metrics_.OnShed(observe::ShedReason::kMaxInFlight);
  return kTooMany;
}

absl::Status Shedder::Peek(Priority priority, TimePoint now) {
  // Made once, because refusals must be cheap; never destroyed, because loops may outlive statics.
  static const auto& kTooLate =
      *new absl::Status(Overloaded("there is more to do than can be done in time"));
  if (TooLateFor(priority, now)) {
    metrics_.OnShed(observe::ShedReason::kQueueAge);
    return kTooLate;
  }
  return in_flight_.HasPlace(priority) ? absl::OkStatus() : TooMany();
}

absl::Status Shedder::Take(Priority priority, InFlight::Place& place) {
  return in_flight_.Take(priority, place) ? absl::OkStatus() : TooMany();
}

absl::Status Shedder::TooMuch() {
  static const auto& kTooMuch = *new absl::Status(Overloaded("too many bytes of bodies are held"));
  metrics_.OnShed(observe::ShedReason::kMaxBodyBytes);
  return kTooMuch;
}

absl::Status Shedder::TakeBytes(Priority priority, size_t more, InFlight::Bytes& bytes) {
  return in_flight_.TakeBytes(priority, more, bytes) ? absl::OkStatus() : TooMuch();
}

absl::Status Shedder::PeekBytes(Priority priority, size_t more) {
  return in_flight_.HasBytes(priority, more) ? absl::OkStatus() : TooMuch();
}

}  // namespace frontdesk::policy
