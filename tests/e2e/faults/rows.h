// The rows, by what is wrong. Their ids are those of the project's list of faults. Rows of that
// list that are shown elsewhere: zero windows, wrong content types, statuses and messages of all
// kinds, sizes and truncated frames (11, 15-20) by tests/e2e/misbehaving_rows.cc and
// tests/unit/upstream; slow readers (33) and senders by tests/e2e/attacks/slow_test.cc; draining
// (39) by tests/e2e/drain_test.cc.
#pragma once

#include <vector>

#include "tests/e2e/faults/judge.h"

namespace frontdesk::faults {

// Upstreams whose calls nothing but the retry budget holds back.
inline constexpr char kBare[] = "breaker: {enabled: false}, outlier_detection: {enabled: false}";
inline constexpr char kNoBreaker[] =
    "methods: {frontdesk.faults.S1: {breaker: {enabled: false}}}\n";

inline Topology WithFourWorkers(Topology topology) {
  topology.workers = 4;
  return topology;
}

inline Topology OverGrpc(Topology topology) {
  topology.transport = "grpc";
  return topology;
}

std::vector<Row> SlowRows();        // back ends that answer late, or never
std::vector<Row> EndpointRows();    // one of two end points refuses or fails
std::vector<Row> SilentRows();      // ... says nothing
std::vector<Row> ConnectionRows();  // ... ends streams and connections, or limits them
std::vector<Row> DownRows();        // all of them fail
std::vector<Row> StormRows();       // what retries add to that
std::vector<Row> DiscoveryRows();   // end points move, name servers fail
std::vector<Row> ClientRows();      // clients that leave, wait and read slowly
std::vector<Row> OverloadRows();    // more comes than can be done

}  // namespace frontdesk::faults
