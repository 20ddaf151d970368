#include "tests/e2e/faults/metrics.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "tests/e2e/stack.h"

namespace frontdesk::faults {

Metrics Metrics::Of(uint16_t admin) { return Metrics(e2e::Fetch(admin, "GET", "/metrics").body); }

double Metrics::Sum(std::string_view name, std::initializer_list<std::string_view> labels) const {
  double sum = 0;
  std::string_view rest = text_;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.substr(0, name.size()) != name) continue;
    const size_t value = line.rfind(' ');
    const std::string_view series = line.substr(name.size(), value - name.size());
    if (!series.empty() && series.front() != '{') continue;
    const bool has_all = std::all_of(labels.begin(), labels.end(), [&](std::string_view label) {
      return series.find(label) != std::string_view::npos;
    });
    if (has_all) sum += std::stod(std::string(line.substr(value + 1)));
  }
  return sum;
}

uint64_t Metrics::BreakersOpened() const {
  return Count("frontdesk_upstream_breaker_opened_total") +
         Count("frontdesk_upstream_endpoint_breaker_opened_total");
}

uint64_t Metrics::Ejections() const { return Count("frontdesk_upstream_ejections_total"); }

Watch::Watch(uint16_t admin, std::string name, std::string label)
    : thread_([this, admin, name = std::move(name), label = std::move(label)] {
        Run(admin, name, label);
      }) {}

void Watch::Stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

double Watch::usual() const {
  if (seen_.empty()) return 0;
  std::vector<double> sorted = seen_;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

void Watch::Run(uint16_t admin, const std::string& name, const std::string& label) {
  while (!stop_) {
    const double now = Metrics::Of(admin).Sum(name, {label});
    seen_.push_back(now);
    if (now > most_) {
      most_ = now;
      rises_.push_back(Clock::now());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace frontdesk::faults
