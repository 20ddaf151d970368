#include "tests/support/load_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "gateway/base/text.h"

namespace frontdesk::testing_support {
namespace {

std::string Short(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", number);
  return text;
}

double Nth(double percent, std::vector<float>& times) {
  if (times.empty()) return 0;
  const double rank = std::ceil(percent / 100 * static_cast<double>(times.size()));
  const auto nth = times.begin() + static_cast<ptrdiff_t>(std::max(rank, 1.0)) - 1;
  std::nth_element(times.begin(), nth, times.end());
  return *nth;
}

std::string JsonOf(const RouteReport& route) {
  std::map<int, uint64_t> statuses;
  for (const LoadSample& sample : route.samples) {
    if (sample.status > 0) ++statuses[sample.status];
  }
  std::string counts;
  for (const auto& [status, count] : statuses) {
    counts += Cat(counts.empty() ? "" : ", ", '"', status, "\": ", count);
  }
  std::string text =
      Cat("{\"sent\": ", route.sent(), ", \"statuses\": {", counts, "}, \"lost\": ", route.lost(),
          ", \"left\": ", route.Count(LoadSample::kLeft), ", \"crossed\": ", route.crossed);
  for (const auto& [name, percent] : {std::pair("p50", 50.0), {"p99", 99.0}, {"p99.9", 99.9}}) {
    text += Cat(", \"", name, "_ms\": ", Short(route.GoodPercentile(percent)));
  }
  return text + "}";
}

}  // namespace

bool IsGood(const LoadSample& sample) { return sample.status >= 200 && sample.status < 300; }

uint64_t RouteReport::Count(const LoadFilter& filter) const {
  return static_cast<uint64_t>(std::count_if(samples.begin(), samples.end(), filter));
}

uint64_t RouteReport::Count(int status) const {
  return Count([&](const LoadSample& sample) { return sample.status == status; });
}

uint64_t RouteReport::Reason(const std::string& reason) const {
  const auto at = reasons.find(reason);
  return at == reasons.end() ? 0 : at->second;
}

uint64_t RouteReport::good() const { return Count(IsGood); }

uint64_t RouteReport::failed() const {
  return Count([](const LoadSample& sample) {
    return !IsGood(sample) && sample.status != LoadSample::kLeft;
  });
}

double RouteReport::Percentile(double percent, const LoadFilter& filter) const {
  std::vector<float> times;
  for (const LoadSample& sample : samples) {
    if (filter(sample)) times.push_back(sample.took_ms);
  }
  return Nth(percent, times);
}

double RouteReport::SentPercentile(double percent) const {
  std::vector<float> times;
  for (const LoadSample& sample : samples) {
    if (IsGood(sample)) times.push_back(sample.took_ms - sample.waited_ms);
  }
  return Nth(percent, times);
}

double RouteReport::GoodPercentile(double percent) const { return Percentile(percent, IsGood); }

double RouteReport::PercentileOf(int status, double percent) const {
  return Percentile(percent, [&](const LoadSample& sample) { return sample.status == status; });
}

void RouteReport::Add(const RouteReport& more) {
  samples.insert(samples.end(), more.samples.begin(), more.samples.end());
  crossed += more.crossed;
  for (const auto& [reason, count] : more.reasons) reasons[reason] += count;
}

RouteReport LoadReport::Total() const {
  RouteReport total;
  for (const auto& [name, route] : routes) total.Add(route);
  return total;
}

double LoadReport::goodput() const {
  const auto in_time = [&](const LoadSample& sample) {
    return IsGood(sample) && sample.at_ms + sample.took_ms <= seconds * 1000;
  };
  return seconds > 0 ? static_cast<double>(Total().Count(in_time)) / seconds : 0;
}

std::string LoadReport::Json() const {
  std::string parts;
  for (const auto& [name, route] : routes) {
    parts += Cat(parts.empty() ? "" : ", ", '"', name, "\": ", JsonOf(route));
  }
  return Cat("{\"seconds\": ", Short(seconds), ", \"goodput\": ", Short(goodput()),
             ", \"connections\": ", most_connections, ", \"total\": ", JsonOf(Total()),
             ", \"routes\": {", parts, "}}");
}

}  // namespace frontdesk::testing_support
