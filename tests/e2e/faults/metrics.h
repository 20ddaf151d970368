// What the gateway says of itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/base/clock.h"

namespace frontdesk::faults {

// Its metrics, at one moment.
class Metrics {
 public:
  explicit Metrics(std::string text) : text_(std::move(text)) {}
  // Asks the admin port, and waits for the answer.
  static Metrics Of(uint16_t admin);

  // All series of `name` that have each of `labels` (`state="ejected"`), together; 0 without any.
  double Sum(std::string_view name, std::initializer_list<std::string_view> labels = {}) const;
  uint64_t Count(std::string_view name, std::initializer_list<std::string_view> labels = {}) const {
    return static_cast<uint64_t>(Sum(name, labels));
  }
  // How often breakers of methods and of end points have opened.
  uint64_t BreakersOpened() const;
  uint64_t Ejections() const;

 private:
  const std::string text_;
};

// Looks at one of them all the time, from a thread of its own: whoever waited for answers would
// keep the back ends waiting.
class Watch {
 public:
  Watch(uint16_t admin, std::string name, std::string label = "");
  ~Watch() { Stop(); }
  void Stop();

  // The highest that was seen above 0, and when it was seen higher than before. Once stopped.
  double most() const { return most_; }
  // What it was for most of the time: the median of all looks. Once stopped.
  double usual() const;
  const std::vector<TimePoint>& rises() const { return rises_; }

 private:
  void Run(uint16_t admin, const std::string& name, const std::string& label);

  std::atomic<bool> stop_{false};
  double most_ = 0;
  std::vector<double> seen_;
  std::vector<TimePoint> rises_;
  std::thread thread_;  // the last one: it uses the others
};

}  // namespace frontdesk::faults
