// Driving a transport without a channel: what owns it, where it goes, waiting until it has room.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/loop.h"
#include "gateway/upstream/endpoint.h"
#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

using Readiness = Transport::Readiness;

// Counts what it is told.
struct CountingOwner final : Transport::Owner {
  void OnReadiness(Transport&) override { ++told; }
  int told = 0;
};

inline EndpointTarget TargetOf(const std::string& address) {
  const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(address);
  EXPECT_TRUE(endpoint.ok()) << endpoint.status();
  EndpointTarget target;
  target.authority = address;
  target.host = endpoint->host;
  target.port = endpoint->port;
  return target;
}

// Until a call can start, or there is no connection to be had now.
inline Readiness WaitForRoom(Loop& loop, Transport& transport) {
  const auto decided = [&] {
    loop.Post([] {});  // what another thread does is no event of this loop
    if (transport.readiness() == Readiness::kIdle) transport.Connect();
    return transport.readiness() == Readiness::kReady ||
           transport.readiness() == Readiness::kFailing;
  };
  if (!decided()) loop.RunUntil(decided);
  return transport.readiness();
}

// What became of one call.
struct Record final : CallEvents {
  void OnHeaders(Metadata got) override { headers = std::move(got); }
  void OnMessage(std::string message) override { messages.push_back(std::move(message)); }
  void OnDone(absl::Status end, Metadata got) override {
    EXPECT_FALSE(done) << "OnDone() twice";
    done = true;
    status = std::move(end);
    trailers = std::move(got);
  }

  bool done = false;
  absl::Status status;
  Metadata headers;
  Metadata trailers;
  std::vector<std::string> messages;
};

}  // namespace frontdesk::upstream
