// Delays and failures that the mocks are told to have.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "gateway/base/mutex.h"

namespace frontdesk::mock {

// What one call suffers.
struct Fault {
  std::chrono::milliseconds delay{0};
  int code = 0;  // google.rpc.Code to fail with, 0 for none
  // After the work is done: the answer is late, or lost (UNAVAILABLE).
  std::chrono::milliseconds lag{0};
  bool drop = false;
};

// Rules by target. A target is "order/GetOrder", "order" or "*", and the narrowest wins. Specs are
// comma-separated, and one without a target is for "*". A plain value, not thread-safe.
class FaultRules {
 public:
  // "200", "order=200,payment/GetByOrder=50", in milliseconds up to ten minutes. False and no
  // change if it can't be read.
  bool AddDelay(std::string_view spec);
  // "UNAVAILABLE", "order=14", "order=INTERNAL:0.5": a code by name or number, and which part of
  // the calls fail (evenly spread, the same calls in every run).
  bool AddFail(std::string_view spec);

  // As AddDelay(), but the wait is behind the work: "payment/Charge=500".
  bool AddLag(std::string_view spec);
  // "payment/Charge=1": so many answers are lost after the work is done, the next ones.
  bool AddDrop(std::string_view spec);

  bool empty() const {
    return delays_.empty() && failures_.empty() && lags_.empty() && drops_.empty();
  }
  // What is in force for the next call; counts it for the part that fails.
  Fault Next(std::string_view backend, std::string_view method);
  // Rules of `over` replace ours for the same target.
  void Merge(const FaultRules& over);

 private:
  struct Part {
    int code = 0;
    double ratio = 1;
    double due = 0;  // failures owed so far; a call fails when it reaches 1
  };
  using Times = std::map<std::string, std::chrono::milliseconds, std::less<>>;
  static bool AddTimes(std::string_view spec, Times& times);

  Times delays_;
  Times lags_;
  std::map<std::string, int, std::less<>> drops_;  // answers that are still to be lost
  std::map<std::string, Part, std::less<>> failures_;
};

// The rules in force, shared by all servers.
class Faults {
 public:
  explicit Faults(FaultRules initial) : initial_(initial), rules_(std::move(initial)) {}

  // `request` are the call's own rules, which win. `backend` is "order", `method` "GetOrder".
  Fault Next(std::string_view backend, std::string_view method, FaultRules request);
  void Replace(FaultRules rules);
  // Back to what the program was started with.
  void Reset();

 private:
  const FaultRules initial_;
  Mutex mutex_;
  FaultRules rules_ ABSL_GUARDED_BY(mutex_);
};

// "UNAVAILABLE" or "14" -> 14; 0 if it names no failure.
int ParseCode(std::string_view text);

}  // namespace frontdesk::mock
