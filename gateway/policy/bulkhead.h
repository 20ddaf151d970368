// What one kind of client may have under way, so that a storm of one kind leaves room for others.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/collectable.h>

#include "absl/status/statusor.h"
#include "gateway/base/admission.h"
#include "gateway/base/task.h"
#include "gateway/exchange.h"

namespace frontdesk::policy {

struct BulkheadSettings {
  std::string name;
  size_t max_in_flight = 0;
  size_t max_pending = 0;
};

// All bulkheads of the process, shared by its workers; what they hold is told to Prometheus. Any
// thread.
class Bulkheads final : public prometheus::Collectable {
 public:
  // How long one waits for room: twice `max_queue_age` in a burst, `max_queue_age` in a queue that
  // does not empty.
  Bulkheads(const std::vector<BulkheadSettings>& settings, Duration max_queue_age);
  ~Bulkheads() override;

  // Room in the bulkhead of the exchange's route, if it has one, or why there is none: no room to
  // wait, waited too long, the deadline passed, the client left. To be held while the request is
  // carried out, and taken back.
  Task<absl::StatusOr<Admission::Room>> Enter(Exchange& exchange);
  // The refusal of a request that Enter() would refuse now; OK otherwise. Takes nothing.
  absl::Status Peek(const route::Route& route);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  struct Bulkhead;
  absl::Status Refuse(Bulkhead& bulkhead, const char* why);

  std::vector<std::unique_ptr<Bulkhead>> all_;  // by Route::bulkhead
};

}  // namespace frontdesk::policy
