// What became of the requests of a load.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/base/clock.h"

namespace frontdesk::testing_support {

struct LoadSample {
  static constexpr int16_t kLost = 0;   // no answer, or none in time
  static constexpr int16_t kLeft = -1;  // the client did not wait for it

  float at_ms;    // when it was due, from the start of the load
  float took_ms;  // from then to the whole answer
  int16_t status;
  bool retry_after;     // the header was there
  float waited_ms = 0;  // of took_ms, for a free connection of the client's
};

using LoadFilter = std::function<bool(const LoadSample&)>;

// Of one route, or of several together.
struct RouteReport {
  std::vector<LoadSample> samples;          // one for each request
  uint64_t crossed = 0;                     // 2xx with another request's answer
  std::map<std::string, uint64_t> reasons;  // of errors, from their ErrorInfo

  uint64_t Count(const LoadFilter& filter) const;
  uint64_t Count(int status) const;
  uint64_t sent() const { return samples.size(); }
  uint64_t good() const;                             // 2xx
  uint64_t Reason(const std::string& reason) const;  // of `reasons`
  uint64_t lost() const { return Count(LoadSample::kLost); }
  uint64_t failed() const;  // neither 2xx nor left by the client

  // The time that `percent` of the samples did not exceed, in milliseconds; 0 when there is none.
  double Percentile(double percent, const LoadFilter& filter) const;
  double GoodPercentile(double percent) const;
  double PercentileOf(int status, double percent) const;
  // Of the good ones, from when they were sent: later than they were due where the client had no
  // connection free.
  double SentPercentile(double percent) const;

  void Add(const RouteReport& more);
};

bool IsGood(const LoadSample& sample);

struct LoadReport {
  std::map<std::string, RouteReport> routes;
  TimePoint start;
  double seconds = 0;           // that the schedule was long
  size_t most_connections = 0;  // at a time
  // When the client left, by the request's id.
  std::unordered_map<std::string, TimePoint> left;

  const RouteReport& operator[](const std::string& route) const { return routes.at(route); }
  RouteReport Total() const;
  double goodput() const;  // 2xx per second of the schedule, that came before its end
  // On one line: {"seconds": 5, "goodput": 99.8, "total": {"sent": 500, "statuses": {"200": 499,
  // ...}, "lost": 1, "crossed": 0, "p50_ms": 0.4, ...}, "routes": {...}}
  std::string Json() const;
};

}  // namespace frontdesk::testing_support
