// One end point, as one worker knows it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/base/loop.h"
#include "gateway/base/mechanism/ewma.h"
#include "gateway/upstream/cluster.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

// Hears how its transport does, and has the other workers know.
struct Lane final : Transport::Owner {
  // The channel that it is of: something may have changed. As Transport::Owner::OnReadiness().
  class Owner {
   public:
    virtual void OnReadiness() = 0;

   protected:
    ~Owner() = default;
  };

  // All of these outlive it; its transport is made afterwards.
  Lane(Loop& on, Cluster& in, std::shared_ptr<EndpointState> of, Owner& by)
      : loop(on), cluster(in), owner(by), state(std::move(of)) {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();

  // The transport's own word. To be asked where it matters: not every transport tells each change.
  Transport::Readiness Look() { return Look(*transport); }

  void OnReadiness(Transport& of) override;
  void OnConnectFailed(Transport& of) override;

  Loop& loop;
  Cluster& cluster;
  Owner& owner;
  const std::shared_ptr<EndpointState> state;
  uint32_t weight = 1;
  std::string zone;
  std::unique_ptr<Transport> transport;
  Connection connection = Connection::kIdle;  // that the others know of
  // A hiccup keeps calls away for seconds, not for minutes.
  PeakEwma latency{std::chrono::seconds(1)};
  // Of good answers alone, and remembered for longer: what is usual.
  PeakEwma answers{std::chrono::seconds(30)};
  // Of its attempts; it is there as long as there are any.
  Silence silence;

 private:
  Transport::Readiness Look(const Transport& of);
  void Tell(Connection now, std::string_view why);
};

}  // namespace frontdesk::upstream
